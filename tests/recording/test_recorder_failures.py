"""What goes wrong with the upstream, the client or the disk is passed on, and recorded as what it was."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from pytest_httpserver import HTTPServer

from emulator.base.problems import EmulatorError
from emulator.recordings.exchange import Exchange
from emulator.recordings.record.recorder import Recorder
from emulator.recordings.record.upstream import Upstream
from emulator.recordings.recording_file import RecordingFile
from emulator.recordings.redaction.redactor import Redactor
from tests.recording.proxies import Record, recorders
from tests.recording.upstreams import CHUNKED, OK, PATIENCE, Talk, upstream

EVENT = b"event: thread.message.delta\ndata: {}\n\n"
#: Seconds that an upstream may be silent where a test is about that.
SHORT = 0.2


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    with recorders(tmp_path) as start:
        yield start


# ---- The upstream ----


def test_nobody_there(record: Record) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        proxy = record(url)
        client = openai.OpenAI(base_url=f"{proxy.url}/v1", api_key="sk-x", max_retries=0)
        with client, pytest.raises(openai.InternalServerError) as raised:
            client.beta.threads.create()

    assert raised.value.status_code == 502
    assert raised.value.code == "upstream_unreachable"
    assert f"assistants-emulator record: the upstream {url} cannot be reached: " in raised.value.message
    exchange = proxy.only()
    assert (exchange.status, exchange.ended, exchange.response_body) == (0, "unreachable", None)
    assert proxy.lines()[0]["answer"]["problem"]
    assert proxy.recorder.totals.failures == 1


@pytest.mark.parametrize(
    ("sent", "status", "code", "ended"),
    [
        (b"", 502, "upstream_broken", "cut"),
        (b"HTTP/1.1 200 OK\r\nContent-Ty", 502, "upstream_broken", "cut"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", 502, "upstream_broken", "cut"),
        (b"HTTP/1.1 999 Odd\r\n\r\n", 502, "upstream_broken", "cut"),
        (None, 504, "upstream_timeout", "timeout"),
    ],
    ids=["closed", "half a head", "no HTTP", "odd status", "silent"],
)
def test_no_answer(record: Record, sent: bytes | None, status: int, code: str, ended: str) -> None:
    def script(talk: Talk) -> None:
        talk.head()
        if sent is None:
            talk.wait_until_left()
        else:
            talk.send(sent)

    with upstream(script) as url:
        proxy = record(url, timeout=SHORT if sent is None else PATIENCE)
        answer = httpx.post(f"{proxy.url}/v1/threads", json={}, timeout=PATIENCE)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["type"]) == (status, code, "upstream_error")
    assert url in error["message"]
    exchange = proxy.only()
    assert (exchange.status, exchange.ended, exchange.response_headers) == (0, ended, ())
    assert exchange.request_body == b"{}"


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (CHUNKED, b"26\r\n" + EVENT + b"\r\n"),
        (CHUNKED, b"26\r\n" + EVENT + b"\r\n5\r\nda"),
        (OK + b"Content-Length: 100\r\n\r\n", EVENT),
    ],
    ids=["after an event", "in a chunk", "by length"],
)
@pytest.mark.parametrize("how", [Talk.close, Talk.reset, Talk.wait_until_left], ids=["closed", "reset", "silent"])
def test_an_answer_that_breaks_off_breaks_off_for_the_client(
    record: Record, head: bytes, body: bytes, how: Any
) -> None:
    read = threading.Event()

    def script(talk: Talk) -> None:
        talk.head()
        talk.send(head + body)
        assert read.wait(PATIENCE)  # a reset would take along what is not yet read
        how(talk)

    with upstream(script) as url:
        proxy = record(url, timeout=SHORT if how is Talk.wait_until_left else PATIENCE)
        with httpx.stream("GET", f"{proxy.url}/v1/x", timeout=PATIENCE) as answer:
            pieces = answer.iter_raw()
            got = next(pieces)
            read.set()
            with pytest.raises(httpx.RemoteProtocolError):
                got += b"".join(pieces)

    exchange = proxy.only()
    assert (exchange.status, exchange.ended) == (200, "timeout" if how is Talk.wait_until_left else "cut")
    assert exchange.response_body is not None
    assert exchange.response_body.startswith(EVENT)
    assert got.startswith(EVENT)
    assert (proxy.recorder.totals.failures, proxy.lines()[0]["answer"]["problem"] != "") == (1, True)


@pytest.mark.parametrize("resets", [False, True])
def test_an_upstream_that_does_not_want_the_whole_upload(record: Record, resets: bool) -> None:
    """It says so and reads the rest, or it just ends the connection; either way the client hears of it."""
    refused = threading.Event()

    def script(talk: Talk) -> None:
        talk.head()
        talk.body(1)
        if resets:
            talk.reset()
        else:
            talk.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
        refused.set()
        if not resets:
            talk.wait_until_left()

    def content() -> Iterator[bytes]:
        yield b"x"
        assert refused.wait(PATIENCE)
        for _ in range(64):
            yield bytes(1 << 16)

    with upstream(script) as url:
        proxy = record(url)
        answer = httpx.post(f"{proxy.url}/v1/x", content=content(), timeout=PATIENCE)

    exchange = proxy.only()
    assert answer.status_code == (502 if resets else 413)
    assert (exchange.status, exchange.ended) == ((0, "cut") if resets else (413, "complete"))
    assert exchange.request_body is not None
    assert exchange.request_body.startswith(b"x\0")


@pytest.mark.parametrize("insecure", [True, False])
def test_tls_to_the_upstream(record: Record, insecure: bool) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(__file__).with_name("self_signed.pem"))
    with HTTPServer(ssl_context=context) as server:
        server.expect_request("/v1/models").respond_with_json({"data": []})
        proxy = record(server.url_for(""), insecure=insecure)
        answer = httpx.get(f"{proxy.url}/v1/models")

    if insecure:
        assert answer.json() == {"data": []}
    else:
        assert answer.status_code == 502
        assert "certificate" in answer.json()["error"]["message"].lower()


# ---- The client ----


@pytest.mark.parametrize("when", ["in its upload", "before the head", "in the body"])
def test_a_client_that_leaves_takes_its_request_along(record: Record, when: str) -> None:
    arrived, left = threading.Event(), threading.Event()

    def script(talk: Talk) -> None:
        talk.head()
        if when == "in its upload":
            talk.body(4)
        elif when == "in the body":
            talk.send(CHUNKED)
            talk.chunk(EVENT)
        arrived.set()
        talk.wait_until_left()
        left.set()

    with upstream(script) as url:
        proxy = record(url)
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE) as client:
            length = 100 if when == "in its upload" else 4
            client.sendall(b"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n{} 2" % length)
            assert arrived.wait(PATIENCE)
            if when == "in the body":
                got = b""
                while EVENT not in got:
                    got += client.recv(65536)
        assert left.wait(PATIENCE)
        proxy.settle()

    exchange = proxy.only()
    assert (exchange.ended, exchange.request_body) == ("client_left", b"{} 2")
    assert (exchange.status, exchange.response_body) == ((200, EVENT) if when == "in the body" else (0, None))
    assert proxy.recorder.totals.failures == 0


def test_a_client_that_leaves_before_it_has_sent_anything(record: Record) -> None:
    with upstream(Talk.wait_until_left) as url:
        proxy = record(url)
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            client.sendall(b"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""
        proxy.settle()

    exchange = proxy.only()
    assert (exchange.ended, exchange.status) == ("client_left", 0)


# ---- The recorder ----


@pytest.mark.parametrize("when", ["before the body", "before the head", "in the body"])
def test_a_recorder_that_is_stopped_records_what_was_under_way(record: Record, when: str) -> None:
    arrived = threading.Event()

    def script(talk: Talk) -> None:
        if when == "in the body":
            talk.head()
            talk.send(CHUNKED)
            talk.chunk(EVENT)
        elif when == "before the head":
            talk.head()
        arrived.set()
        talk.wait_until_left()

    with upstream(script) as url:
        proxy = record(url)
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE) as client:
            if when == "before the body":
                client.sendall(b"POST /v1/x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n")
                assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            else:
                client.sendall(b"GET /v1/x HTTP/1.1\r\nHost: x\r\n\r\n")
                assert arrived.wait(PATIENCE)
            got = b""
            while when == "in the body" and EVENT not in got:
                got += client.recv(65536)
            exchange = proxy.only()
            while piece := client.recv(65536):
                got += piece

    assert exchange.ended == "stopped"
    if when == "in the body":
        assert not got.endswith(b"0\r\n\r\n")
        assert (exchange.status, exchange.response_body) == (200, EVENT)
    else:
        assert got.startswith(b"HTTP/1.1 503 ")
        assert b"recorder_stopped" in got
        assert exchange.status == 0


def test_a_line_that_cannot_be_written_does_not_break_the_answer(
    httpserver: HTTPServer, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpserver.expect_request("/v1/x").respond_with_json({})
    proxy = record(httpserver.url_for(""))

    def full(self: RecordingFile, line: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RecordingFile, "write", full)
    answers = [httpx.get(f"{proxy.url}/v1/x").json() for _ in range(2)]
    proxy.stop()

    assert (answers, proxy.recorder.totals.lost, proxy.lines()) == ([{}, {}], 2, [])
    assert proxy.reports == [f"request 1 is not recorded: {proxy.path}: No space left on device"]


def test_what_cannot_be_redacted_is_not_written(
    httpserver: HTTPServer, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpserver.expect_request("/v1/x").respond_with_json({})
    proxy = record(httpserver.url_for(""))

    def fail(self: Redactor, exchange: Exchange) -> Exchange:
        raise ValueError("a bug")

    monkeypatch.setattr(Redactor, "exchange", fail)
    assert httpx.get(f"{proxy.url}/v1/x").json() == {}
    proxy.stop()

    assert (proxy.lines(), proxy.reports) == ([], ["request 1 is not recorded: ValueError: a bug"])


def test_who_asks_while_it_is_being_stopped_is_told_so(tmp_path: Path) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    async def ask() -> None:
        await recorder.end()
        await recorder({"type": "http"}, receive, send)

    file = RecordingFile(tmp_path / "tape.jsonl", "http://127.0.0.1:9")
    recorder = Recorder(Upstream("http://127.0.0.1:9"), file, Redactor())
    asyncio.run(ask())
    recorder.close()

    assert (sent[0]["status"], b"recorder_stopped" in sent[1]["body"]) == (503, True)
    assert recorder.totals.requests == 0


# ---- Where the upstream is ----


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("localhost:8787", "did you mean 'http://localhost:8787'?"),
        ("ftp://host", "expected http:// or https://, a host"),
        ("http://", "expected http:// or https://, a host"),
        ("http://host:port", "Port could not be cast to integer value as 'port'"),
        ("http://host:99999", "Port out of range 0-65535"),
        ("http://[::1", "Invalid IPv6 URL"),
        ("http://me:secret@host", "leave out name and password; the credentials of each client are passed on"),
        ("http://host/v1?key=x", "no query: the query of each request is passed on"),
        ("http://a b/", "expected http:// or https://, a host"),
    ],
)
def test_a_url_that_cannot_be_is_refused(url: str, words: str) -> None:
    with pytest.raises(EmulatorError) as refused:
        Upstream(url)

    said = str(refused.value)
    assert said.startswith("--upstream")
    assert words in said
    assert "\n" not in said
    assert "secret" not in said
