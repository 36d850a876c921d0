"""What a suite pays for the pytest plugin: unused, at the session's start and end, and between two tests."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from emulator.testing.own_emulator import OwnEmulator
from tests.bench.load import drive, request
from tests.bench.plan import Measurement, Scale, one
from tests.bench.report import MeasurementFailed, Row
from tests.bench.rounds import limited_row
from tests.bench.scenes import encoded, thread
from tests.bench.servers import ROOT, surroundings

#: Tests of the suite that does not use the plugin.
_TESTS = 100
#: So many more resets of a world with nothing but a thread.
_RESETS = 20


_UNUSED = f"the unused plugin, in a suite of {_TESTS} tests"
_SESSION = ("session fixture, start to first answer", "session fixture, stop")
_RESET = "per-test reset"


def measurements(scale: Scale) -> Iterator[Measurement]:
    """Each time stands against the milliseconds that it may take."""
    repeats, messages = scale.starts, scale.messages // 10
    yield one(_UNUSED, lambda: limited_row(_UNUSED, 10, _unused(repeats)))
    yield Measurement(_SESSION, lambda: _session(repeats))
    yield one(_RESET, lambda: limited_row(_RESET, 0.1, _resets(repeats * _RESETS, 0)))
    filled = f"per-test reset at {messages:,} messages"
    yield one(filled, lambda: limited_row(filled, 0.1, _resets(repeats, messages)))


def _session(repeats: int) -> Iterator[Row]:
    starts, stops = zip(*[_started_and_stopped() for _ in range(repeats + 1)], strict=True)
    for name, taken in zip(_SESSION, (starts, stops), strict=True):
        yield limited_row(name, 10, taken[1:])


def _started_and_stopped() -> tuple[float, float]:
    """As the fixture does it; the first time imports."""
    begin = time.perf_counter()
    emulator = OwnEmulator()
    emulator.start()
    emulator.state()
    started = time.perf_counter()
    emulator.end()
    return started - begin, time.perf_counter() - started


def _resets(repeats: int, messages: int) -> list[float]:
    """Seconds for a reset, as the fixture does it: over the socket. Each of a world that is filled anew."""
    times = []
    emulator = OwnEmulator()
    emulator.start()
    try:
        port = int(emulator.url.rpartition(":")[2])
        for _ in range(repeats + 1):
            path = f"/v1/threads/{thread(port)}/messages"
            bodies = (encoded({"role": "user", "content": f"Message number {n:06}."}) for n in range(messages))
            drive(port, [request("POST", path, body) for body in bodies])
            begin = time.perf_counter()
            emulator.reset()
            times.append(time.perf_counter() - begin)
    finally:
        emulator.end()
    return times[1:]


def _unused(repeats: int) -> list[float]:
    """Seconds of processor time that the plugin adds to a suite, by turns."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_app.py").write_text("\n".join(f"def test_{n}(): pass" for n in range(_TESTS)))
        more = []
        for number in range(repeats + 1):
            taken = {used: _suite(folder, used=used) for used in (bool(number % 2), not number % 2)}
            more.append(taken[True] - taken[False])
        return more[1:]


def _suite(folder: str, *, used: bool) -> float:
    """Processor time of pytest on that suite, with the plugin or without."""
    plugin = ["-p", "emulator.pytest_plugin"] if used else []
    before = _of_children()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin],
        cwd=folder,
        env=surroundings(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
    )
    taken = _of_children() - before
    if f"{_TESTS} passed" not in done.stdout:
        raise MeasurementFailed(f"the suite did not pass:\n{done.stdout}{done.stderr}")
    return taken


def _of_children() -> float:
    """Seconds of processor time that ended children have used; by the wall where the system does not tell."""
    try:
        import resource
    except ImportError:
        return time.perf_counter()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
