"""A server that stops, or forgets a world, while many are in the middle of something: whole answers, and soon."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest

from emulator import Control, Emulator
from tests.cli.test_serve import Serve, serve
from tests.conftest import Emulate
from tests.load import inside
from tests.load.clients import CROWD, SCENARIO, Crowd, write_much
from tests.load.wire import Wire, port_of

__all__ = ["serve"]

#: Seconds; it takes under one, and a machine under load may be slow to run it at all.
SOON = 5.0
#: How each kind may end when the server stops: a run that is not over ends with its stream.
STOPPED = {
    "holding": {"cut"},
    "polling": {"closed"},
    "uploading": {"closed"},
    "beginning": {"closed"},
    "idle": {"closed"},
    "large": {"whole"},
    "stream": {"whole"},
}


def _endings(port: int, stop: Callable[[], object]) -> tuple[dict[str, set[str]], float]:
    """How everybody's business ended, and how many seconds the stop took."""

    async def scene() -> tuple[Counter[tuple[str, str]], float]:
        crowd = Crowd(port)
        await crowd.gather()
        begun = time.monotonic()
        await asyncio.to_thread(stop)
        took = time.monotonic() - begun
        await crowd.disperse()
        return crowd.endings, took

    endings, took = asyncio.run(scene())
    assert Counter(CROWD) == Counter(kind for kind, _ in endings.elements())
    return {kind: {end for one, end in endings if one == kind} for kind in CROWD}, took


def test_stop_delivers_whole_what_was_finished_and_closes_the_rest(emulate: Emulate) -> None:
    emulator = emulate(SCENARIO)

    endings, took = _endings(port_of(emulator.url), emulator.stop)

    assert endings == STOPPED
    assert took < SOON


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_does_the_same_and_the_exit_code_is_0(serve: Serve, sign: signal.Signals) -> None:
    served = serve("--worlds", "one")
    Control(served.url, "sk-load").load(SCENARIO)

    endings, took = _endings(port_of(served.url), lambda: served.stop(sign))

    assert endings == STOPPED
    assert took < SOON
    assert served.process.returncode == 0


def test_a_client_that_never_reads_does_not_keep_the_server_from_stopping(emulate: Emulate) -> None:
    emulator = emulate(SCENARIO)
    inside.narrow(emulator, 4096)

    async def scene() -> float:
        await write_much(port_of(emulator.url))
        wire = await Wire.open(port_of(emulator.url), window=4096)
        await wire.send("GET", "/v1/threads/thread_large/messages?limit=40")
        await wire.head()
        begun = time.monotonic()
        await asyncio.to_thread(emulator.stop)
        took = time.monotonic() - begun
        wire.reset()
        return took

    assert asyncio.run(scene()) < SOON


def test_a_reset_cuts_the_runs_of_its_world_and_nothing_else(emulate: Emulate) -> None:
    emulator = emulate(SCENARIO)

    async def scene() -> Counter[tuple[str, str]]:
        port = port_of(emulator.url)
        crowd = Crowd(port)
        await crowd.gather()
        await asyncio.to_thread(emulator.reset)
        await _until_only_waiting_are_left(emulator, CROWD["uploading"] + CROWD["beginning"] + CROWD["idle"])
        await asyncio.to_thread(emulator.stop)  # for those who would wait on
        await crowd.disperse()
        return crowd.endings

    endings = asyncio.run(scene())

    ended = {kind: {end for one, end in endings if one == kind} for kind in CROWD}
    # the run that was looked at is unknown in the new world, which a whole answer says
    assert ended == {**STOPPED, "polling": {"whole"}}


async def _until_only_waiting_are_left(emulator: Emulator, many: int) -> None:
    """A reset closes no connection but those of the streams that it cuts."""
    at_most = many + 1  # the look is one too
    await asyncio.to_thread(
        inside.expect, emulator, lambda server: many <= len(server.server_state.connections) <= at_most
    )
