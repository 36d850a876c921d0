"""Clients that read slowly, or never: they slow nobody down, and what waits for them in memory is bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from emulator import Emulator
from emulator.server.server import Server
from tests.conftest import Emulate
from tests.load import inside
from tests.load.wire import Wire, form_bytes, port_of, request_bytes

#: Text that is streamed in thousands of pieces.
WORDS = " ".join(["word"] * 2_000)
SCENARIO = {"turns": [{"when": {"message": "much"}, "steps": [{"say": WORDS}]}, {"steps": [{"say": "Little."}]}]}
#: Where uvicorn stops to write, and the largest piece that is written at once (of a download).
BOUND = 64 * 1024 + 256 * 1024
SLOW = 8
#: Bytes that the kernel takes for a slow client; it doubles them.
WINDOW = 4096


async def _stream_of(port: int, text: str, window: int | None = None) -> Wire:
    wire = await Wire.open(port, window=window)
    thread = {"messages": [{"role": "user", "content": text}]}
    await wire.send("POST", "/v1/threads/runs", {"assistant_id": "asst_1", "thread": thread, "stream": True})
    return wire


def test_streams_that_nobody_reads_keep_no_memory_and_slow_nobody_down(emulate: Emulate) -> None:
    emulator = emulate({**SCENARIO, "given": {"assistants": [{"id": "asst_1", "model": "gpt-4o"}]}})
    inside.narrow(emulator, WINDOW)
    port = port_of(emulator.url)

    async def scene(look: Callable[[], list[int]]) -> tuple[list[int], str, list[str]]:
        lazy = [await _stream_of(port, "much", WINDOW) for _ in range(SLOW)]
        waiting = await asyncio.to_thread(look)
        quick = await _stream_of(port, "little")
        events = (await quick.answer()).events
        await quick.close()
        return waiting, events[-1].name, [await _read_late(wire) for wire in lazy]

    def look() -> list[int]:
        seen: list[int] = []

        def are_stuck(server: Server) -> bool:
            seen[:] = inside.unwritten(server)[-SLOW:]
            return inside.stuck(server) == SLOW and seen[0] > 0

        inside.expect(emulator, are_stuck)
        return seen

    waiting, quick, late = asyncio.run(scene(look))

    assert len(waiting) == SLOW
    assert 0 < waiting[0] <= waiting[-1] <= BOUND
    assert (quick, late) == ("done", ["done"] * SLOW)
    emulator.check()


async def _read_late(wire: Wire) -> str:
    """The last event of a stream that was not read for a while."""
    wire.widen(1 << 20)
    events = (await wire.answer()).events
    await wire.close()
    return events[-1].name


def test_one_byte_at_a_time_is_the_same_answer(emulate: Emulate) -> None:
    emulator = emulate({**SCENARIO, "given": {"assistants": [{"id": "asst_1", "model": "gpt-4o"}]}})
    port = port_of(emulator.url)

    async def scene() -> tuple[bytes, bytes]:
        wire = await _stream_of(port, "little", WINDOW)
        head = await wire.head()
        slowly = b""
        while not slowly.endswith(b"0\r\n\r\n"):
            slowly += await wire.reader.readexactly(1)
        await wire.close()
        emulator.reset()
        wire = await _stream_of(port, "little")
        assert (await wire.head()).status == head.status == 200
        at_once = b"".join([piece async for piece in wire.pieces(head)])
        await wire.close()
        return slowly, at_once

    slowly, at_once = asyncio.run(scene())

    joined, rest = b"", slowly
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        joined, rest = joined + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    assert joined == at_once


@pytest.mark.parametrize("what", ["pages", "files"])
def test_answers_that_nobody_reads_wait_outside_memory(emulate: Emulate, what: str) -> None:
    """One connection asks for hundreds of large answers at once, and reads none of them."""
    emulator = emulate()
    inside.narrow(emulator, WINDOW)
    port = port_of(emulator.url)

    async def scene(look: Callable[[], list[int]]) -> tuple[list[int], list[int]]:
        wire = await Wire.open(port, window=WINDOW)
        path = await (_make_page(wire) if what == "pages" else _make_file(wire))
        times = 30 if what == "pages" else 4
        writing = asyncio.ensure_future(wire.send_bytes(request_bytes("GET", path, wire.key) * times))
        waiting = await asyncio.to_thread(look)
        sizes = [len((await wire.answer()).body) for _ in range(times)]
        await writing
        await wire.close()
        return waiting, sizes

    def look() -> list[int]:
        inside.expect(emulator, lambda server: inside.stuck(server) == 1)
        return inside.ask(emulator, inside.unwritten)

    waiting, sizes = asyncio.run(scene(look))

    assert waiting[-1] <= BOUND + sizes[0] * (what == "pages")
    assert set(sizes) == {sizes[0]}
    assert sizes[0] > 100_000


async def _make_page(wire: Wire) -> str:
    """The path of a page of 120 kB."""
    thread = (await wire.ask("POST", "/v1/threads", {})).json["id"]
    for _ in range(4):
        await wire.ask("POST", f"/v1/threads/{thread}/messages", {"role": "user", "content": "x" * 30_000})
    return f"/v1/threads/{thread}/messages"


async def _make_file(wire: Wire) -> str:
    """The path of a download of 8 MiB."""
    body, headers = form_bytes({"purpose": "user_data"}, "file", "large.bin", bytes(8 << 20))
    file = (await wire.ask("POST", "/v1/files", body, headers)).json["id"]
    return f"/v1/files/{file}/content"


def test_an_upload_that_trickles_in_holds_up_nobody(emulate: Emulate) -> None:
    emulator = emulate()
    body, headers = form_bytes({"purpose": "user_data"}, "file", "slow.txt", b"line\n" * 2000)

    def trickle(emulator: Emulator, others: list[int]) -> int:
        async def scene() -> int:
            wire = await Wire.open(port_of(emulator.url))
            whole = request_bytes("POST", "/v1/files", wire.key, body, headers)
            for start in range(0, len(whole), 400):
                await wire.send_bytes(whole[start : start + 400])
                others.append((await asyncio.to_thread(emulator.state))["objects"]["assistants"])
            size: int = (await wire.answer()).json["bytes"]
            await wire.close()
            return size

        return asyncio.run(scene())

    others: list[int] = []
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(trickle, emulator, others).result() == 10_000
    assert others == [0] * len(others)
    assert len(others) > 20
