"""What passes a recorder is what was sent, to the byte and as soon as it comes, and is recorded as what it was."""

from __future__ import annotations

import gzip
import hashlib
import socket
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import brotli
import httpx
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.recording.proxies import Record, recorders
from tests.recording.upstreams import OK, PATIENCE, Talk, upstream


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    with recorders(tmp_path) as start:
        yield start


def exchanged(port: int, sent: bytes) -> bytes:
    """What comes back on a connection of its own, until the other side closes it."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(sent)
        got = b""
        while piece := connection.recv(65536):
            got += piece
    return got


# ---- Heads ----


def test_a_request_reaches_the_upstream_to_the_byte_but_for_what_is_about_the_connection(record: Record) -> None:
    seen: list[bytes] = []

    def script(talk: Talk) -> None:
        seen.append(talk.head() + b"|" + talk.body(7))
        talk.send(OK + b"Content-Length: 2\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nX-End: Two\r\n\r\nok")

    with upstream(script) as url:
        proxy = record(url)
        got = exchanged(
            proxy.port,
            b"POST /v1/a%2Fb/%7e?include[]=x%5B%2A%5D&q=a+b&&z HTTP/1.1\r\nHost: recorder\r\nX-Case: A b\r\n"
            b"Accept-Encoding: gzip;q=0.5, zstd, br, *\r\nX-Twice: 1\r\nX-Twice: 2\r\nTE: trailers\r\nX-Mine: 1\r\n"
            b"Connection: close, x-mine\r\nKeep-Alive: timeout=5\r\nProxy-Authorization: Basic eDp5\r\n"
            b"Content-Length: 7\r\n\r\n\x00\xff{}\r\n7",
        )

    host = url.removeprefix("http://")
    assert seen == [
        b"POST /v1/a%2Fb/%7e?include[]=x%5B%2A%5D&q=a+b&&z HTTP/1.1\r\nhost: " + host.encode() + b"\r\nx-case: A b\r\n"
        b"accept-encoding: gzip;q=0.5, br\r\nx-twice: 1\r\nx-twice: 2\r\ncontent-length: 7|\x00\xff{}\r\n7"
    ]
    assert got == b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-end: Two\r\nconnection: close\r\n\r\nok"
    exchange = proxy.only()
    assert (exchange.method, exchange.url) == ("POST", "/v1/a%2Fb/%7e?include[]=x%5B%2A%5D&q=a+b&&z")
    assert exchange.request_headers == (
        ("host", host),
        ("x-case", "A b"),
        ("accept-encoding", "gzip;q=0.5, br"),
        ("x-twice", "1"),
        ("x-twice", "2"),
        ("content-length", "7"),
    )
    assert exchange.response_headers == (("content-length", "2"), ("x-end", "Two"))
    assert (exchange.request_body, exchange.response_body) == (b"\x00\xff{}\r\n7", b"ok")
    assert (exchange.status, exchange.ended, exchange.number) == (200, "complete", 1)


@pytest.mark.parametrize(
    ("base", "path", "reached"),
    [
        ("", "/v1/threads", "/v1/threads"),
        ("/", "/v1/threads", "/v1/threads"),
        ("/v1", "/v1/threads", "/v1/threads"),
        ("/v1/", "/openai/threads?api-version=v1", "/openai/threads?api-version=v1"),
        ("/gateway", "/v1/threads", "/gateway/v1/threads"),
        ("/gateway/v1", "/v1/threads", "/gateway/v1/threads"),
        ("/gateway/v1", "/gateway/v1/threads", "/gateway/v1/threads"),
        ("/gateway", "/gateways/x", "/gateway/gateways/x"),
        ("/openai", "/openai/threads?api-version=v1", "/openai/threads?api-version=v1"),
        ("/openai/v1", "/v1/threads", "/openai/v1/threads"),
    ],
)
def test_paths_are_put_behind_the_upstreams(
    httpserver: HTTPServer, record: Record, base: str, path: str, reached: str
) -> None:
    httpserver.expect_request("/").respond_with_data("")
    proxy = record(httpserver.url_for("").rstrip("/") + base)

    httpx.get(proxy.url + path)

    request, _ = httpserver.log[0]
    assert request.full_path.rstrip("?") == reached
    assert proxy.only().url == path


@pytest.mark.parametrize(
    ("method", "status"),
    [
        *[("GET", status) for status in (200, 201, 204, 302, 304, 400, 404, 429, 500, 502, 503, 529)],
        *[(method, status) for method in ("HEAD", "POST", "DELETE", "OPTIONS", "PATCH") for status in (200, 502)],
    ],
)
def test_any_method_and_status(httpserver: HTTPServer, record: Record, method: str, status: int) -> None:
    headers = {"Location": "/elsewhere", "Retry-After": "7", "Content-Type": "text/html"}
    body = b"" if status in (204, 304) else b"<h1>Bad Gateway</h1>"
    httpserver.expect_request("/v1/x").respond_with_data(body, status, headers)
    proxy = record(httpserver.url_for(""))

    answers = [httpx.request(method, f"{base}/v1/x") for base in (httpserver.url_for("").rstrip("/"), proxy.url)]

    ours = {"connection", "transfer-encoding", "date"}
    shown = [(one.status_code, one.content, {k: v for k, v in one.headers.items() if k not in ours}) for one in answers]
    assert shown[0] == shown[1]
    exchange = proxy.only()
    assert (exchange.status, exchange.response_body) == (status, answers[0].content)
    assert (exchange.ended, proxy.recorder.totals.failures) == ("complete", int(status >= 400))


def test_a_path_that_begins_with_two_slashes_is_no_host(record: Record) -> None:
    seen: list[bytes] = []

    def script(talk: Talk) -> None:
        seen.append(talk.head().partition(b"\r\n")[0])
        talk.send(OK + b"Content-Length: 2\r\n\r\nok")

    with upstream(script) as url:
        proxy = record(url)
        exchanged(proxy.port, b"POST //[x/runs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert seen == [b"POST //[x/runs HTTP/1.1"]
    assert proxy.only().path == "/%2F[x/runs"


def test_the_environments_proxies_are_not_for_it(
    httpserver: HTTPServer, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    httpserver.expect_request("/v1/x").respond_with_data("ok")
    proxy = record(httpserver.url_for(""))

    assert httpx.get(f"{proxy.url}/v1/x", trust_env=False).text == "ok"


def test_cookies_of_one_client_are_not_sent_for_another(httpserver: HTTPServer, record: Record) -> None:
    answer = Response("{}", headers=[("Set-Cookie", "session=one-1234; Path=/"), ("Set-Cookie", "b=2")])
    httpserver.expect_request("/v1/x").respond_with_response(answer)
    proxy = record(httpserver.url_for(""))

    first = httpx.get(f"{proxy.url}/v1/x")
    httpx.get(f"{proxy.url}/v1/x")

    assert first.headers.get_list("set-cookie") == ["session=one-1234; Path=/", "b=2"]
    assert all("cookie" not in request.headers for request, _ in httpserver.log)
    assert b"one-1234" not in proxy.path.read_bytes()


# ---- Bodies ----

TEXT = b'{"id": "thread_1"}' * 100


@pytest.mark.parametrize(
    ("coding", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress)]
)
def test_what_is_compressed_passes_so_and_is_recorded_as_text(
    httpserver: HTTPServer, record: Record, coding: str, encode: Callable[[bytes], bytes]
) -> None:
    packed = encode(TEXT)
    headers = {"Content-Encoding": coding, "Content-Type": "application/json"}
    httpserver.expect_request("/v1/x").respond_with_data(packed, 200, headers)
    proxy = record(httpserver.url_for(""))

    with httpx.stream("GET", f"{proxy.url}/v1/x") as answer:
        raw = b"".join(answer.iter_raw())

    assert (raw, answer.headers["content-encoding"], int(answer.headers["content-length"])) == (
        packed,
        coding,
        len(packed),
    )
    exchange = proxy.only()
    assert exchange.response_body == TEXT
    assert exchange.response_header("content-encoding") is None
    assert exchange.response_header("content-length") is None


@pytest.mark.parametrize("files", [False, True])
def test_a_huge_body_passes_and_is_recorded_by_length_and_hash(
    httpserver: HTTPServer, record: Record, files: bool
) -> None:
    huge = b"0123456789abcdef" * (2 << 20)
    digest = hashlib.sha256(huge).hexdigest()

    def handle(request: Request) -> Response:
        assert hashlib.sha256(request.get_data()).hexdigest() == digest
        return Response(huge, content_type="application/json")

    httpserver.expect_request("/v1/x").respond_with_handler(handle)
    proxy = record(httpserver.url_for(""), files=files)

    answer = httpx.post(
        f"{proxy.url}/v1/x", content=huge, headers={"content-type": "application/json"}, timeout=PATIENCE
    )

    assert hashlib.sha256(answer.content).hexdigest() == digest
    exchange = proxy.only()
    (line,) = proxy.lines()
    about = {"bytes": len(huge), "sha256": digest, "left_out": "it is larger than 16777216 bytes"}
    assert (exchange.request_body, exchange.response_body, exchange.response_size) == (None, None, len(huge))
    assert about.items() <= line["request"].items()
    assert about.items() <= line["answer"].items()


@pytest.mark.parametrize("files", [False, True])
def test_files_are_recorded_only_if_that_is_asked_for(httpserver: HTTPServer, record: Record, files: bool) -> None:
    content = b"customers' data \xff"
    httpserver.expect_request("/v1/files", "POST").respond_with_json({"id": "file-1"})
    httpserver.expect_request("/v1/files/file-1/content").respond_with_data(content, content_type="text/plain")
    httpserver.expect_request("/v1/image").respond_with_data(content, content_type="image/png")
    proxy = record(httpserver.url_for(""), files=files)

    with httpx.Client(base_url=proxy.url) as client:
        client.post("/v1/files", data={"purpose": "assistants"}, files={"file": ("a.txt", content)})
        assert client.get("/v1/files/file-1/content").content == content
        assert client.get("/v1/image").content == content

    upload, *downloads = proxy.stop().exchanges
    assert upload.form is not None
    assert [(part.name, part.content) for part in upload.form] == [
        ("purpose", b"assistants"),
        ("file", content if files else None),
    ]
    assert (upload.form[1].filename, upload.form[1].size) == ("a.txt", len(content))
    assert [one.response_body for one in downloads] == [content if files else None] * 2
    assert [one.response_size for one in downloads] == [None if files else len(content)] * 2
    assert (b"customers" in proxy.path.read_bytes()) is False  # not in clear: it is no text
    digest = hashlib.sha256(content).hexdigest().encode()
    assert proxy.path.read_bytes().count(digest) == (1 if files else 3)
