"""Expectations and recorded requests with their responses, as MockServer retrieves them in JSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from emulator.recordings.exchange import Exchange
from emulator.recordings.readers.decoding import from_base64, json_bytes, text_bytes
from emulator.recordings.readers.entry import Entry, as_text, clean, shortened
from emulator.recordings.readers.registry import reader


def _items(data: Any) -> list[Any] | None:
    items = data if isinstance(data, list) else [data]
    first = items[0] if items else None
    return items if isinstance(first, dict) and isinstance(first.get("httpRequest"), dict) else None


@reader("mockserver", "expectations and recordings of MockServer", _items, marks=("httpRequest",))
def read(entry: Entry) -> Exchange:
    return entry.exchange(
        method=entry.optional_text("httpRequest", "method") or "GET",
        url=_url(entry),
        status=_status(entry),
        request_headers=entry.headers("httpRequest", "headers"),
        request_body=_body(entry, "httpRequest"),
        response_headers=entry.headers("httpResponse", "headers"),
        response_body=_body(entry, "httpResponse"),
    )


def _status(entry: Entry) -> int:
    if entry.get("httpResponse") is None:
        return 0
    return 200 if entry.get("httpResponse", "statusCode") is None else entry.status("httpResponse", "statusCode")


def _url(entry: Entry) -> str:
    """The path with its query: a mapping of lists, or a list of names with their values."""
    path, query = entry.text("httpRequest", "path"), entry.get("httpRequest", "queryStringParameters")
    pairs: list[tuple[str, Any]] = []
    if isinstance(query, dict):
        pairs = list(query.items())
    elif isinstance(query, list):
        pairs = [(str(one.get("name")), one.get("values")) for one in query if isinstance(one, dict)]
    flat = [(clean(name), as_text(one) or "") for name, values in pairs
            for one in (values if isinstance(values, list) else [values])]  # fmt: skip
    return f"{path}?{urlencode(flat, safe='[]')}" if flat else path


def _body(entry: Entry, side: str) -> bytes | None:
    """A body is text, a JSON value, or a mapping that names its kind."""
    body = entry.get(side, "body")
    if isinstance(body, str):
        return text_bytes(body)
    if not isinstance(body, dict) or "type" not in body:
        return None if body is None else entry.bytes_of(json_bytes, body, side, "body")
    match body["type"]:
        case "BINARY":
            return entry.bytes_of(from_base64, entry.text(side, "body", "base64Bytes"), side, "body", "base64Bytes")
        case "JSON":
            value = body.get("json")
            decode = text_bytes if isinstance(value, str) else json_bytes
            return None if value is None else entry.bytes_of(decode, value, side, "body", "json")
        case "STRING":
            return text_bytes(entry.optional_text(side, "body", "string") or "")
    raise entry.refused((side, "body", "type"), f"expected STRING, JSON or BINARY, got {shortened(body['type'])}")
