"""``python -m tests.fuzz``: campaigns by atheris, raw requests, an oracle and schemathesis. ``make fuzz``."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

from emulator import Emulator
from tests.fuzz import contract, oracle, over_tcp
from tests.fuzz.campaign import CACHE, Report, fuzz
from tests.fuzz.install import ATHERIS, NO_ATHERIS, SCHEMATHESIS, install
from tests.fuzz.talking import WORLD
from tests.fuzz.targets import TARGETS

#: Not a target of atheris: schemathesis against the API over a socket.
CONTRACT: Final = "contract"
_EXAMPLES: Final = 50


def ask(seconds: int) -> Report:
    """schemathesis, for that long at least: every operation has its turn."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Emulator(WORLD) as emulator:
        document = f"{emulator.url}/_emulator/openapi.json"
        phases = "coverage,fuzzing,stateful"
        outcome = contract.ask(document, Path(folder), phases=phases, examples=_EXAMPLES, seconds=seconds)
        failures = [str(problem) for problem in emulator.problems() if problem.kind == "internal"]
    if outcome.failures:
        print(outcome.output)
    took = round(time.monotonic() - begun, 1)
    return Report(CONTRACT, took, outcome.requests, findings=[*outcome.failures, *failures])


#: Campaigns that atheris does not guide.
UNGUIDED: Final[dict[str, Callable[[int], Report]]] = {
    "raw": over_tcp.campaign,
    "oracle": oracle.campaign,
    CONTRACT: ask,
}


def show(report: Report) -> None:
    covered = (
        f"{report.edges:>6} {report.features:>8} {report.corpus:>6} {report.peak_mb:>5} MB" if report.edges else ""
    )
    found = f"{len(report.findings)} findings" if report.findings else "nothing found"
    print(f"{report.target:<15} {report.seconds:>7.1f} s {report.inputs:>9} {covered:<31} {found}", flush=True)
    for finding in report.findings:
        print(f"    {finding}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzz everything that reads.")
    known = [*TARGETS, *UNGUIDED]
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"{' '.join(known)}; all of them")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--out", type=Path, default=CACHE / "report.json", help="the report as JSON")
    options = parser.parse_args()
    targets = options.targets or known
    if unknown := sorted({*targets} - {*known}):
        parser.error(f"no target {', '.join(unknown)}; the targets are: {' '.join(known)}")
    if CONTRACT in targets and not install(SCHEMATHESIS):
        parser.error("schemathesis could not be installed")
    if {*targets} & {*TARGETS} and not install(ATHERIS):
        parser.error(NO_ATHERIS)
    print(f"{'target':<15} {'time':>9} {'inputs':>9} {'edges':>6} {'features':>8} {'corpus':>6} {'memory':>8}")
    reports = []
    for target in targets:
        guided = target in TARGETS
        reports.append(fuzz(target, options.seconds) if guided else UNGUIDED[target](options.seconds))
        show(reports[-1])
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps([asdict(report) for report in reports], indent=2) + "\n")
    return 1 if any(report.findings for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
