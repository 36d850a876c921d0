"""What a suite pays for the pytest plugin: unused, at the session's start and end, and between two tests."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from emulator.testing.own_emulator import OwnEmulator
from tests.bench.load import drive, request
from tests.bench.plan import Measurement, Scale, one
from tests.bench.report import Aim, MeasurementFailed, Row
from tests.bench.rounds import Cost, Pairs, cost_row, paired, waited
from tests.bench.scenes import encoded, thread
from tests.bench.sdk import client
from tests.bench.servers import ROOT, children_cpu, surroundings

#: Tests of the suite that does not use the plugin.
_TESTS = 100
#: The entry point of the distribution.
_PLUGIN = "assistants_emulator.pytest_plugin"
#: So many more resets of a world with nothing but a thread.
_RESETS = 20


_UNUSED = f"the unused plugin, in a suite of {_TESTS} tests"
_SESSION = ("session fixture, start to first answer", "session fixture, stop")
_RESET = "per-test reset"
_GET = "one GET by the openai SDK"


def measurements(scale: Scale) -> Iterator[Measurement]:
    repeats, messages = scale.starts, scale.messages // 10
    yield one(_UNUSED, lambda: _unused(repeats * 2))
    yield Measurement(_SESSION, lambda: _session(repeats))
    yield one(_RESET, lambda: _reset(_RESET, repeats * _RESETS, 0))
    filled = f"per-test reset at {messages:,} messages"
    yield one(filled, lambda: _reset(filled, repeats, messages))


@contextmanager
def _running() -> Iterator[tuple[OwnEmulator, Callable[[], Cost]]]:
    """An emulator as the fixture has it, and what a test waits for a GET of the SDK: what all is compared with."""
    emulator = OwnEmulator()
    emulator.start()
    try:
        port = int(emulator.url.rpartition(":")[2])
        with warnings.catch_warnings(), client(port) as sdk:
            warnings.simplefilter("ignore", DeprecationWarning)

            def get() -> Cost:
                id = thread(port)
                return waited(lambda: sdk.beta.threads.retrieve(id))

            get()
            yield emulator, get
    finally:
        emulator.end()


def _row(name: str, pairs: Pairs, aim: float) -> Row:
    return cost_row(name, f"{_GET}, cost by cost", "ms", pairs, Aim("<=", aim))


def _session(repeats: int) -> Iterator[Row]:
    """As the fixture does it; the first time imports."""
    with _running() as (_, get):
        beside = [(_started_and_stopped(), get()) for _ in range(repeats + 1)][1:]
    for number, (name, aim) in enumerate(zip(_SESSION, (4, 1), strict=True)):
        yield _row(name, [(costs[number], other) for costs, other in beside], aim)


def _started_and_stopped() -> tuple[Cost, Cost]:
    emulator = OwnEmulator()

    def start() -> None:
        emulator.start()
        emulator.state()

    return waited(start), waited(emulator.end)


def _reset(name: str, repeats: int, messages: int) -> Row:
    """A reset, as the fixture does it. Each of a world that is filled anew."""
    with _running() as (emulator, get):
        port = int(emulator.url.rpartition(":")[2])

        def filled_and_reset() -> Cost:
            path = f"/v1/threads/{thread(port)}/messages"
            bodies = (encoded({"role": "user", "content": f"Message number {n:06}."}) for n in range(messages))
            drive(port, [request("POST", path, body) for body in bodies])
            return waited(emulator.reset)

        return _row(name, paired(filled_and_reset, get, repeats), 0.15)


def _unused(repeats: int) -> Row:
    """Processor time of a suite with the plugin, which it does not use, and with an empty one in its place.

    ``-p`` lets pytest read the entry points of all installed packages, as it does at its start without
    ``PYTEST_DISABLE_PLUGIN_AUTOLOAD``, so both sides have it.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_app.py").write_text("\n".join(f"def test_{n}(): pass" for n in range(_TESTS)))
        Path(folder, "empty_plugin.py").write_text("")
        pairs = paired(lambda: _suite(folder, _PLUGIN), lambda: _suite(folder, "empty_plugin"), repeats)
    return cost_row(_UNUSED, "an empty plugin in its place, cost by cost", "ms of CPU", pairs, Aim("<=", 1.02))


def _suite(folder: str, plugin: str) -> Cost:
    """Processor time of pytest on that suite, with that plugin and no other."""
    before = children_cpu()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", plugin],
        cwd=folder,
        env=surroundings(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=False,
    )
    taken = children_cpu() - before
    if f"{_TESTS} passed" not in done.stdout:
        raise MeasurementFailed(f"the suite did not pass:\n{done.stdout}{done.stderr}")
    return Cost(taken, taken)
