"""Cassettes of requests with their responses: lists of ExVCR and PHP-VCR, and one exchange in each file of dd-trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.recordings.exchange import Exchange
from emulator.recordings.readers.decoding import from_base64, json_bytes, text_bytes
from emulator.recordings.readers.entry import Entry, as_text
from emulator.recordings.readers.registry import Items, reader


def _pair(data: Any, fits: Callable[[dict[str, Any]], bool]) -> bool:
    """True for a request with its response, if the response fits."""
    if not isinstance(data, dict) or not isinstance(data.get("request"), dict):
        return False
    response = data.get("response")
    return isinstance(response, dict) and fits(response)


def _list_of(fits: Callable[[dict[str, Any]], bool]) -> Items:
    return lambda data: data if isinstance(data, list) and data and _pair(data[0], fits) else None


def _has_status_code(response: dict[str, Any]) -> bool:
    return "status_code" in response


def _has_status(response: dict[str, Any]) -> bool:
    return isinstance(response.get("status"), dict)


@reader("exvcr", "cassettes of ExVCR", _list_of(_has_status_code), marks=("status_code",))
def read_exvcr(entry: Entry) -> Exchange:
    """``request_body`` is what was sent; ``body`` of a request is a pattern for it."""
    sent = entry.get("request", "request_body")
    return entry.exchange(
        method=entry.text("request", "method"),
        url=entry.text("request", "url"),
        status=entry.status("response", "status_code"),
        request_headers=entry.headers("request", "headers"),
        request_body=_text(entry, "request", "request_body" if sent not in (None, "") else "body"),
        response_headers=entry.headers("response", "headers"),
        response_body=_binary(entry) if entry.get("response", "binary") is True else _text(entry, "response", "body"),
    )


def _binary(entry: Entry) -> bytes | None:
    """A binary body is Erlang's external format in base64, of which the bytes are the tail."""
    raw = entry.bytes_of(from_base64, entry.text("response", "body"), "response", "body")
    is_term = raw[:2] == b"\x83m" and int.from_bytes(raw[2:6], "big") == len(raw) - 6
    return raw[6:] if is_term else raw


@reader("php_vcr", "cassettes of PHP-VCR (YAML, JSON)", _list_of(_has_status), marks=("request",))
def read_php_vcr(entry: Entry) -> Exchange:
    return _read(entry)


@reader(
    "dd_trace",
    "cassettes of dd-trace, one exchange in each file",
    lambda data: [data] if _pair(data, _has_status) else None,
    marks=("request",),
)
def read_dd_trace(entry: Entry) -> Exchange:
    return _read(entry)


def _read(entry: Entry) -> Exchange:
    return entry.exchange(
        method=entry.text("request", "method"),
        url=entry.text("request", "url" if entry.get("request", "uri") is None else "uri"),
        status=entry.status("response", "status", "code"),
        request_headers=entry.headers("request", "headers"),
        request_body=_text(entry, "request", "body"),
        response_headers=entry.headers("response", "headers"),
        response_body=_text(entry, "response", "body"),
    )


def _text(entry: Entry, side: str, key: str) -> bytes | None:
    """A body is text, bytes, or the JSON value that it is."""
    value = entry.get(side, key)
    if value is None or isinstance(value, bytes):
        return value
    text = as_text(value)
    return text_bytes(text) if text is not None else entry.bytes_of(json_bytes, value, side, key)
