"""HTTP archives, version 1.2, of browsers, Playwright and proxies; in a zip archive with the bodies beside them too."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from emulator.recordings.exchange import Ended, Exchange, Part
from emulator.recordings.readers.decoding import from_base64, text_bytes
from emulator.recordings.readers.entry import Entry
from emulator.recordings.readers.registry import listed, reader

_ENTRIES = listed("log", "entries")


def is_polly(data: Any) -> bool:
    """True for an archive of Polly.JS, which has bodies of its own kind."""
    return _ENTRIES(data) is not None and "_recordingName" in data["log"]


def _items(data: Any) -> list[Any] | None:
    return None if is_polly(data) else _ENTRIES(data)


@reader("har", "HAR 1.2", _items, marks=("log",), by_time=True)
def read(entry: Entry) -> Exchange:
    status = entry.status("response", "status")
    sent_body, form = request_body(entry)
    body = response_body(entry)
    size = entry.get("response", "content", "size")
    return entry.exchange(
        method=entry.text("request", "method"),
        url=entry.text("request", "url"),
        status=status,
        request_headers=entry.headers("request", "headers"),
        request_body=sent_body,
        form=form,
        response_headers=entry.headers("response", "headers"),
        response_body=b"" if body is None and size == 0 else body,
        response_size=size if body is None and isinstance(size, int) and size > 0 else None,
        ended=_ended(entry, status),
        time=entry.instant("startedDateTime"),
        coded=False,  # an archive has decoded contents, and the original headers
    )


def request_body(entry: Entry) -> tuple[bytes | None, tuple[Part, ...] | None]:
    """The body of the request, or the parts of its form: an archive has the text, or only the parameters."""
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
    """A part of a form. The contents of a file are often left out; a file name shows that it is one."""
    filename, value = param.optional_text("fileName"), param.optional_text("value")
    content = text_bytes(value) if value or (value is not None and not filename) else None
    return Part(param.text("name"), filename or None, content)


def response_body(entry: Entry) -> bytes | None:
    path = ("response", "content")
    separate_file = entry.optional_text(*path, "_file")
    text = entry.optional_text(*path, "text")
    if separate_file and text is None:
        if (kept := entry.source.beside.get(separate_file)) is not None:
            return kept
        entry.note(
            f"the response body is in the file {separate_file}, which is not read: embed contents in the archive"
        )
    if text is None:
        return None
    if entry.get(*path, "encoding") == "base64":
        return entry.bytes_of(from_base64, text, *path, "text")
    return text_bytes(text)


def _ended(entry: Entry, status: int) -> Ended:
    """How the response ended, by the reason that a browser gives for a failure."""
    reason = entry.optional_text("response", "_failureText") or entry.optional_text("response", "_error")
    if reason is None:
        return "unknown" if status else "unreachable"
    if "ABORTED" in reason:
        return "client_left"
    if "TIMED_OUT" in reason:
        return "timeout"
    return "cut" if status else "unreachable"
