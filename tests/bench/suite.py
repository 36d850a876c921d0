"""The project's own tests, ``make test``: how much of the time they keep the processors busy."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace

from tests.bench.plan import Measurement, Scale, one
from tests.bench.report import Aim, MeasurementFailed, Row
from tests.bench.rounds import Cost, cost_row, waited
from tests.bench.servers import PYTHON, ROOT, children_cpu, surroundings

_NAME = "make test"


def measurements(scale: Scale) -> Iterator[Measurement]:
    yield one(_NAME, lambda: _measure(scale.suite))


def _measure(tests: str) -> Row:
    """Once, because it takes minutes. A test that waits for something else than a processor makes it longer."""
    cores = os.cpu_count() or 1
    command = [PYTHON, "-m", "pytest", "-q", "-n", str(cores), "--dist", "worksteal", "-m", "not clients", tests]
    before = children_cpu()

    def run() -> None:
        done = subprocess.run(command, cwd=ROOT, env=surroundings(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise MeasurementFailed(f"the tests did not pass:\n{done.stdout[-2000:]}")

    wall = waited(run)
    busy = Cost(float("nan"), (children_cpu() - before) / cores)
    row = cost_row(_NAME, f"its processor time on {cores} cores, cost by cost", "ms", [(wall, busy)], Aim("<=", 1.3))
    return replace(row, note=f"{wall.wall / 60:.1f} minutes")
