"""The objects of nock's recorder (with ``output_objects``) as JSON, the fixtures of ``nockBack``, and nock's code."""

from __future__ import annotations

import re
from typing import Any, Final

from emulator.recordings.exchange import Exchange, Headers
from emulator.recordings.readers.decoding import from_hex, json_bytes, text_bytes
from emulator.recordings.readers.entry import Entry
from emulator.recordings.readers.registry import reader

_HEX: Final = re.compile(r"(?:[0-9a-f]{2}){8,}")


def _items(data: Any) -> list[Any] | None:
    found = isinstance(data, list) and data and isinstance(data[0], dict) and "scope" in data[0]
    return data if found else None


@reader("nock", "recordings of nock (objects as JSON, code with literal replies)", _items, marks=("scope",))
def read(entry: Entry) -> Exchange:
    headers = entry.headers("headers" if entry.get("rawHeaders") is None else "rawHeaders")
    return entry.exchange(
        method=entry.optional_text("method") or "GET",
        url=entry.text("scope") + (entry.optional_text("path") or ""),
        status=200 if entry.get("status") is None else entry.status("status"),
        request_headers=entry.headers("reqheaders"),
        request_body=_request_body(entry),
        response_headers=headers,
        response_body=_response_body(entry, headers),
    )


def _request_body(entry: Entry) -> bytes | None:
    """A body is a JSON value, text, or bytes in hexadecimal. A ``*`` stands for any body."""
    body = entry.get("body")
    if body is None or body == "*" or isinstance(body, bytes):
        return body if isinstance(body, bytes) else None
    if isinstance(body, str):
        return bytes.fromhex(body) if _HEX.fullmatch(body) else text_bytes(body)
    return entry.bytes_of(json_bytes, body, "body")


def _response_body(entry: Entry, headers: Headers) -> bytes | None:
    """A body like that of a request; one with a content coding is a list of pieces in hexadecimal."""
    response = entry.get("response")
    if response is None or isinstance(response, bytes):
        return response
    coded = any(name == "content-encoding" for name, _ in headers)
    if coded and isinstance(response, list) and all(isinstance(one, str) for one in response):
        return b"".join(entry.bytes_of(from_hex, one, "response") for one in response)
    if isinstance(response, str):
        if entry.get("responseIsBinary") is True:
            return entry.bytes_of(from_hex, response, "response")
        return text_bytes(response)
    return entry.bytes_of(json_bytes, response, "response")
