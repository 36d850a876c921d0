"""schemathesis against a running emulator: every operation of the OpenAPI document, with what fits it and what not."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.fuzz.install import SCHEMATHESIS, program

#: What of an answer is checked besides what is left out here.
_NOT_CHECKED: Final = {
    "ignored_auth": "any key is as good as another, and has a world of its own",
    "positive_data_acceptance": "a body may fit its schema and name something that is not there or not in the state",
}
#: Seconds for one answer.
_PATIENCE: Final = 10


@dataclass(frozen=True)
class Outcome:
    """What schemathesis has found: requests sent, operations asked, and failures by kind with the operations."""

    requests: int
    operations: int
    failures: list[str]
    output: str


def ask(
    document: str, folder: Path, *, phases: str, examples: int, seconds: int | None = None, more: tuple[str, ...] = ()
) -> Outcome:
    """Sends requests that are the same each time, or, if it has ``seconds``, others until they are over."""
    report = folder / "report.json"
    how = ["--generation-deterministic"] if seconds is None else [f"--max-time={seconds}", "--seed=1"]
    command = [
        str(program(SCHEMATHESIS)), "run", document, *how, *more,
        "--header=Authorization: Bearer sk-contract",
        f"--phases={phases}", f"--max-examples={examples}", "--no-shrink", "--continue-on-failure",
        f"--exclude-checks={','.join(_NOT_CHECKED)}", f"--request-timeout={_PATIENCE}",
        "--exclude-path-regex=^/_emulator",  # a reset would remove what other requests use
        "--report=json", f"--report-json-path={report}", "--no-color",
    ]  # fmt: skip
    ended = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if not report.exists():
        raise RuntimeError(f"schemathesis did not run:\n{ended.stdout}")
    said: dict[str, Any] = json.loads(report.read_text())
    failures = [f"{one['title']}: {', '.join(map(str, one['operations']))}" for one in said["failures"]]
    failures += [f"{one}" for one in said["errors"]]
    return Outcome(said["test_cases"]["generated"], said["operations"]["tested"], failures, ended.stdout)
