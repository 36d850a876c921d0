"""Times that a user waits for: a process to start, the SDK to have its run."""

from __future__ import annotations

import subprocess
import time
import warnings
from collections.abc import Iterator, Sequence

from tests.bench.load import Connection, request
from tests.bench.plan import Measurement, Scale, one
from tests.bench.report import Aim, MeasurementFailed, Row, Spread
from tests.bench.servers import EMULATOR, PYTHON, ROOT, emulator, free_port

#: The longest that a server may take to start.
_PATIENCE = 30.0
_POLL = 0.001


_START = "process start to first answer"
_CREATE_AND_POLL = "create_and_poll by the openai SDK"


def measurements(scale: Scale) -> Iterator[Measurement]:
    yield one(_START, lambda: _start(scale.starts))
    yield one(_CREATE_AND_POLL, lambda: _create_and_poll(scale.runs))


# ---- Process start to first answer ----


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


# ---- The SDK ----


def _create_and_poll(repeats: int) -> Row:
    from openai import OpenAI

    times: list[float] = []
    with warnings.catch_warnings(), emulator() as server:
        warnings.simplefilter("ignore", DeprecationWarning)
        with OpenAI(base_url=f"http://127.0.0.1:{server.port}/v1", api_key="sk-bench") as client:
            threads = client.beta.threads
            assistant = client.beta.assistants.create(model="gpt-4o")
            for _ in range(repeats + 1):
                thread = threads.create(messages=[{"role": "user", "content": "Hello"}])
                begin = time.perf_counter()
                run = threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
                times.append(time.perf_counter() - begin)
                if run.status != "completed":
                    raise MeasurementFailed(f"the run is {run.status}")
    taken = Spread.of([one * 1e3 for one in times[1:]])
    return Row(_CREATE_AND_POLL, "(1,000 ms without the header)", "ms", taken.median)
