"""Cassettes of Ruby's VCR, in YAML or JSON; betamax writes the same, and R's vcr has another name for the status."""

from __future__ import annotations

import re
from typing import Any, Final

from emulator.recordings.exchange import Exchange
from emulator.recordings.readers.decoding import from_base64, text_bytes
from emulator.recordings.readers.entry import Entry, shortened
from emulator.recordings.readers.registry import listed, reader

#: Encodings that Ruby may have used for a text which the file has in UTF-8.
_NOT_UTF8: Final = re.compile(r"iso-8859-\d+|windows-125\d|utf-16(le|be)?|shift_jis|euc-jp", re.IGNORECASE)


@reader(
    "ruby_vcr",
    "cassettes of Ruby's VCR and R's vcr (YAML, JSON)",
    listed("http_interactions"),
    marks=("http_interactions",),
    in_yaml=True,
)
def read(entry: Entry) -> Exchange:
    return entry.exchange(
        method=entry.text("request", "method"),
        url=entry.text("request", "uri"),
        status=_status(entry),
        request_headers=entry.headers("request", "headers"),
        request_body=_body(entry, "request"),
        response_headers=entry.headers("response", "headers"),
        response_body=_body(entry, "response"),
        time=entry.instant("recorded_at"),
    )


def _status(entry: Entry) -> int:
    """R's vcr: ``status_code``, or in version 2 the status itself."""
    status = entry.get("response", "status")
    if not isinstance(status, dict):
        return entry.status("response", "status")
    return entry.status("response", "status", "code" if status.get("code") is not None else "status_code")


def _body(entry: Entry, side: str) -> bytes | None:
    body = entry.get(side, "body")
    if not isinstance(body, dict):
        return _raw(entry, body, None, (side, "body"))
    if body.get("base64_string") is not None:
        text = entry.text(side, "body", "base64_string")
        return entry.bytes_of(from_base64, text, side, "body", "base64_string")
    return _raw(entry, body.get("string"), entry.optional_text(side, "body", "encoding"), (side, "body", "string"))


def _raw(entry: Entry, value: Any, encoding: str | None, path: tuple[str, ...]) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise entry.refused(path, f"expected text, got {shortened(value)}")
    if encoding and _NOT_UTF8.fullmatch(encoding):
        return value.encode(encoding, "replace")
    return text_bytes(value)
