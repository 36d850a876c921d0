"""Clients that offer HTTP/2, as Java's do, keep the body of their request."""

from __future__ import annotations

import http.client
import io
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from emulator.server.fast_protocol import FastProtocol
from emulator.server.uvicorn_server import AppServer
from emulator.server.without_h2c import WithoutH2c
from tests.conftest import Emulate

BODY = b'{"model": "gpt-4o", "name": "\\r\\nUpgrade: h2c\\r\\n"}'
OFFER = b"Connection: Upgrade, HTTP2-Settings\r\n%b\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\n"


def request(offer: bytes = b"", body: bytes = BODY) -> bytes:
    head = (
        b"POST /v1/assistants HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer k\r\nOpenAI-Beta: assistants=v2\r\n"
    )
    return b"%b%bContent-Length: %d\r\n\r\n%b" % (head, offer, len(body), body)


def statuses(url: str, packets: list[bytes], many: int) -> list[int]:
    with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=10) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for packet in packets:
            client.sendall(packet)
        stream = client.makefile("rb")
        found = []
        for _ in range(many):
            response = http.client.HTTPResponse(_Made(stream))  # type: ignore[arg-type]
            response.begin()
            response.read()
            found.append(response.status)
        return found


class _Made(io.BytesIO):
    """A socket for ``HTTPResponse``, whose stream outlives a response."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def makefile(self, *arguments: Any) -> Any:
        return _Unclosed(self._stream)


class _Unclosed:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def close(self) -> None:
        """Another response follows on the stream."""


@pytest.mark.parametrize("protocol", [FastProtocol, WithoutH2c])
@pytest.mark.parametrize("offer", [b"Upgrade: h2c", b"upgrade:h2c", b"UPGRADE: \th2c "])
@pytest.mark.parametrize("cut", [None, "after the head", "in the body", "in the head"])
def test_a_request_that_offers_http_2_keeps_its_body(
    emulate: Emulate, monkeypatch: pytest.MonkeyPatch, protocol: Any, offer: bytes, cut: str | None
) -> None:
    monkeypatch.setattr("emulator.server.server.http_protocol", lambda: protocol)
    sent = request(OFFER % offer)
    end = sent.index(b"\r\n\r\n") + 4
    at = {None: len(sent), "after the head": end, "in the body": end + 30, "in the head": 20}[cut]

    emulator = emulate()
    assert statuses(emulator.url, [sent[:at], sent[at:], request()], 2) == [200, 200]
    names = [one.json["name"] for one in emulator.requests("create_assistant")]
    assert names == ["\r\nUpgrade: h2c\r\n"] * 2, "a body keeps its bytes"


def test_the_recorder_hears_them_too() -> None:
    async def end() -> None:
        """Nothing is open."""

    async def application(*_: Any) -> None:
        """Never called."""

    with socket.socket() as listening:
        assert AppServer(application, listening, end).config.http is WithoutH2c
