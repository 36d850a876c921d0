"""The fast path writes the same bytes as uvicorn's own protocol, whatever the form of the request."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from emulator.apis.http.pipeline import SHORT_STREAM
from emulator.server import fast_protocol
from emulator.server.app import Application
from emulator.server.emulator import Emulator
from emulator.server.fast_protocol import FastProtocol
from emulator.server.server import http_protocol
from emulator.server.uvicorn_server import AppServer, bind
from emulator.server.without_h2c import WithoutH2c
from emulator.world.worlds import Worlds

HEADERS = b"Host: localhost\r\nAuthorization: Bearer sk-test\r\nOpenAI-Beta: assistants=v2\r\n"
ASSISTANT = b'{"model": "gpt-4o", "name": "W\xc3\xa4rme"}'


def get(path: bytes, *more: bytes, version: bytes = b"1.1", method: bytes = b"GET") -> bytes:
    return b"%b %b HTTP/%b\r\n%b%b\r\n" % (method, path, version, HEADERS, b"".join(line + b"\r\n" for line in more))


def post(path: bytes, body: bytes, *more: bytes) -> bytes:
    length = b"Content-Length: %d" % len(body)
    return get(path, b"Content-Type: application/json", length, *more, method=b"POST") + body


@contextmanager
def serving(**config: Any) -> Iterator[int]:
    """The port of a server of an empty world."""
    worlds = Worlds()

    async def end() -> None:
        worlds.end()

    server = AppServer(Application(worlds), bind("127.0.0.1", 0), end, **config)
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
def test_both_protocols_stream_the_same_events(version: bytes) -> None:
    answers = []
    for protocol in (FastProtocol, WithoutH2c):
        with serving(http=protocol) as port:
            made = talk(port, post(b"/v1/assistants", ASSISTANT))
            id = made[made.index(b"asst_") :][:29]
            request = post(b"/v1/threads/runs", STREAM % id).replace(b"HTTP/1.1", b"HTTP/" + version)
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(request + (get(b"/v1/models", b"Connection: close") if version == b"1.1" else b""))
                answers.append(b"".join(iter(lambda c=connection: c.recv(65536), b"")))  # type: ignore[misc]
    fast, slow = answers
    if version == b"1.1":
        assert fast == slow
    else:  # it has no chunks, but uvicorn sends them nevertheless
        assert (fast.count(b"event: "), b"chunked" in fast) == (slow.count(b"event: "), False)
        assert fast.endswith(b"event: done\ndata: [DONE]\n\n")


def test_a_long_stream_waits_for_its_reader() -> None:
    """A stream that is too long to wait in memory takes the slow path."""
    text = "word " * 3000
    world = {"version": 1, "turns": [{"steps": [{"say": text}]}]}
    with serving(http=FastProtocol) as port:
        made = talk(port, post(b"/_emulator/scenarios", orjson.dumps(world)), post(b"/v1/assistants", ASSISTANT))
        id = made[made.index(b"asst_") :][:29]
        answered = talk(port, post(b"/v1/threads/runs", STREAM % id))
    assert len(answered) > SHORT_STREAM
    assert answered.count(b"event: thread.message.delta") == 3001
    assert b"event: done\ndata: [DONE]\n\n" in answered


def test_an_idle_connection_is_closed_and_a_busy_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.server.uvicorn_server._KEEP_ALIVE", 0.2)
    world = {"version": 1, "settings": {"clock": "real"}, "turns": [{"steps": [{"wait": 0.5}, {"say": "late"}]}]}
    with serving(http=FastProtocol) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(post(b"/_emulator/scenarios", orjson.dumps(world)) + post(b"/v1/assistants", ASSISTANT))
        made = b""
        while b"asst_" not in made or not made.endswith(b"}"):
            made += connection.recv(65536)
        id = made[made.index(b"asst_") :][:29]
        connection.sendall(get(b"/v1/assistants") + post(b"/v1/threads/runs", STREAM % id))
        answered = b"".join(iter(lambda: connection.recv(65536), b""))  # until the idle connection is closed
    assert answered.endswith(b"event: done\ndata: [DONE]\n\n\r\n0\r\n\r\n")


@pytest.mark.parametrize("form", FORMS)
def test_both_protocols_send_the_same_bytes(form: str) -> None:
    with serving(http=FastProtocol) as fast, serving() as slow:
        answered = talk(fast, *FORMS[form])
        assert answered == talk(slow, *FORMS[form])
        assert answered.startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize("wish", [b"close", b"keep-alive"])
def test_a_connection_of_http_1_0_is_closed(wish: bytes) -> None:
    with serving(http=FastProtocol) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(get(b"/v1/assistants", b"Connection: " + wish, version=b"1.0"))
        answered = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"\r\nconnection: close\r\n" in answered


def test_a_client_that_expects_to_go_on_is_told_so() -> None:
    request = post(b"/v1/assistants", ASSISTANT, b"Expect: 100-continue")
    with serving(http=FastProtocol) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request[: -len(ASSISTANT)])
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(ASSISTANT)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_a_stream_and_what_follows_on_its_connection_come_in_order() -> None:
    with serving(http=FastProtocol) as port:
        made = talk(port, post(b"/v1/assistants", ASSISTANT))
        id = made[made.index(b"asst_") :][:29]
        stream = post(b"/v1/threads/runs", STREAM % id)
        answered = talk(port, stream + get(b"/v1/assistants/" + id))
    assert answered.index(b"event: done") < answered.index(b'"object": "assistant"')
    assert answered.count(b"HTTP/1.1 ") == 3


def test_a_reader_that_is_slow_gets_everything() -> None:
    """Answers that pile up wait for it, in their order."""
    requests, last = 2_000, get(b"/v1/models", b"Connection: close")
    with serving(http=FastProtocol) as port, socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(get(b"/v1/models") * requests + last)  # eight megabytes of answers, more than buffers hold
        answered = b"".join(iter(lambda: connection.recv(1024 * 1024), b""))
    assert answered.count(b"HTTP/1.1 200 OK") == requests + 1


# ---- Other versions of uvicorn ----


def test_the_installed_uvicorn_supports_the_fast_protocol() -> None:
    assert fast_protocol.is_supported()
    assert http_protocol() is FastProtocol


def _without_timer_method(patch: pytest.MonkeyPatch) -> None:
    patch.delattr(HttpToolsProtocol, "_unset_keepalive_if_required")


def _with_renamed_method(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HttpToolsProtocol, "data_received", lambda self, data: None)


def _without_event(patch: pytest.MonkeyPatch) -> None:
    made = RequestResponseCycle.__init__

    def init(self: Any, **named: Any) -> None:
        made(self, **named)
        del self.message_event

    patch.setattr(RequestResponseCycle, "__init__", init)


def _with_other_status_lines(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fast_protocol, "STATUS_LINE", {200: "HTTP/1.1 200 OK"})


@pytest.mark.parametrize(
    "change", [_without_timer_method, _with_renamed_method, _without_event, _with_other_status_lines]
)
def test_other_internals_of_uvicorn_are_noticed(
    change: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    change(monkeypatch)
    assert not fast_protocol.is_supported.__wrapped__()


def test_a_uvicorn_without_the_module_is_served_by_its_own_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "emulator.server.fast_protocol", None)
    assert http_protocol() is WithoutH2c


def test_without_the_fast_protocol_the_emulator_serves_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = [one for form in ("one request", "a form", "a bad body", "the admin API") for one in FORMS[form]]
    with Emulator() as emulator:
        fast = talk(int(emulator.url.rpartition(":")[2]), *requests)
    monkeypatch.setattr(fast_protocol, "is_supported", lambda: False)
    with Emulator() as emulator:
        slow = talk(int(emulator.url.rpartition(":")[2]), *requests)
    assert fast == slow
    assert fast.count(b"HTTP/1.1 200 OK") == 3
