"""Injected faults on the wire: what a socket receives of each kind, and when a stall ends."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import orjson
import pytest

from emulator import Emulator
from emulator.apis.http.fault_injector import FaultInjector
from emulator.apis.http.response import BrokenOff
from emulator.scenarios.faults import Fault, fault_of
from emulator.server.emulator import API_KEY
from tests.conftest import Emulate

WORLD: dict[str, Any] = {
    "given": {
        "files": [{"id": "file-1", "filename": "menu.txt", "purpose": "user_data", "content": "Grüße aus 東京"}],
        "assistants": [{"id": "asst_1", "model": "gpt-4o"}],
        "threads": [{"id": "thread_1", "messages": [{"role": "user", "content": "Hi"}]}],
    },
    "turns": [{"steps": [{"say": "Grüße aus 東京"}]}],
}
RUNS = "/v1/threads/thread_1/runs"
STREAM = {"assistant_id": "asst_1", "stream": True}
LAST_CHUNK = b"\r\n0\r\n\r\n"


class Wire:
    """A socket that speaks HTTP/1.1 and keeps every byte."""

    def __init__(self, emulator: Emulator) -> None:
        host, _, port = emulator.url.removeprefix("http://").rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.came = b""

    def ask(self, method: str, path: str, body: Any = None) -> None:
        raw = b"" if body is None else orjson.dumps(body)
        lines = [f"{method} {path} HTTP/1.1", "Host: x", "Authorization: Bearer x", "OpenAI-Beta: assistants=v2"]
        lines += [f"Content-Length: {len(raw)}", "", ""]
        self.came = b""
        self.socket.sendall("\r\n".join(lines).encode() + raw)

    def until(self, mark: bytes) -> bytes:
        """Reads until that came; fails if the connection ends before."""
        while mark not in self.came:
            piece = self.socket.recv(65536)
            assert piece, f"closed before {mark!r}: {self.came!r}"
            self.came += piece
        return self.came

    def to_the_end(self) -> bytes:
        """Reads until the server closes the connection."""
        while piece := self.socket.recv(65536):
            self.came += piece
        return self.came

    def answer(self) -> bytes:
        """The body of an answer that says its length."""
        head, _, body = self.until(b"\r\n\r\n").partition(b"\r\n\r\n")
        (length,) = (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
        while len(body) < length:
            piece = self.socket.recv(65536)
            assert piece
            body += piece
        return body


def chunks(came: bytes) -> tuple[list[bytes], bytes]:
    """The chunks of a body in chunked encoding, and what follows the last whole one."""
    head, _, rest = came.partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head
    found: list[bytes] = []
    while rest and not rest.startswith(b"0\r\n"):
        size, _, rest = rest.partition(b"\r\n")
        found.append(rest[: int(size, 16)])
        assert rest[int(size, 16) :].startswith(b"\r\n")
        rest = rest[int(size, 16) + 2 :]
    return found, rest


Open = Callable[..., tuple[Emulator, Wire]]


@pytest.fixture
def open_wire(emulate: Emulate) -> Iterator[Open]:
    """An emulator with a fault, and a socket to it."""
    with ExitStack() as sockets:

        def make(kind: str, operation: str = "*", **more: Any) -> tuple[Emulator, Wire]:
            emulator = emulate({**WORLD, "faults": [{"operation": operation, "kind": kind, **more}]})
            wire = Wire(emulator)
            sockets.enter_context(wire.socket)
            return emulator, wire

        yield make


def plain_frames(emulate: Emulate) -> list[bytes]:
    wire = Wire(emulate(WORLD))
    with wire.socket:
        wire.ask("POST", RUNS, STREAM)
        return chunks(wire.until(LAST_CHUNK))[0]


# ---- On the wire ----


def test_a_stream_sends_each_event_by_itself(emulate: Emulate) -> None:
    """What ``after`` counts."""
    frames = plain_frames(emulate)
    assert all(frame.startswith(b"event: ") and frame.endswith(b"\n\n") for frame in frames)
    assert frames[-1] == b"event: done\ndata: [DONE]\n\n"


@pytest.mark.parametrize("after", [0, 1, 8])
def test_disconnect_closes_the_socket_in_the_middle_of_a_stream(open_wire: Open, emulate: Emulate, after: int) -> None:
    _, wire = open_wire("disconnect", "create_run", after=after)
    wire.ask("POST", RUNS, STREAM)

    came, rest = chunks(wire.to_the_end())

    assert came == plain_frames(emulate)[:after]
    assert rest == b""  # no last chunk: a client can tell


def test_disconnect_closes_the_socket_before_a_body(open_wire: Open) -> None:
    emulator, wire = open_wire("disconnect", "create_thread")
    wire.ask("POST", "/v1/threads", {})

    head, _, body = wire.to_the_end().partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200 OK")
    assert body == b""
    assert emulator.state()["objects"]["threads"] == 2  # it was made


@pytest.mark.parametrize("after", [None, 0, 8])
def test_truncate_ends_a_stream_cleanly_without_done(open_wire: Open, emulate: Emulate, after: int | None) -> None:
    said = {} if after is None else {"after": after}
    _, wire = open_wire("truncate", "create_run", **said)
    wire.ask("POST", RUNS, STREAM)

    came, rest = chunks(wire.until(LAST_CHUNK))

    assert rest == LAST_CHUNK.lstrip()
    assert came == plain_frames(emulate)[: -1 if after is None else after]
    wire.ask("GET", "/v1/threads/thread_1")  # the connection goes on
    assert b'"id": "thread_1"' in wire.answer()


@pytest.mark.parametrize("path", ["/v1/threads/thread_1", "/v1/files/file-1/content"])
def test_truncate_cuts_a_body_in_half(open_wire: Open, path: str) -> None:
    _, wire = open_wire("truncate", times=1)
    wire.ask("GET", path)
    came, _ = chunks(wire.until(LAST_CHUNK))

    wire.ask("GET", path)
    whole = wire.answer()

    assert b"".join(came) == whole[: len(whole) // 2]


@pytest.mark.parametrize("size", [1, 2, 7])
def test_slice_cuts_a_stream_wherever_it_comes(open_wire: Open, emulate: Emulate, size: int) -> None:
    _, wire = open_wire("slice", "create_run", bytes=size)
    wire.ask("POST", RUNS, STREAM)

    came, _ = chunks(wire.until(LAST_CHUNK))

    assert max(map(len, came)) == size
    assert b"".join(came) == b"".join(plain_frames(emulate))
    text = "東".encode()
    assert any(text[:1] in piece and text not in piece for piece in came)  # cut inside a character
    assert not any(b"data: " in piece for piece in came) or size == 7


def test_slice_leaves_a_body_with_its_length_whole(open_wire: Open) -> None:
    _, wire = open_wire("slice", bytes=1)
    wire.ask("GET", "/v1/files/file-1/content")
    assert wire.answer().decode() == "Grüße aus 東京"


def test_garble_says_the_length_that_it_sends(open_wire: Open) -> None:
    _, wire = open_wire("garble", times=1)
    wire.ask("GET", "/v1/threads/thread_1")

    (body,), _ = chunks(wire.until(LAST_CHUNK))

    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(body)
    assert orjson.loads(body + b"}")["id"] == "thread_1"


# ---- The end of a stall ----


@pytest.fixture(params=["before the answer", "in a stream"])
def stalled(request: pytest.FixtureRequest, open_wire: Open) -> tuple[Emulator, Wire]:
    """A request that hears nothing more."""
    if request.param == "in a stream":
        emulator, wire = open_wire("stall", "create_run", after=3)
        wire.ask("POST", RUNS, STREAM)
        wire.until(b"event: thread.run.in_progress")
    else:
        emulator, wire = open_wire("stall", "get_thread")
        wire.ask("GET", "/v1/threads/thread_1")
        while not emulator.requests():
            continue
    return emulator, wire


@pytest.fixture
def waiting_in(stalled: tuple[Emulator, Wire]) -> Callable[[], int]:
    """How many wait for the end of the world."""
    world = stalled[0]._worlds.of(API_KEY)
    return lambda: len(world.on_end)


def test_a_stall_says_nothing(stalled: tuple[Emulator, Wire], waiting_in: Callable[[], int]) -> None:
    emulator, wire = stalled
    assert waiting_in() == 1
    wire.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        wire.to_the_end()
    assert LAST_CHUNK not in wire.came
    assert [one.fault for one in emulator.requests()] == ["stall"]


def test_a_stall_ends_when_the_client_leaves(stalled: tuple[Emulator, Wire], waiting_in: Callable[[], int]) -> None:
    emulator, wire = stalled
    wire.socket.close()

    for _ in range(10_000):
        if waiting_in() == 0:
            break
        emulator.state()

    assert waiting_in() == 0
    emulator.check()


def test_a_stall_ends_with_its_world(stalled: tuple[Emulator, Wire]) -> None:
    emulator, wire = stalled

    emulator.reset()

    assert LAST_CHUNK not in wire.to_the_end()
    assert emulator.requests() == []


@pytest.mark.parametrize("kind", [{"kind": "stall"}, {"kind": "delay", "seconds": 60}], ids=lambda kind: kind["kind"])
def test_the_server_stops_at_once(kind: dict[str, Any]) -> None:
    """Within a second; of three tries the fastest, on a machine that may be busy."""
    took: list[float] = []
    for _ in range(3):
        with Emulator({**WORLD, "faults": [{"operation": "get_thread", **kind}]}) as emulator:
            wire = Wire(emulator)
            wire.ask("GET", "/v1/threads/thread_1")
            world = emulator._worlds.of(API_KEY)
            while not world.on_end:
                emulator.state()
            start = time.perf_counter()
            emulator.stop()
            took.append(time.perf_counter() - start)
            wire.to_the_end()
            wire.socket.close()

    assert min(took) < 0.9


def test_a_delayed_request_meets_the_new_world(open_wire: Open) -> None:
    emulator, wire = open_wire("delay", "create_thread", seconds=60)
    world = emulator._worlds.of(API_KEY)
    wire.ask("POST", "/v1/threads", {})
    while not world.on_end:
        emulator.state()

    emulator.reset()

    assert b'"object": "thread"' in wire.answer()
    assert emulator.state()["objects"]["threads"] == 2


# ---- Message by message ----


def inject(
    fault: Fault, *bodies: bytes, is_stream: bool = True, operation: str = "create_run"
) -> tuple[list[Any], bool, bool]:
    """The messages that an injector sends, whether it broke the response off, and whether the fault was reached."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def answer() -> tuple[bool, bool]:
        injector = FaultInjector(fault, operation, send, receive, [], is_stream=is_stream, on_replaced=print)
        await injector({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
        try:
            for number, body in enumerate(bodies, 1):
                await injector({"type": "http.response.body", "body": body, "more_body": number < len(bodies)})
        except BrokenOff:
            return True, injector.reached
        return False, injector.reached

    return sent, *asyncio.run(answer())


def bodies_of(messages: list[Any]) -> list[tuple[bytes, bool]]:
    return [(one["body"], one["more_body"]) for one in messages[1:]]


EVENT, DONE = b'event: a\ndata: {"a":1}\n\n', b"event: done\ndata: [DONE]\n\n"


def test_a_file_that_looks_like_a_stream_is_none() -> None:
    """Only what answers as a stream has events."""
    cut, _, _ = inject(fault_of({"operation": "*", "kind": "truncate"}), EVENT + DONE, b"", is_stream=False)
    garbled, _, _ = inject(fault_of({"operation": "*", "kind": "garble"}), EVENT, b"", is_stream=False)

    assert bodies_of(cut) == [((EVENT + DONE)[: len(EVENT + DONE) // 2], False)]
    assert bodies_of(garbled) == [(EVENT.rstrip()[:-1], True), (b"", False)]


@pytest.mark.parametrize(
    ("kind", "keeps_length"),
    [("truncate", False), ("garble", False), ("slice", True), ("disconnect", True), ("stall", True)],
)
def test_a_body_of_another_length_does_not_say_the_old_one(kind: str, keeps_length: bool) -> None:
    fault = fault_of({"operation": "*", "kind": kind, **({"bytes": 2} if kind == "slice" else {})})
    sent, broke, reached = inject(fault, b'{"a": 12}', is_stream=False)

    assert bool(sent[0]["headers"]) is keeps_length
    assert (broke, reached) == (kind in ("disconnect", "stall"), True)


def test_slices_go_out_one_by_one_and_an_empty_body_too() -> None:
    fault = fault_of({"operation": "*", "kind": "slice", "bytes": 2})
    assert bodies_of(inject(fault, b"abc", b"", is_stream=False)[0]) == [(b"ab", True), (b"c", True), (b"", False)]
    assert bodies_of(inject(fault, b"abcd", is_stream=False)[0]) == [(b"ab", True), (b"cd", False)]


def test_truncate_waits_for_done_and_is_not_reached_without_it() -> None:
    fault = fault_of({"operation": "*", "kind": "truncate"})
    assert bodies_of(inject(fault, EVENT, DONE)[0]) == [(EVENT, True), (b"", False)]
    assert inject(fault, EVENT, EVENT)[2] is False


def test_one_event_is_garbled_the_others_are_not() -> None:
    fault = fault_of({"operation": "*", "kind": "garble", "after": 1})
    garbled = b'event: a\ndata: {"a":1\n\n'
    assert [body for body, _ in bodies_of(inject(fault, EVENT, EVENT, EVENT)[0])] == [EVENT, garbled, EVENT]
