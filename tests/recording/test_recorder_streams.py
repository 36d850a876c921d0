"""Nothing waits in a recorder: not an event, not a piece of an upload; and what has been seen is written."""

from __future__ import annotations

import http.client
import socket
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.recording.proxies import Record, recorders
from tests.recording.upstreams import CHUNKED, OK, PATIENCE, Talk, upstream


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    with recorders(tmp_path) as start:
        yield start


EVENT = b"event: thread.message.delta\ndata: {}\n\n"
DONE = b"event: done\ndata: [DONE]\n\n"


@pytest.mark.parametrize("packed", [False, True])
def test_an_event_reaches_the_client_before_the_upstream_has_sent_the_next(record: Record, packed: bool) -> None:
    """The upstream sends an event only after the client has read the one before."""
    read = threading.Semaphore(0)
    engine = zlib.compressobj(wbits=31)

    def pack(data: bytes) -> bytes:
        return engine.compress(data) + engine.flush(zlib.Z_SYNC_FLUSH) if packed else data

    def script(talk: Talk) -> None:
        talk.head()
        talk.send(CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n") if packed else CHUNKED)
        for _ in range(5):
            assert read.acquire(timeout=PATIENCE)
            talk.chunk(pack(EVENT))
        assert read.acquire(timeout=PATIENCE)
        talk.chunk(pack(DONE))
        talk.send(b"0\r\n\r\n")

    with upstream(script) as url:
        proxy = record(url)
        with httpx.stream("POST", f"{proxy.url}/v1/threads/runs", timeout=PATIENCE) as answer:
            got = b""
            read.release()  # the head has come without an event
            for piece in answer.iter_bytes():
                got += piece
                if got.endswith(b"\n\n"):
                    read.release()

    assert got == EVENT * 5 + DONE
    exchange = proxy.only()
    assert (exchange.response_body, exchange.ended, exchange.streamed) == (got, "complete", True)
    totals = proxy.recorder.totals
    assert (totals.streams, totals.streaming, totals.runs, totals.failures) == (1, 0, 1, 0)


def test_two_streams_at_once_do_not_mix(record: Record) -> None:
    """Each sends its next event when the other's has been read."""
    turns = {b"/a": threading.Semaphore(1), b"/b": threading.Semaphore(0)}
    other = {b"/a": b"/b", b"/b": b"/a"}

    def script(talk: Talk) -> None:
        path = talk.head().split()[1]
        talk.send(CHUNKED)
        for number in range(20):
            assert turns[path].acquire(timeout=PATIENCE)
            talk.chunk(b"data: %b %d\n\n" % (path, number))
        talk.send(b"0\r\n\r\n")

    def listen(path: bytes) -> None:
        with httpx.stream("GET", proxy.url + path.decode(), timeout=PATIENCE) as answer:
            for piece in answer.iter_bytes():
                got[path] += piece
                turns[other[path]].release()

    got = {b"/a": b"", b"/b": b""}
    with upstream(script) as url:
        proxy = record(url)
        threads = [threading.Thread(target=listen, args=(path,)) for path in got]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)

    expected = {path: b"".join(b"data: %b %d\n\n" % (path, number) for number in range(20)) for path in got}
    assert got == expected
    assert {one.url.encode(): one.response_body for one in proxy.stop().exchanges} == expected


def test_an_upload_reaches_the_upstream_before_its_end_is_sent(record: Record) -> None:
    arrived = threading.Event()

    def script(talk: Talk) -> None:
        assert b"transfer-encoding: chunked" in talk.head().lower()
        assert talk.body(9) == b"4\r\npart\r\n"
        arrived.set()
        assert talk.body(13) == b"3\r\nend\r\n0\r\n\r\n"
        talk.send(OK + b"Content-Length: 0\r\n\r\n")

    def content() -> Iterator[bytes]:
        yield b"part"
        assert arrived.wait(PATIENCE)
        yield b"end"

    with upstream(script) as url:
        proxy = record(url)
        assert httpx.post(f"{proxy.url}/v1/x", content=content(), timeout=PATIENCE).status_code == 200

    assert proxy.only().request_body == b"partend"


def test_a_download_reaches_the_client_before_its_end_is_sent(record: Record) -> None:
    arrived = threading.Event()

    def script(talk: Talk) -> None:
        talk.head()
        talk.send(OK + b"Content-Type: application/octet-stream\r\nContent-Length: 7\r\n\r\npart")
        assert arrived.wait(PATIENCE)
        talk.send(b"end")

    with upstream(script) as url:
        proxy = record(url)
        with httpx.stream("GET", f"{proxy.url}/v1/files/file-1/content", timeout=PATIENCE) as answer:
            pieces = answer.iter_raw()
            assert next(pieces) == b"part"
            arrived.set()
            assert next(pieces) == b"end"

    assert proxy.only().response_size == 7


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Length: 0\r\n\r\n",
        OK + b"Content-Length: 2\r\n\r\nok",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        CHUNKED + b"2\r\nok\r\n0\r\n\r\n",
        CHUNKED + b"19\r\nevent: x\ndata: [DONE]\r\n\r\n\r\n",
    ],
    ids=["empty", "by length", "no content", "chunked", "said to be done"],
)
def test_what_a_client_has_seen_to_its_end_is_in_the_file(record: Record, answer: bytes) -> None:
    """Whatever tells the client that it has all is sent after the line is written."""
    ended = threading.Event()

    def script(talk: Talk) -> None:
        talk.head()
        talk.send(answer)
        assert ended.wait(PATIENCE)

    with upstream(script) as url:
        proxy = record(url)
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=PATIENCE)
        connection.request("GET", "/v1/x")
        response = connection.getresponse()
        got = b""
        while b"[DONE]" not in got and (piece := response.read1()):
            got += piece
        lines = proxy.lines()
        connection.close()
        ended.set()

    assert [(line["ended"], line["answer"].get("body", "").encode()) for line in lines] == [("complete", got)]


def test_a_client_that_stops_reading_where_the_stream_says_so_has_read_it_all(record: Record) -> None:
    """As SDKs do: they close the connection at ``[DONE]``, and do not wait for the end of the answer."""

    def script(talk: Talk) -> None:
        talk.head()
        talk.send(CHUNKED)
        talk.chunk(EVENT + DONE)
        talk.wait_until_left()

    with upstream(script) as url:
        proxy = record(url)
        with httpx.stream("GET", f"{proxy.url}/v1/x", timeout=PATIENCE) as answer:
            assert next(answer.iter_raw()) == EVENT + DONE

    assert proxy.only().ended == "complete"


def test_a_line_tells_what_else_was_under_way_and_how_long_it_took(record: Record) -> None:
    arrived = threading.Event()

    def script(talk: Talk) -> None:
        if b" /slow " in talk.head():
            arrived.set()
            talk.wait_until_left()
        talk.send(OK + b"Content-Length: 2\r\n\r\nok")

    with upstream(script) as url:
        proxy = record(url)
        with socket.create_connection(("127.0.0.1", proxy.port)) as slow:
            slow.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            assert arrived.wait(PATIENCE)
            httpx.get(f"{proxy.url}/fast")
        proxy.settle()

    recording = proxy.stop()
    fast, slow_line = proxy.lines()
    assert (fast["n"], fast["open"], slow_line["n"], slow_line["ended"]) == (2, [1], 1, "client_left")
    assert 0 < fast["ms"]["first"] <= fast["ms"]["total"]
    assert fast["time"] > 1_700_000_000
    assert [one.number for one in recording.exchanges] == [1, 2]
