"""HTTP archives, version 1.2, of browsers, of Playwright and of proxies. A ``.har`` alone: no archive that wraps it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from emulator.recordings.exchange import Ended, Exchange, Part
from emulator.recordings.readers.decoding import from_base64, text_bytes
from emulator.recordings.readers.entry import Entry
from emulator.recordings.readers.registry import listed, reader

_ENTRIES = listed("log", "entries")


def is_polly(data: Any) -> bool:
    """Polly.JS writes archives too, with bodies of its own kind."""
    return _ENTRIES(data) is not None and "_recordingName" in data["log"]


def _items(data: Any) -> list[Any] | None:
    return None if is_polly(data) else _ENTRIES(data)


@reader("har", "HAR 1.2", _items, marks=("log",), by_time=True)
def read(entry: Entry) -> Exchange:
    status = entry.status("response", "status")
    asked, form = request_body(entry)
    body = response_body(entry)
    size = entry.get("response", "content", "size")
    return entry.exchange(
        method=entry.text("request", "method"),
        url=entry.text("request", "url"),
        status=status,
        request_headers=entry.headers("request", "headers"),
        request_body=asked,
        form=form,
        response_headers=entry.headers("response", "headers"),
        response_body=b"" if body is None and size == 0 else body,
        response_size=size if body is None and isinstance(size, int) and size > 0 else None,
        ended=_ended(entry, status),
        time=entry.instant("startedDateTime"),
        coded=False,  # an archive has contents decoded, and headers as they came
    )


def request_body(entry: Entry) -> tuple[bytes | None, tuple[Part, ...] | None]:
    """What was posted, as text or only as the parameters of a form."""
    path = ("request", "postData")
    text = entry.optional_text(*path, "text")
    if text and entry.get(*path, "encoding") == "base64":
        return entry.bytes_of(from_base64, text, *path, "text"), None
    params = entry.get(*path, "params")
    if text or not isinstance(params, list) or not params:
        return None if text is None else text_bytes(text), None
    return _posted(entry, [Entry(entry.source, entry.number, param) for param in params])


def _posted(entry: Entry, params: list[Entry]) -> tuple[bytes | None, tuple[Part, ...] | None]:
    if (entry.optional_text("request", "postData", "mimeType") or "").startswith("multipart/"):
        return None, tuple(_part(param) for param in params)
    pairs = [(param.text("name"), param.optional_text("value") or "") for param in params]
    return urlencode(pairs).encode(), None


def _part(param: Entry) -> Part:
    """A file's contents are often left out, and its name tells that it is one."""
    filename, value = param.optional_text("fileName"), param.optional_text("value")
    content = text_bytes(value) if value or (value is not None and not filename) else None
    return Part(param.text("name"), filename or None, content)


def response_body(entry: Entry) -> bytes | None:
    path = ("response", "content")
    beside = entry.optional_text(*path, "_file")
    text = entry.optional_text(*path, "text")
    if beside and text is None:
        entry.note(
            f"the response body is in the separate file {beside}, which is not read: embed contents in the archive"
        )
    if text is None:
        return None
    if entry.get(*path, "encoding") == "base64":
        return entry.bytes_of(from_base64, text, *path, "text")
    return text_bytes(text)


def _ended(entry: Entry, status: int) -> Ended:
    """Browsers say in a word of their own why a request failed."""
    said = entry.optional_text("response", "_failureText") or entry.optional_text("response", "_error")
    if said is None:
        return "unknown" if status else "unreachable"
    if "ABORTED" in said:
        return "client_left"
    if "TIMED_OUT" in said:
        return "timeout"
    return "cut" if status else "unreachable"
