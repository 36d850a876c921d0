"""Runs every test file in a process of its own: ``python -m tests.alone [--jobs N] [file or directory …]``.

In one long run a file can live on what others imported or started before it. Here nothing came before it. Exits with 1
when a file fails, and prints the output of each that did.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import ROOT

#: Projects of their own, which other tests run as such: tests/test_examples.py, tests/frameworks.
PROJECTS = frozenset({ROOT / "tests" / "examples", ROOT / "tests" / "frameworks" / "async_app"})
COMMAND = [sys.executable, "-m", "pytest", "-q", "-m", "not clients", "-p", "no:cacheprovider"]
#: A file whose tests all need clients runs none of them here.
GOOD = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


class Outcome(NamedTuple):
    """How pytest ended for one file. ``summary`` is its last line, without the time, which is in ``seconds``."""

    file: str
    passed: bool
    seconds: float
    summary: str
    output: str

    def __str__(self) -> str:
        return f"{'ok    ' if self.passed else 'FAILED'} {self.seconds:5.1f} s  {self.file}: {self.summary}"


def files_of(paths: Iterable[Path]) -> list[Path]:
    """The test files at and below these paths, the largest first, so that no long one is left for the end."""
    found = {file for path in paths for file in ([path] if path.is_file() else path.rglob("test_*.py"))}
    return sorted(
        (file for file in found if PROJECTS.isdisjoint(file.parents)), key=lambda file: (-file.stat().st_size, file)
    )


def run_alone(file: Path) -> Outcome:
    """Runs pytest on one file, and on nothing else."""
    begin = time.monotonic()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [*COMMAND, str(file)], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    last = done.stdout.strip().rpartition("\n")[2]
    return Outcome(
        file.relative_to(ROOT).as_posix() if ROOT in file.parents else str(file),
        done.returncode in GOOD,
        time.monotonic() - begin,
        re.sub(r" in [0-9.]+s.*", "", last) or f"exit code {done.returncode}",
        done.stdout,
    )


def run_all(files: Sequence[Path], jobs: int) -> Iterator[Outcome]:
    """The outcome of each file as it ends; ``jobs`` files run at the same time."""
    with ThreadPoolExecutor(jobs) as pool:
        for ended in as_completed([pool.submit(run_alone, file) for file in files]):
            yield ended.result()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m tests.alone", description="Run every test file in its own process.")
    parser.add_argument("paths", nargs="*", type=Path, help="test files or directories of them (default: tests)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2, help="files at a time (default: one a core)")
    chosen = parser.parse_args(arguments)

    begin = time.monotonic()
    files = files_of([path.resolve() for path in chosen.paths] or [ROOT / "tests"])
    failed = []
    for outcome in run_all(files, chosen.jobs):
        print(outcome, flush=True)
        if not outcome.passed:
            failed.append(outcome)
    for outcome in failed:
        print(f"\n=== {outcome.file}, run alone ===\n{outcome.output}")
    print(f"{len(files)} files alone, {len(failed)} failed, in {time.monotonic() - begin:.0f} s")
    return 1 if failed or not files else 0


if __name__ == "__main__":
    sys.exit(main())
