"""Recordings of Polly.JS: archives whose bodies may still have a content coding, piece by piece."""

from __future__ import annotations

from typing import Any

import orjson

from emulator.recordings.exchange import Exchange
from emulator.recordings.readers.decoding import from_base64, from_hex, text_bytes
from emulator.recordings.readers.entry import Entry
from emulator.recordings.readers.har import is_polly, request_body
from emulator.recordings.readers.registry import reader


def _items(data: Any) -> list[Any] | None:
    return data["log"]["entries"] if is_polly(data) else None


@reader("polly", "recordings of Polly.JS", _items, marks=("_recordingName",), by_time=True)
def read(entry: Entry) -> Exchange:
    body, form = request_body(entry)
    return entry.exchange(
        method=entry.text("request", "method"),
        url=entry.text("request", "url"),
        status=entry.status("response", "status"),
        request_headers=entry.headers("request", "headers"),
        request_body=body,
        form=form,
        response_headers=entry.headers("response", "headers"),
        response_body=_body(entry),
        time=entry.instant("startedDateTime"),
    )


def _body(entry: Entry) -> bytes:
    """The body of a response, empty without text.

    A body with a content coding is a JSON list of its pieces; before version 5 they are hexadecimal.
    """
    path = ("response", "content")
    text = entry.optional_text(*path, "text") or ""
    decode = from_base64 if entry.get(*path, "encoding") == "base64" else None
    if entry.get(*path, "_isBinary") is True:
        decode = decode or from_hex
    pieces = (
        _pieces(text) if any(name == "content-encoding" for name, _ in entry.headers("response", "headers")) else None
    )
    if pieces is not None:
        return b"".join(entry.bytes_of(decode or from_hex, one, *path, "text") for one in pieces)
    return entry.bytes_of(decode or text_bytes, text, *path, "text")


def _pieces(text: str) -> list[str] | None:
    try:
        pieces = orjson.loads(text) if text.startswith("[") else None
    except orjson.JSONDecodeError:
        return None
    return pieces if pieces and all(isinstance(one, str) for one in pieces) else None
