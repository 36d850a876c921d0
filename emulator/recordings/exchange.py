"""A recorded request with its response, in any file format; and recordings, which are lists of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import SplitResult, urlsplit

import orjson

from emulator.base.problems import EmulatorError

#: Names in lower case, in the order in which they were recorded; a name can occur more than once.
Headers = tuple[tuple[str, str], ...]

#: How a response ended. ``unknown``: the format does not tell. ``client_left``: the client closed the connection first.
#: ``cut``: the upstream broke off. ``timeout``: the upstream fell silent. ``unreachable``: there was no connection to
#: the upstream. ``stopped``: the recorder was stopped.
Ended = Literal["complete", "unknown", "client_left", "cut", "timeout", "unreachable", "stopped"]

#: The method of a request that was not recorded.
UNKNOWN_METHOD: Final = "?"


class RecordingError(EmulatorError):
    """A file is not a recording. The message says what was expected, and what the file has."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a form. ``content`` is None if a file's bytes were not recorded; its size and hash may be known."""

    name: str
    filename: str | None = None
    content: bytes | None = None
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response, without compression and transfer encoding.

    ``url`` is absolute, or a path with its query. A body is None if it was not recorded; ``response_size`` may then
    have its length in bytes. ``form`` has the parts of a multipart request. ``status`` 0: there was no response.
    ``number`` counts the exchanges of a file from 1. ``time`` is that of the request, in seconds since 1970, or None.
    """

    method: str
    url: str
    status: int
    request_headers: Headers = ()
    request_body: bytes | None = None
    form: tuple[Part, ...] | None = None
    response_headers: Headers = ()
    response_body: bytes | None = None
    response_size: int | None = None
    ended: Ended = "unknown"
    source: str = ""
    number: int = 0
    time: float | None = None

    @property
    def host(self) -> str:
        """Name and port of the server; empty if only a path was recorded."""
        return _split(self.url).netloc

    @property
    def path(self) -> str:
        return _split(self.url).path or "/"

    @property
    def query(self) -> str:
        return _split(self.url).query

    def request_header(self, name: str) -> str | None:
        """The first value of a header, by its name in lower case."""
        return next((value for one, value in self.request_headers if one == name), None)

    def response_header(self, name: str) -> str | None:
        return next((value for one, value in self.response_headers if one == name), None)

    @property
    def streamed(self) -> bool:
        """True if the response is an event stream."""
        if (self.response_header("content-type") or "").startswith("text/event-stream"):
            return True
        return (self.response_body or b"").startswith(b"event: ")

    def request_json(self) -> Any:
        """The request's body as JSON, or None."""
        return parsed(self.request_body)

    def response_json(self) -> Any:
        """The response's body as JSON, or None."""
        return None if self.streamed else parsed(self.response_body)

    def described(self) -> str:
        """``weather.yaml #4 POST /v1/threads``"""
        return f"{self.source} #{self.number} {self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Recording:
    """The exchanges of one file, in the order of their requests.

    ``notes`` mention its unreadable parts (an incomplete last line, requests that never ended).
    """

    name: str
    format: str
    exchanges: tuple[Exchange, ...]
    notes: tuple[str, ...] = ()
    upstream: str | None = field(default=None)


def _split(url: str) -> SplitResult:
    """The parts of a URL; an invalid one is all path."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", url, "", "")


def parsed(raw: bytes | None) -> Any:
    """The JSON value of a text, or None if it is not JSON."""
    try:
        return orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        return None


def headers_of(pairs: Mapping[str, Any] | Iterable[tuple[str, Any]] | None) -> Headers:
    """Headers from the forms in use: a mapping to a value or to a list of values, or pairs."""
    items = pairs.items() if isinstance(pairs, Mapping) else pairs or ()
    return tuple(
        (str(name).lower(), str(value))
        for name, values in items
        for value in (values if isinstance(values, (list, tuple)) else [values])
        if value is not None
    )
