"""How long a process takes to start: until its first answer."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence

from tests.bench.load import Connection, request
from tests.bench.plan import Measurement, Scale, one
from tests.bench.report import Aim, MeasurementFailed, Row
from tests.bench.rounds import Cost, Pairs, cost_row, paired
from tests.bench.servers import EMULATOR, PYTHON, ROOT, free_port, surroundings

#: The longest that a server may take to start.
_PATIENCE = 30.0
_POLL = 0.001


_START = "process start to first answer"
_EMULATOR = [EMULATOR, "serve", "--port", "{port}"]


def measurements(scale: Scale) -> Iterator[Measurement]:
    yield one(_START, lambda: _start(scale.starts))


def _start(repeats: int) -> Row:
    bare = [PYTHON, "-m", "uvicorn", "tests.bench.hello:app", "--port", "{port}", "--log-level", "critical"]
    pairs = against(bare, "/v1/models", repeats)
    return cost_row(_START, "python -m uvicorn, bare Starlette", "ms", pairs, Aim("<=", 1.2))


def against(command: Sequence[str], path: str, repeats: int) -> Pairs:
    """Starts of the emulator and of another server by turns. The first two, which compile, do not count."""
    return paired(lambda: _started(_EMULATOR, "/v1/models"), lambda: _started(command, path), repeats)


def _started(command: Sequence[str], path: str) -> Cost:
    """Seconds until a server answers ``GET path`` with 200, asked again and again from the start of it, by the wall.

    ``{port}`` in the command is where it has to listen.
    """
    port = free_port()
    begin = time.perf_counter()
    process = subprocess.Popen(
        [part.replace("{port}", str(port)) for part in command],
        cwd=ROOT,
        env=surroundings(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _answers(port, path):
            if process.poll() is not None or time.perf_counter() - begin > _PATIENCE:
                raise MeasurementFailed(f"{' '.join(command)} does not answer")
            time.sleep(_POLL)
        return Cost(float("nan"), time.perf_counter() - begin)
    finally:
        process.terminate()
        process.wait()


def _answers(port: int, path: str) -> bool:
    try:
        connection = Connection(port)
    except OSError:
        return False
    try:
        connection.send(request("GET", path))
        connection.receive()
    finally:
        connection.close()
    return True
