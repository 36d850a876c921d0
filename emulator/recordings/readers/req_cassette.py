"""Cassettes of ReqCassette, whose bodies have a type: a JSON value, text, or bytes in base64."""

from __future__ import annotations

from typing import Any

from emulator.recordings.exchange import Exchange
from emulator.recordings.readers.decoding import from_base64, json_bytes, text_bytes
from emulator.recordings.readers.entry import Entry, shortened
from emulator.recordings.readers.registry import listed, reader


def _items(data: Any) -> list[Any] | None:
    found = listed("interactions")(data)
    response = found[0].get("response") if found and isinstance(found[0], dict) else None
    return found if isinstance(response, dict) and "body_type" in response else None


@reader("req_cassette", "cassettes of ReqCassette", _items, marks=("body_type",))
def read(entry: Entry) -> Exchange:
    url, query = entry.text("request", "uri"), entry.optional_text("request", "query_string")
    return entry.exchange(
        method=entry.text("request", "method"),
        url=f"{url}?{query}" if query and "?" not in url else url,
        status=entry.status("response", "status"),
        request_headers=entry.headers("request", "headers"),
        request_body=_body(entry, "request"),
        response_headers=entry.headers("response", "headers"),
        response_body=_body(entry, "response"),
    )


def _body(entry: Entry, side: str) -> bytes | None:
    match kind := entry.optional_text(side, "body_type"):
        case "json":
            value = entry.get(side, "body_json")
            return None if value is None else entry.bytes_of(json_bytes, value, side, "body_json")
        case "blob":
            return entry.bytes_of(from_base64, entry.text(side, "body_blob"), side, "body_blob")
        case "text" | None:
            text = entry.optional_text(side, "body")
            return None if text is None else text_bytes(text)
    raise entry.refused((side, "body_type"), f"expected json, text or blob, got {shortened(kind)}")
