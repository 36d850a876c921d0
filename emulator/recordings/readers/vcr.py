"""Cassettes of vcrpy, in YAML or JSON, and those of go-vcr, which have the same structure and other names."""

from __future__ import annotations

from typing import Any

from emulator.recordings.exchange import Exchange
from emulator.recordings.readers.decoding import json_bytes
from emulator.recordings.readers.entry import Entry, as_text, shortened
from emulator.recordings.readers.registry import listed, reader


def _items(data: Any) -> list[Any] | None:
    """The interactions; or two lists beside each other, as vcrpy holds them and some serializers write them."""
    if (found := listed("interactions")(data)) is not None:
        return found
    requests, responses = listed("requests")(data), listed("responses")(data)
    if not requests or responses is None or len(requests) != len(responses):
        return None
    if not all(isinstance(one, dict) and "method" in one for one in requests):
        return None
    return [{"request": asked, "response": got} for asked, got in zip(requests, responses, strict=True)]


@reader("vcr", "cassettes of vcrpy and go-vcr (YAML, JSON)", _items, marks=("interactions", "responses"), in_yaml=True)
def read(entry: Entry) -> Exchange:
    content = "content" if entry.get("response", "body") is None else "body"  # vcrpy's first stub for httpx
    return entry.exchange(
        method=entry.text("request", "method"),
        url=entry.text("request", "url" if entry.get("request", "uri") is None else "uri"),
        status=_status(entry),
        request_headers=entry.headers("request", "headers"),
        request_body=_body(entry, "request", "body"),
        response_headers=entry.headers("response", "headers"),
        response_body=_body(entry, "response", content),
    )


def _status(entry: Entry) -> int:
    """go-vcr: ``code``. vcrpy's first stub for httpx: ``status_code``."""
    for key in ("code", "status_code"):
        if entry.get("response", key) is not None:
            return entry.status("response", key)
    return entry.status("response", "status", "code")


def _body(entry: Entry, side: str, key: str) -> bytes | None:
    """The body of one side; serializers that keep JSON readable write it as ``parsed_body``."""
    parsed = entry.get(side, "parsed_body")
    if parsed is not None:
        return entry.bytes_of(json_bytes, parsed, side, "parsed_body")
    path: tuple[str, ...] = (side, key)
    value = entry.get(*path)
    if isinstance(value, dict) and "string" in value:
        path, value = (*path, "string"), value["string"]
    if isinstance(value, dict):
        value = _inside(value)
    if value is None:
        return None
    pieces = [_raw(one) for one in (value if isinstance(value, list) else [value])]
    whole = [piece for piece in pieces if piece is not None]
    if len(whole) < len(pieces):
        raise entry.refused(path, f"expected text, bytes or a mapping with 'string', got {shortened(entry.get(*path))}")
    return b"".join(whole)


def _inside(value: dict[str, Any]) -> Any:
    """The value inside Python's tags for files and iterators; nothing is made of the tags themselves."""
    for key in ("state", "args"):
        if isinstance(value.get(key), list) and value[key]:
            return value[key][0]
    return value


def _raw(value: Any) -> bytes | None:
    if isinstance(value, bytes):
        return value
    text = as_text(value)
    return None if text is None else text.encode()
