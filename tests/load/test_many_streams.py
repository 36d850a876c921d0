"""Hundreds of open streams, connections that come and go, a hundred worlds: everybody gets what is theirs."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator

import pytest

from emulator import Emulator
from tests.conftest import Emulate
from tests.load.wire import Answer, Event, Wire, port_of

STREAMS = 500
#: More than one scene has elsewhere; the bench has a thousand.
WORLDS = 100
GATED = {
    "turns": [
        {
            "when": {"message": "wait"},
            "steps": [{"say": "Let me see."}, {"hold": "approval"}, {"say": "one two three four five six seven eight"}],
        },
        {"steps": [{"say": "At once."}]},
    ]
}


@pytest.fixture
def many_files() -> Iterator[None]:
    """Both ends of every connection are in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * STREAMS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            pytest.skip(f"this system allows {hard} open files; {wanted} are needed")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _assistant(wire: Wire) -> str:
    id: str = (await wire.ask("POST", "/v1/assistants", {"model": "gpt-4o"})).json["id"]
    return id


async def _open_stream(port: int, assistant: str, text: str) -> tuple[Wire, Answer]:
    """A run on a new thread, as a stream of which the head has come."""
    wire = await Wire.open(port)
    thread = {"messages": [{"role": "user", "content": text}]}
    await wire.send("POST", "/v1/threads/runs", {"assistant_id": assistant, "thread": thread, "stream": True})
    return wire, await wire.head()


async def _rest(wire: Wire, head: Answer) -> list[Event]:
    events = [event async for event in wire.frames(head)]
    await wire.close()
    return events


def _text(events: list[Event]) -> str:
    deltas = [event.data["delta"] for event in events if event.name == "thread.message.delta"]
    return "".join(delta["content"][0]["text"]["value"] for delta in deltas)


@pytest.mark.usefixtures("many_files")
def test_500_held_streams_all_get_all_events_in_order_and_nobody_else_waits(emulate: Emulate) -> None:
    emulator = emulate(GATED)
    port = port_of(emulator.url)

    async def scene() -> tuple[list[list[Event]], list[Event], list[str]]:
        wire = await Wire.open(port)
        assistant = await _assistant(wire)
        streams = [await _open_stream(port, assistant, "wait") for _ in range(STREAMS)]
        held = (await wire.ask("GET", "/_emulator/state")).json["active_runs"]
        other = await _rest(*await _open_stream(port, assistant, "go"))  # its reader waits for none of them
        await wire.ask("POST", "/_emulator/holds/approval/release")
        await wire.close()
        return await asyncio.gather(*(_rest(*stream) for stream in streams)), other, [run["held"] for run in held]

    streams, other, held = asyncio.run(scene())

    assert held == ["approval"] * STREAMS
    assert (other[-1], _text(other)) == (Event("done", "[DONE]"), "At once.")
    names = [[event.name for event in events] for events in streams]
    assert names == [names[0]] * STREAMS
    assert names[0][-2:] == ["thread.run.completed", "done"]
    assert {_text(events) for events in streams} == {"Let me see.one two three four five six seven eight"}
    assert len({events[0].data["id"] for events in streams}) == STREAMS
    emulator.check()


def test_connections_that_come_and_go_or_stay_are_all_answered_and_none_is_left(emulate: Emulate) -> None:
    emulator = emulate()

    async def scene() -> list[int]:
        port = port_of(emulator.url)

        async def churn(number: int) -> list[int]:
            statuses = []
            for turn in range(10):
                wire = await Wire.open(port)
                for _ in range(turn % 3 + 1):  # some connections are used once, some again
                    statuses.append((await wire.ask("GET", "/v1/models")).status)
                if (number + turn) % 4 == 0:
                    wire.reset()
                elif turn % 2:
                    await wire.close()
                else:
                    await wire.send("GET", "/v1/models", headers={"Connection": "close"})
                    statuses.append((await wire.answer()).status)
                    assert await wire.reader.read() == b""  # the server has closed it
                    await wire.close()
            return statuses

        return [status for statuses in await asyncio.gather(*(churn(n) for n in range(40))) for status in statuses]

    statuses = asyncio.run(scene())

    assert set(statuses) == {200}
    assert emulator.state()["asked"] == {"list_models": len(statuses)}
    _expect_connections(emulator, 0)


def _expect_connections(emulator: Emulator, wanted: int) -> None:
    """Looks until the server has noticed who left; the look itself is a connection too."""
    assert emulator._server is not None
    connections = emulator._server.server_state.connections
    for _ in range(1000):
        emulator.state()
        if len(connections) <= wanted + 1:
            return
    assert len(connections) <= wanted + 1


def test_a_hundred_worlds_at_once_stay_apart(emulate: Emulate) -> None:
    emulator = emulate({"turns": [{"steps": [{"say": "You said: {{ message }}"}]}]}, worlds="key")
    keys = [f"sk-{number}" for number in range(WORLDS)]

    async def live(wire: Wire, key: str) -> tuple[str, str, int]:
        """One world: who is in it, what it says, how many assistants it has."""
        wire.key = key
        assistant = await _assistant(wire)
        thread = {"messages": [{"role": "user", "content": f"I am {key}"}]}
        run = {"assistant_id": assistant, "thread": thread, "stream": True}
        events = (await wire.ask("POST", "/v1/threads/runs", run)).events
        return assistant, _text(events), len((await wire.ask("GET", "/v1/assistants")).json["data"])

    async def scene() -> list[tuple[str, str, int]]:
        port = port_of(emulator.url)

        async def some(keys: list[str]) -> list[tuple[str, str, int]]:
            wire = await Wire.open(port)
            found = [await live(wire, key) for key in keys]
            await wire.close()
            return found

        parts = await asyncio.gather(*(some(keys[start::50]) for start in range(50)))
        return [part[n] for n in range(WORLDS // 50) for part in parts]  # the keys' order again

    found = asyncio.run(scene())

    assert [text for _, text, _ in found] == [f"You said: I am {key}" for key in keys]
    assert {(assistant, many) for assistant, _, many in found} == {(found[0][0], 1)}  # the same ids in every world
    assert len(emulator._worlds.all()) == WORLDS + 1
