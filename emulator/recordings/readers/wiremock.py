"""Stub mappings of WireMock: a snapshot of its recorder, an export of all mappings, or the file of one mapping."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from emulator.recordings.exchange import Exchange, Headers
from emulator.recordings.readers.decoding import from_base64, json_bytes, text_bytes
from emulator.recordings.readers.entry import Entry, as_text, clean
from emulator.recordings.readers.objects import NO_REQUEST
from emulator.recordings.readers.registry import listed, reader

_MAPPINGS: Final = listed("mappings")
_URLS: Final = ("url", "urlPath")
_PATTERNS: Final = ("urlPattern", "urlPathPattern", "urlPathTemplate")


def _items(data: Any) -> list[Any] | None:
    if (mappings := _MAPPINGS(data)) is not None:
        return mappings
    request, response = (data.get(key) for key in ("request", "response")) if isinstance(data, dict) else (None, None)
    if not isinstance(request, dict) or not isinstance(response, dict) or not isinstance(response.get("status"), int):
        return None
    return [data] if not request.keys().isdisjoint((*_URLS, *_PATTERNS)) else None


@reader("wiremock", "stub mappings of WireMock", _items, marks=("mappings", "urlPath", "urlPathPattern", "request"))
def read(entry: Entry) -> Exchange:
    method = entry.optional_text("request", "method") or "GET"
    return entry.exchange(
        method="GET" if method == "ANY" else method,
        url=_url(entry),
        status=200 if entry.get("response", "status") is None else entry.status("response", "status"),
        request_headers=_request_headers(entry),
        request_body=_request_body(entry),
        response_headers=entry.headers("response", "headers"),
        response_body=_response_body(entry),
    )


def _url(entry: Entry) -> str:
    for key in _URLS:
        if (url := entry.optional_text("request", key)) is not None:
            queries = entry.get("request", "queryParameters")
            pairs = [(clean(name), _equal(one)) for name, one in queries.items()] if isinstance(queries, dict) else []
            query = urlencode([(name, value) for name, value in pairs if value is not None], safe="[]")
            return f"{url}?{query}" if query and "?" not in url else url
    pattern = next((found for key in _PATTERNS if (found := entry.optional_text("request", key))), "")
    entry.note(f"a mapping for the pattern {pattern!r}: the address of its request is not known")
    return NO_REQUEST


def _equal(matcher: Any) -> str | None:
    """The value that a matcher expects, if it is one value."""
    value = matcher.get("equalTo") if isinstance(matcher, dict) else None
    return as_text(value)


def _request_headers(entry: Entry) -> Headers:
    """Those that the recorder was told to capture, where the mapping expects one value."""
    path = ("request", "headers")
    captured = entry.get(*path) or {}
    if not isinstance(captured, dict):
        raise entry.refused(path, "expected a mapping of headers")
    pairs = ((clean(name).lower(), _equal(one)) for name, one in captured.items())
    return tuple((name, value) for name, value in pairs if value is not None)


def _request_body(entry: Entry) -> bytes | None:
    """A body is what the first pattern compares with."""
    patterns = entry.get("request", "bodyPatterns") or [{}]
    first = patterns[0] if isinstance(patterns, list) else None
    if not isinstance(first, dict):
        raise entry.refused(("request", "bodyPatterns"), "expected a list of patterns")
    body = first.get("equalToJson", first.get("equalTo"))
    if body is None and isinstance(first.get("binaryEqualTo"), str):
        return entry.bytes_of(from_base64, first["binaryEqualTo"], "request", "bodyPatterns")
    if body is None:
        return None
    return entry.bytes_of(text_bytes if isinstance(body, str) else json_bytes, body, "request", "bodyPatterns")


def _response_body(entry: Entry) -> bytes | None:
    if (value := entry.get("response", "jsonBody")) is not None:
        return entry.bytes_of(json_bytes, value, "response", "jsonBody")
    if (coded := entry.optional_text("response", "base64Body")) is not None:
        return entry.bytes_of(from_base64, coded, "response", "base64Body")
    if file := entry.optional_text("response", "bodyFileName"):
        entry.note(f"the response body is in the file {file}, which is not read: record it into the mapping")
    text = entry.optional_text("response", "body")
    return None if text is None else text_bytes(text)
