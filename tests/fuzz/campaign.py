"""Runs the targets one after another, each for some seconds, and reports: inputs tried, coverage, findings.

Everything is in ``.cache/fuzz``: a corpus for each target that grows from campaign to campaign, and what was found.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.fuzz.install import ATHERIS
from tests.fuzz.seeds import ROOT, seeds
from tests.sdk.install import python_of

CACHE: Final = ROOT / ".cache" / "fuzz"
#: Bounds of one input: seconds, megabytes of the whole process, bytes.
TIMEOUT, MEMORY, LENGTH = 20, 1500, 16_384
#: A worker that a finding has ended is started again, so often at most.
_RESTARTS: Final = 10

_STATUS: Final = re.compile(r"^#\d+\s+\w+ +cov: (\d+) ft: (\d+) corp: (\d+)/", re.MULTILINE)
_COUNTS: Final = {
    "inputs": re.compile(r"^stat::number_of_executed_units: (\d+)", re.MULTILINE),
    "peak_mb": re.compile(r"^stat::peak_rss_mb: +(\d+)", re.MULTILINE),
}
_TRIED: Final = re.compile(r"^#(\d+)\s", re.MULTILINE)


@dataclass(slots=True)
class Report:
    """What came of a target. ``edges`` and ``features``: libFuzzer's measures of coverage, at the end."""

    target: str
    seconds: float = 0
    inputs: int = 0
    edges: int = 0
    features: int = 0
    corpus: int = 0
    peak_mb: int = 0
    findings: list[str] = field(default_factory=list)

    def add(self, printed: str) -> None:
        """What one worker has printed."""
        for edges, features, corpus in _STATUS.findall(printed)[-1:]:
            self.edges, self.features, self.corpus = int(edges), int(features), int(corpus)
        counted = {name: found[1] for name, form in _COUNTS.items() if (found := form.search(printed))}
        self.inputs += int(counted.get("inputs") or max([0, *map(int, _TRIED.findall(printed))]))
        self.peak_mb = max(self.peak_mb, int(counted.get("peak_mb", 0)))


def fuzz(target: str, seconds: int, *, cache: Path = CACHE) -> Report:
    """One target, for that long; ended early if it fails again and again."""
    seeded, corpus, folder = cache / "seeds" / target, cache / "corpus" / target, cache / "findings" / target
    for directory in (seeded, folder):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
    corpus.mkdir(parents=True, exist_ok=True)
    for one in seeds(target):
        (seeded / hashlib.sha256(one).hexdigest()[:16]).write_bytes(one)
    report, begun = Report(target), time.monotonic()
    for attempt in range(_RESTARTS):
        left = int(begun + seconds - time.monotonic())
        if left <= 0 and attempt:
            break
        command = worker(target, folder, [corpus, seeded], max(left, 1), seed=attempt + 1)
        ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        printed = ended.stdout.decode("utf-8", "replace")
        report.add(printed)
        (folder / f"worker-{attempt}.log").write_text(printed)
        if ended.returncode == 0:
            break
        if not any(folder.glob(_HARD)):
            raise RuntimeError(f"the worker for {target} did not run:\n{printed[-4000:]}")
    report.seconds = round(time.monotonic() - begun, 1)
    report.findings = list(_findings(folder))
    return report


#: What libFuzzer writes when an input has ended the process: ``hard-timeout-…``, ``hard-oom-…``, ``hard-crash-…``.
_HARD: Final = "hard-*"


def worker(target: str, folder: Path, corpora: list[Path], seconds: int, seed: int) -> list[str]:
    """The command of a process that fuzzes one target."""
    return [
        str(python_of(ATHERIS)), "-m", "tests.fuzz.worker", target, str(folder), *map(str, corpora),
        f"-max_total_time={seconds}", f"-timeout={TIMEOUT}", f"-rss_limit_mb={MEMORY}", f"-max_len={LENGTH}",
        f"-seed={seed}", f"-artifact_prefix={folder}/hard-", "-print_final_stats=1",
    ]  # fmt: skip


def _findings(folder: Path) -> Iterator[str]:
    """Each in a line: what it was, and the file with its input."""
    for path in sorted(folder.glob("*.txt")):
        yield f"{path.read_text(encoding='utf-8').partition(chr(10))[0]} ({path.with_suffix('')})"
    for path in sorted(folder.glob(_HARD)):
        yield f"{path.name.split('-')[1]} ({path})"
