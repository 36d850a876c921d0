"""How long a process takes to start: until its first answer."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence

from tests.bench.load import Connection, request
from tests.bench.plan import Measurement, Scale, one
from tests.bench.report import Aim, MeasurementFailed, Row, Spread
from tests.bench.servers import EMULATOR, PYTHON, ROOT, free_port

#: The longest that a server may take to start.
_PATIENCE = 30.0
_POLL = 0.001


_START = "process start to first answer"


def measurements(scale: Scale) -> Iterator[Measurement]:
    yield one(_START, lambda: _start(scale.starts))


def _start(repeats: int) -> Row:
    commands = (
        [EMULATOR, "serve", "--port", "{port}"],
        [PYTHON, "-m", "uvicorn", "tests.bench.hello:app", "--port", "{port}", "--log-level", "critical"],
    )
    for command in commands:  # the first start compiles
        started(command)
    times: list[tuple[float, float]] = []
    for number in range(repeats):
        order = commands if number % 2 else commands[::-1]
        taken = {command[1]: started(command) for command in order}
        times.append((taken["serve"], taken["-m"]))
    return Row(
        _START,
        "python -m uvicorn, bare Starlette",
        "ms",
        Spread.of([a * 1e3 for a, _ in times]).median,
        Spread.of([b * 1e3 for _, b in times]).median,
        Spread.of([a / b for a, b in times]),
        None,
        Aim("<=", 1.2),
    )


def started(command: Sequence[str]) -> float:
    """Seconds until a server answers ``GET /v1/models`` with 200, asked again and again from the start of it."""
    port = free_port()
    begin = time.perf_counter()
    process = subprocess.Popen(
        [part.replace("{port}", str(port)) for part in command],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _answers(port):
            if process.poll() is not None or time.perf_counter() - begin > _PATIENCE:
                raise MeasurementFailed(f"{' '.join(command)} does not answer")
            time.sleep(_POLL)
        return time.perf_counter() - begin
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    try:
        connection = Connection(port)
    except OSError:
        return False
    try:
        connection.send(request("GET", "/v1/models"))
        connection.receive()
    finally:
        connection.close()
    return True
