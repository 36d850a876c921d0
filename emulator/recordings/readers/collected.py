"""Collections of exchanges: ``{source, note, exchanges: [{method, path, request_body, status, response_body, …}]}``."""

from __future__ import annotations

from dataclasses import replace

from emulator.recordings.exchange import UNKNOWN_METHOD, Exchange, Part
from emulator.recordings.readers.decoding import BadBody, from_base64, json_bytes, text_bytes
from emulator.recordings.readers.entry import Entry
from emulator.recordings.readers.registry import listed, reader

_BYTES_MARK = b"b64:"


@reader(
    "collected", "collections of exchanges (JSON with the key 'exchanges')", listed("exchanges"), marks=("exchanges",)
)
def read(entry: Entry) -> Exchange:
    """A body is a JSON value or text. Notes mention what its author cut or did not know."""
    method = entry.text("method")
    if method == UNKNOWN_METHOD:
        entry.note("the request's method and address were not recorded")
    if entry.get("truncated") is not None:
        entry.note(f"the response is incomplete: {entry.text('truncated')}")
    exchange = entry.exchange(
        method=method,
        url=entry.text("url" if entry.get("path") is None else "path"),
        status=entry.status("status"),
        request_headers=entry.headers("request_headers"),
        request_body=_body(entry, "request_body"),
        response_headers=entry.headers("response_headers"),
        response_body=_body(entry, "response_body"),
        time=entry.instant("recorded_at"),
    )
    return replace(exchange, form=exchange.form and tuple(_part(one) for one in exchange.form))


def _body(entry: Entry, key: str) -> bytes | None:
    value = entry.get(key)
    if value is None:
        return None
    return text_bytes(value) if isinstance(value, str) else entry.bytes_of(json_bytes, value, key)


def _part(part: Part) -> Part:
    """A part with marked base64 instead of text has its bytes decoded."""
    if part.content is None or not part.content.startswith(_BYTES_MARK):
        return part
    try:
        return replace(part, content=from_base64(part.content.removeprefix(_BYTES_MARK).decode("ascii", "replace")))
    except BadBody:
        return part
