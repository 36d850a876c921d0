"""Planted secrets, each in every place where one can stand: none of them is in what was written."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import brotli
import httpx
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.recording.proxies import Record, recorders

SECRETS = {
    "a key": "sk-proj-Abc_123-def456GHI789",
    "an old key": "sk-abcdefghijklmnopqrst0123456789",
    "a session": "sess-abcdefgh01234567",
    "an organisation": "org-AbCdEf0123456789",
    "a project": "proj_AbCdEf0123456789",
    "a token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.SflKxwRJSMeKKF2QT4",
    "the user's own": "ACME-4711-42",
    "credentials": "opaque/credential+of-7f3a9==",
}

Place = Callable[[str], dict[str, Any]]


def deltas(secret: str) -> bytes:
    """A stream that says it in pieces of three characters."""
    pieces = [secret[start : start + 3] for start in range(0, len(secret), 3)]
    events = [{"id": "msg_1", "delta": {"content": [{"index": 0, "text": {"value": piece}}]}} for piece in pieces]
    return b"".join(b"event: thread.message.delta\ndata: %b\n\n" % json.dumps(event).encode() for event in events)


STREAM = {"content-type": "text/event-stream"}
JSON = {"content-type": "application/json"}

#: What a client sends, and what is answered to it.
PLACES: dict[str, Place] = {
    "header": lambda s: {"headers": {"x-note": f"it is {s}", "api-key": s}},
    "cookie": lambda s: {"headers": {"cookie": f"a=1; session={s}"}},
    "query": lambda s: {"url": f"?a=1&api-key={quote(s, safe='')}&q={quote(f'for {s}')}"},
    "path": lambda s: {"url": f"/{quote(s, safe='')}/x"},
    "body": lambda s: {"json": {"messages": [{"role": "user", "content": f"Is {s} right?"}]}},
    "name": lambda s: {"json": {"metadata": {s: "x", "client_secret": "sesame-of-mine"}}},
    "escaped": lambda s: {"content": json.dumps({"a": f"é {s}"}).replace("-", "\\u002d").encode(), "headers": JSON},
    "nested JSON": lambda s: {"json": {"output": json.dumps({"a": json.dumps({"deep": [s, {"password": s}]})})}},
    "broken JSON": lambda s: {"content": f'{{"a": ["{s}", {{"token": "{s}'.encode(), "headers": JSON},
    "text": lambda s: {"content": f"api_key = '{s}'\n".encode()},
    "urlencoded": lambda s: {"data": {"a": s, "refresh_token": s}},
    "multipart": lambda s: {"data": {"purpose": s, s: "x"}, "files": {"file": (f"{s}.txt", f"Key: {s}".encode())}},
    "answer's header": lambda s: {"answer": ("{}", {"x-echo": s, "set-cookie": f"session={s}; Path=/"})},
    "answer": lambda s: {"answer": (json.dumps({"error": {"message": f"Bad key: {s}."}}, indent=2), JSON)},
    "events": lambda s: {"answer": (f": {s}\nevent: x\ndata: {json.dumps({'a': [s]})}\n\ndata: {s}\n\n", STREAM)},
    "deltas": lambda s: {"answer": (deltas(s), STREAM)},
    "gzip": lambda s: {"answer": (gzip.compress(deltas(s) + s.encode()), {**STREAM, "content-encoding": "gzip"})},
    "brotli": lambda s: {"answer": (brotli.compress(json.dumps([s]).encode()), {**JSON, "content-encoding": "br"})},
    "download": lambda s: {"answer": (b"\xff" + s.encode(), {"content-type": "application/octet-stream"})},
}


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    with recorders(tmp_path) as start:
        yield start


def everything(path: Path) -> str:
    """All that was written, also what stands in it as base64 or as the text of a string."""
    raw = path.read_text()
    found = [raw]

    def look(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("base64"), str):
                found.append(base64.b64decode(value["base64"]).decode("latin-1"))
            for key, inner in value.items():
                found.append(key)
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)
        elif isinstance(value, str):
            found.append(value)
            found.append(value.encode().decode("unicode_escape", "replace"))

    for line in raw.splitlines():
        look(json.loads(line))
    return "\n".join(found)


def joined(text: str) -> str:
    """The deltas of a stream, joined as a client would."""
    values = [json.loads(line[6:]) for line in text.splitlines() if line.startswith('data: {"id"')]
    return "".join(value["delta"]["content"][0]["text"]["value"] for value in values)


@pytest.mark.parametrize(
    ("place", "files"), [*((place, False) for place in PLACES), ("multipart", True), ("download", True)]
)
def test_no_secret_is_written(httpserver: HTTPServer, record: Record, place: str, files: bool) -> None:
    answers: list[tuple[Any, dict[str, str]]] = []

    def handle(request: Request) -> Response:
        request.get_data()
        body, headers = answers[-1]
        return Response(body, headers=headers)

    httpserver.expect_request(re.compile(".*")).respond_with_handler(handle)
    proxy = record(httpserver.url_for(""), files=files, redact=(r"ACME(-\d+)+",))
    for secret in SECRETS.values():
        asked = PLACES[place](secret)
        answers.append(asked.pop("answer", ("{}", JSON)))
        carried = {"authorization": f"Bearer {SECRETS['credentials']}", **asked.pop("headers", {})}
        url = f"{proxy.url}/v1/x{asked.pop('url', '')}"
        with httpx.stream("POST", url, headers=carried, **asked) as answer:
            got = b"".join(answer.iter_raw())
        body, _ = answers[-1]
        assert got == (body.encode() if isinstance(body, str) else body)  # the client has all of it

    exchanges = proxy.stop().exchanges
    written = everything(proxy.path)
    assert len(exchanges) == len(SECRETS)
    for secret, exchange in zip(SECRETS.values(), exchanges, strict=True):
        for shape in (secret, quote(secret, safe=""), secret.replace("-", "\\u002d")):
            assert shape not in written
        assert secret[4:] not in joined((exchange.response_body or b"").decode("latin-1"))
        assert exchange.request_header("authorization") == "[redacted]"
    assert "sesame" not in written
