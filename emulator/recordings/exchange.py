"""One recorded request and its answer, whatever file it was found in; and recordings, which are lists of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit

import orjson

from emulator.base.problems import EmulatorError

#: Names in lower case, in the order in which they were recorded; a name can occur more than once.
Headers = tuple[tuple[str, str], ...]

#: How an answer ended. ``unknown``: the format does not tell. ``client_left``: the client went first. ``cut``: the
#: upstream broke off. ``timeout``: it fell silent. ``unreachable``: it never answered. ``stopped``: the recorder ended.
Ended = Literal["complete", "unknown", "client_left", "cut", "timeout", "unreachable", "stopped"]


class RecordingError(EmulatorError):
    """A file that cannot be read as a recording: what was expected, and what came."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a form. ``content`` is None where a file's bytes were not recorded; size and hash may be known."""

    name: str
    filename: str | None = None
    content: bytes | None = None
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, as they were before compression and transfer encoding.

    ``url`` is what was recorded: absolute, or a path with its query. Bodies are None where they were not recorded;
    ``answer_size`` may then tell how long the answer was. ``form`` are the parts of a multipart request.
    ``status`` 0: no answer came. ``number`` is the exchange's place in its file, from 1; ``time`` when the request
    came, in seconds since 1970, if that is known.
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
        """The answer is an event stream."""
        if (self.response_header("content-type") or "").startswith("text/event-stream"):
            return True
        return (self.response_body or b"").startswith(b"event: ")

    def request_json(self) -> Any:
        """The request's body as JSON, or None."""
        return parsed(self.request_body)

    def response_json(self) -> Any:
        """The answer's body as JSON, or None."""
        return None if self.streamed else parsed(self.response_body)

    def described(self) -> str:
        """``weather.yaml #4 POST /v1/threads``"""
        return f"{self.source} #{self.number} {self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Recording:
    """The exchanges of one file, in the order of their requests.

    ``notes`` tell what could not be read of it (a torn last line, requests that never ended).
    """

    name: str
    format: str
    exchanges: tuple[Exchange, ...]
    notes: tuple[str, ...] = ()
    upstream: str | None = field(default=None)


def _split(url: str) -> SplitResult:
    """A URL's parts; what is none is all path."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", url, "", "")


def parsed(raw: bytes | None) -> Any:
    """JSON, or None for what is none."""
    try:
        return orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        return None


def headers_of(pairs: Mapping[str, Any] | Iterable[tuple[str, Any]] | None) -> Headers:
    """Headers as formats have them: a mapping to a value or a list of values, or pairs."""
    items = pairs.items() if isinstance(pairs, Mapping) else pairs or ()
    return tuple(
        (str(name).lower(), str(value))
        for name, values in items
        for value in (values if isinstance(values, (list, tuple)) else [values])
        if value is not None
    )
