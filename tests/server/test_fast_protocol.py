"""The short way of answers: the same bytes as the long one, whatever form a request comes in."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest

from emulator.apis.http.pipeline import SHORT_STREAM
from emulator.server.app import Application
from emulator.server.emulator import AppServer, bind
from emulator.server.fast_protocol import ShortWay
from emulator.world.worlds import Worlds

HEADERS = b"Host: localhost\r\nAuthorization: Bearer sk-test\r\nOpenAI-Beta: assistants=v2\r\n"
ASSISTANT = b'{"model": "gpt-4o", "name": "W\xc3\xa4rme"}'


def get(path: bytes, *more: bytes, version: bytes = b"1.1", method: bytes = b"GET") -> bytes:
    return b"%b %b HTTP/%b\r\n%b%b\r\n" % (method, path, version, HEADERS, b"".join(line + b"\r\n" for line in more))


def post(path: bytes, body: bytes, *more: bytes) -> bytes:
    length = b"Content-Length: %d" % len(body)
    return get(path, b"Content-Type: application/json", length, *more, method=b"POST") + body


@contextmanager
def serving(**way: Any) -> Iterator[int]:
    """The port of a server of an empty world."""
    worlds = Worlds()

    async def end() -> None:
        worlds.end()

    server = AppServer(Application(worlds), bind("127.0.0.1", 0), end, **way)
    thread = threading.Thread(target=server.serve_until_stopped)
    thread.start()
    server.ready.wait()
    try:
        yield server.listening.getsockname()[1]
    finally:
        server.stop()
        thread.join()


def talk(port: int, *pieces: bytes) -> bytes:
    """Everything that is answered until the server closes, or the client has nothing more to say."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        connection.sendall(get(b"/v1/assistants/last", b"Connection: close"))
        return b"".join(iter(lambda: connection.recv(65536), b""))


FORMS = {
    "one request": [post(b"/v1/assistants", ASSISTANT)],
    "no body": [post(b"/v1/threads", b"")],
    "byte by byte": [bytes([one]) for one in post(b"/v1/assistants", ASSISTANT)],
    "the body later": [post(b"/v1/assistants", ASSISTANT)[: -len(ASSISTANT)], ASSISTANT],
    "several at once": [post(b"/v1/assistants", ASSISTANT) * 3 + get(b"/v1/assistants?limit=2&order=asc")],
    "in chunks": [
        get(b"/v1/assistants", b"Transfer-Encoding: chunked", method=b"POST") + b"19\r\n" + ASSISTANT[:25] + b"\r\n",
        b"%x\r\n%b\r\n0\r\n\r\n" % (len(ASSISTANT) - 25, ASSISTANT[25:]),
    ],
    "a bad body": [post(b"/v1/assistants", b"{")],
    "an unknown path": [get(b"/v2/nothing")],
    "a quoted path": [get(b"/v1/assistants/asst%5F%C3%A4")],
    "a quoted admin path": [get(b"/%5Femulator/health")],
    "the admin API": [get(b"/_emulator/runs")],
    "an absolute address": [get(b"http://localhost/v1/assistants")],
    "a fragment": [get(b"/v1/assistants#here")],
    "another method": [get(b"/v1/assistants", method=b"PUT")],
    "a head": [get(b"/v1/assistants", method=b"HEAD")],
    "another host": [get(b"/v1/assistants").replace(b"localhost", b"evil.example")],
    "no key": [b"GET /v1/assistants HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    "Azure": [get(b"/openai/assistants?api-version=2024-05-01-preview")],
    "a form": [
        post(
            b"/v1/files",
            b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n'
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nx\r\n--b--\r\n',
        ).replace(b"application/json", b"multipart/form-data; boundary=b")
    ],
    "a stream, and more behind it": [
        post(
            b"/v1/threads/runs",
            b'{"assistant_id": "nobody", "stream": true}',
        )
        + get(b"/v1/assistants")
    ],
}


STREAM = b'{"assistant_id": "%b", "stream": true, "thread": {"messages": [{"role": "user", "content": "Hi"}]}}'


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
def test_both_ways_stream_the_same_events(version: bytes) -> None:
    answers = []
    for way in (ShortWay, None):
        with serving(**({"http": way} if way else {})) as port:
            made = talk(port, post(b"/v1/assistants", ASSISTANT))
            id = made[made.index(b"asst_") :][:29]
            request = post(b"/v1/threads/runs", STREAM % id).replace(b"HTTP/1.1", b"HTTP/" + version)
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(request + (get(b"/v1/models", b"Connection: close") if version == b"1.1" else b""))
                answers.append(b"".join(iter(lambda c=connection: c.recv(65536), b"")))  # type: ignore[misc]
    short, long = answers
    if version == b"1.1":
        assert short == long
    else:  # it has no chunks; uvicorn sends them all the same
        assert (short.count(b"event: "), b"chunked" in short) == (long.count(b"event: "), False)
        assert short.endswith(b"event: done\ndata: [DONE]\n\n")


def test_a_long_stream_waits_for_its_reader() -> None:
    """What is too much to wait in memory goes the long way."""
    text = "word " * 3000
    world = {"version": 1, "turns": [{"steps": [{"say": text}]}]}
    with serving(http=ShortWay) as port:
        made = talk(port, post(b"/_emulator/scenarios", orjson.dumps(world)), post(b"/v1/assistants", ASSISTANT))
        id = made[made.index(b"asst_") :][:29]
        answered = talk(port, post(b"/v1/threads/runs", STREAM % id))
    assert len(answered) > SHORT_STREAM
    assert answered.count(b"event: thread.message.delta") == 3001
    assert b"event: done\ndata: [DONE]\n\n" in answered


def test_an_idle_connection_is_closed_and_a_busy_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.server.emulator._KEEP_ALIVE", 0.2)
    world = {"version": 1, "settings": {"clock": "real"}, "turns": [{"steps": [{"wait": 0.5}, {"say": "late"}]}]}
    with serving(http=ShortWay) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(post(b"/_emulator/scenarios", orjson.dumps(world)) + post(b"/v1/assistants", ASSISTANT))
        made = b""
        while b"asst_" not in made or not made.endswith(b"}"):
            made += connection.recv(65536)
        id = made[made.index(b"asst_") :][:29]
        connection.sendall(get(b"/v1/assistants") + post(b"/v1/threads/runs", STREAM % id))
        answered = b"".join(iter(lambda: connection.recv(65536), b""))  # until the idle connection is closed
    assert answered.endswith(b"event: done\ndata: [DONE]\n\n\r\n0\r\n\r\n")


@pytest.mark.parametrize("form", FORMS)
def test_both_ways_answer_the_same_bytes(form: str) -> None:
    with serving(http=ShortWay) as short, serving() as long:
        answered = talk(short, *FORMS[form])
        assert answered == talk(long, *FORMS[form])
        assert answered.startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize("wish", [b"close", b"keep-alive"])
def test_a_connection_of_http_1_0_is_closed(wish: bytes) -> None:
    with serving(http=ShortWay) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(get(b"/v1/assistants", b"Connection: " + wish, version=b"1.0"))
        answered = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"\r\nconnection: close\r\n" in answered


def test_a_client_that_expects_to_go_on_is_told_so() -> None:
    request = post(b"/v1/assistants", ASSISTANT, b"Expect: 100-continue")
    with serving(http=ShortWay) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request[: -len(ASSISTANT)])
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(ASSISTANT)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_a_stream_and_what_follows_on_its_connection_come_in_order() -> None:
    with serving(http=ShortWay) as port:
        made = talk(port, post(b"/v1/assistants", ASSISTANT))
        id = made[made.index(b"asst_") :][:29]
        stream = post(b"/v1/threads/runs", STREAM % id)
        answered = talk(port, stream + get(b"/v1/assistants/" + id))
    assert answered.index(b"event: done") < answered.index(b'"object": "assistant"')
    assert answered.count(b"HTTP/1.1 ") == 3


def test_a_reader_that_is_slow_gets_everything() -> None:
    """Answers that pile up wait for it, in their order."""
    requests, last = 2_000, get(b"/v1/models", b"Connection: close")
    with serving(http=ShortWay) as port, socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(get(b"/v1/models") * requests + last)  # eight megabytes of answers, more than buffers hold
        answered = b"".join(iter(lambda: connection.recv(1024 * 1024), b""))
    assert answered.count(b"HTTP/1.1 200 OK") == requests + 1
