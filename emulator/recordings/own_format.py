"""Our own recordings: JSON Lines with a versioned header, then one exchange a line in the order in which they ended.

    {"format": "assistants-emulator recording", "version": 1, "upstream": "https://…", "files": false}
    {"n": 1, "time": …, "method": "POST", "url": "/v1/threads", "ended": "complete", "request": {…}, "answer": {…}}

``n`` numbers the requests as they begin, and ``open`` has the numbers of the others that had not ended when the line
was written, so that a reader knows which are missing. A body is text, or ``{"base64": …}`` if it is not UTF-8, or
absent; then ``bytes`` and ``sha256`` describe it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple, NoReturn, get_args

import orjson

from emulator.base.text import shorten
from emulator.recordings.exchange import Ended, Exchange, Headers, Part, Recording, RecordingError

FORMAT: Final = "assistants-emulator recording"
VERSION: Final = 1

Object = dict[str, Any]

# ---- Writing ----


def header_line(upstream: str | None = None, *, files: bool = False) -> bytes:
    """The first line. ``files``: the contents of files were recorded too."""
    return _line({"format": FORMAT, "version": VERSION, "upstream": upstream, "files": files})


class Details(NamedTuple):
    """What a recorder knows of an exchange besides its contents.

    Milliseconds from the request to the first and to the last byte of the response; and more fields of either, such as
    the hash of a body that is left out.
    """

    first_ms: float | None = None
    total_ms: float | None = None
    request: Mapping[str, Any] = MappingProxyType({})
    response: Mapping[str, Any] = MappingProxyType({})


_NO_DETAILS: Final = Details()


def line(exchange: Exchange, details: Details = _NO_DETAILS, *, open: Iterable[int] = ()) -> bytes:
    """The line of an exchange. ``open``: the numbers of the other requests that have not ended."""
    times = _present(first=details.first_ms, total=details.total_ms)
    request = _present(
        headers=exchange.request_headers or None, body=_body(exchange.request_body), form=_form(exchange.form)
    )
    response = _present(
        status=exchange.status,
        headers=exchange.response_headers or None,
        body=_body(exchange.response_body),
        bytes=exchange.response_size,
    )
    return _line(
        _present(
            n=exchange.number,
            time=exchange.time,
            method=exchange.method,
            url=exchange.url,
            ended=exchange.ended,
            ms={name: round(ms, 1) for name, ms in times.items()} or None,
            open=sorted(open) or None,
            request={**request, **details.request},
            answer={**response, **details.response},
        )
    )


def _line(values: Object) -> bytes:
    return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)


def _present(**values: Any) -> Object:
    return {name: value for name, value in values.items() if value is not None}


def _body(raw: bytes | None) -> Any:
    if raw is None:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(raw).decode()}


def _form(parts: tuple[Part, ...] | None) -> Any:
    return (
        None
        if parts is None
        else [
            _present(
                name=part.name, filename=part.filename, content=_body(part.content), bytes=part.size, sha256=part.sha256
            )
            for part in parts
        ]
    )


# ---- Reading ----


def recognises(raw: bytes) -> bool:
    """True for a file with our header, of any version."""
    first = raw[: raw.find(b"\n") + 1 or len(raw)]
    if len(first) > _LONGEST_HEADER or not first.startswith(b"{"):
        return False
    try:
        return bool(orjson.loads(first).get("format") == FORMAT)
    except orjson.JSONDecodeError:
        return False


def read(raw: bytes, file: str) -> Recording:
    """Reads a recording. Raises RecordingError, with the line, for a file that is not one of ours.

    A last line that breaks off and requests that never ended are no errors; ``notes`` mention them.
    """
    contents = read_contents(raw, file)
    found, notes = contents.exchanges, []
    if contents.torn:
        notes.append(f"{file}: the last line breaks off after {contents.torn} bytes; it is left out")
    if lost := _missing(found, contents.open):
        notes.append(f"{file}: no response to {lost}: not finished when the recorder stopped, or removed from the file")
    exchanges = tuple(found[number] for number in sorted(found))
    return Recording(file, FORMAT, exchanges, tuple(notes), contents.header.get("upstream"))


@dataclass(slots=True)
class Contents:
    """The contents of a file: exchanges by number, numbers of open requests, and bytes of a line that breaks off."""

    header: Object
    exchanges: dict[int, Exchange]
    open: set[int]
    torn: int = 0


def read_contents(raw: bytes, file: str) -> Contents:
    """Raises RecordingError."""
    *lines, tail = raw.split(b"\n")
    header = _Line(lines[0] if lines else tail, file, 1)
    header.check_header()
    contents = Contents(header.values, {}, set())
    for at, text in enumerate(lines[1:], 2):
        if text.strip():
            contents.open = _Line(text, file, at).add_to(contents.exchanges)
    if tail and lines:
        last = _Line(tail, file, len(lines) + 1)
        if last.is_whole:
            contents.open = last.add_to(contents.exchanges)
        else:
            contents.torn = len(tail)
            contents.open |= _number_of(tail)
    return contents


def _number_of(torn: bytes) -> set[int]:
    """The number of the request whose line breaks off, if so much of it is there."""
    digits, comma, _ = torn.removeprefix(b'{"n":').partition(b",")
    return {int(digits)} if torn.startswith(b'{"n":') and comma and digits.isdigit() else set()


_LONGEST_HEADER: Final = 64 * 1024


def _missing(found: Collection[int], open: Collection[int]) -> str:
    """``requests 2, 4-7 and 9``: the gaps below the last number that was found, and the open requests after it."""
    gaps: list[tuple[int, int]] = []
    last = 0
    for number in sorted(found):
        gaps += [(last + 1, number - 1)] if number > last + 1 else []
        last = number
    gaps += [(number, number) for number in sorted(open) if number > last]
    words = [str(start) if start == end else f"{start}-{end}" for start, end in gaps]
    shown = words if len(words) < 2 else [", ".join(words[:-1]), words[-1]]
    several = len(gaps) > 1 or any(start < end for start, end in gaps)
    return f"request{'s' * several} {' and '.join(shown)}" if gaps else ""


class _Line:
    """A line of a file, and what is wrong with it."""

    def __init__(self, text: bytes, file: str, at: int) -> None:
        self.file, self.at = file, at
        self.values: Object = {}
        self.is_whole = True
        try:
            values = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            self.is_whole, self._problem = False, f"a line of JSON: {error}"
        else:
            self.values = values if isinstance(values, dict) else {}
            self._problem = "" if isinstance(values, dict) else f"a JSON object, got {_shown(values)}"

    def refuse(self, expected: str) -> NoReturn:
        raise RecordingError(f"{self.file}:{self.at}: expected {expected}")

    def check_header(self) -> None:
        if self._problem:
            self.refuse(self._problem)
        if self.values.get("format") != FORMAT:
            self.refuse(f'the header of a recording, {{"format": "{FORMAT}", …}}, got {_shown(self.values)}')
        if self.values.get("version") != VERSION:
            self.refuse(
                f"version {VERSION} of the format, got {_shown(self.values.get('version'))}; "
                "another version of assistants-emulator wrote it"
            )
        self.take(self.values, "upstream", str, "a URL", None)

    def add_to(self, found: dict[int, Exchange]) -> set[int]:
        """Adds the exchange. Returns the numbers of the requests that were open at its end."""
        if self._problem:
            self.refuse(self._problem)
        exchange = self._exchange()
        if exchange.number in found:
            self.refuse(f"each request once, got number {exchange.number} again; two recordings need two files")
        found[exchange.number] = exchange
        under_way = self.take(self.values, "open", list, "a list of numbers", [])
        return {number for number in under_way if isinstance(number, int)}

    def take(self, values: Object, name: str, kind: Any, expected: str, *default: Any) -> Any:
        """A value of that type; it is required unless there is a default."""
        value = values.get(name)
        if value is None and default:
            return default[0]
        if not isinstance(value, kind) or isinstance(value, bool):
            self.refuse(f"{name!r}: {expected}, got {'nothing' if value is None else _shown(value)}")
        return value

    def _exchange(self) -> Exchange:
        values = self.values
        request = self.take(values, "request", dict, "the request", {})
        response = self.take(values, "answer", dict, "the response")
        ended: Any = values.get("ended")
        if ended not in get_args(Ended):
            self.refuse(f"'ended': one of {', '.join(get_args(Ended))}, got {_shown(ended)}")
        number = self.take(values, "n", int, "the request's number, from 1")
        if number < 1:
            self.refuse(f"'n': the request's number, from 1, got {number}")
        return Exchange(
            method=self.take(values, "method", str, "an HTTP method"),
            url=self.take(values, "url", str, "a path with its query, or a URL"),
            status=self.take(response, "status", int, "the status of the response, or 0 for no response"),
            request_headers=self._headers(request),
            request_body=self._body(request, "body"),
            form=self._form(request),
            response_headers=self._headers(response),
            response_body=self._body(response, "body"),
            response_size=self.take(response, "bytes", int, "the length of a body", None),
            ended=ended,
            source=self.file,
            number=number,
            time=self.take(values, "time", (int, float), "seconds since 1970", None),
        )

    def _headers(self, values: Object) -> Headers:
        pairs = self.take(values, "headers", list, "a list of [name, value]", [])
        for pair in pairs:
            if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(one, str) for one in pair):
                self.refuse(f"'headers': a list of [name, value], got {_shown(pair)}")
        return tuple((name, value) for name, value in pairs)

    def _body(self, values: Object, name: str) -> bytes | None:
        value = self.take(values, name, (str, dict), 'text, or {"base64": …}', None)
        if value is None or isinstance(value, str):
            return None if value is None else value.encode()
        encoded = self.take(value, "base64", str, "bytes as base64")
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            self.refuse(f"'base64': bytes as base64, got {_shown(encoded)}")

    def _form(self, values: Object) -> tuple[Part, ...] | None:
        parts = self.take(values, "form", list, "the parts of a form", None)
        return None if parts is None else tuple(self._part(part) for part in parts)

    def _part(self, part: Any) -> Part:
        if not isinstance(part, dict):
            self.refuse(f"'form': a list of objects, got {_shown(part)}")
        return Part(
            name=self.take(part, "name", str, "the part's name"),
            filename=self.take(part, "filename", str, "a file's name", None),
            content=self._body(part, "content"),
            size=self.take(part, "bytes", int, "the part's length", None),
            sha256=self.take(part, "sha256", str, "a hash in hexadecimal", None),
        )


def _shown(value: Any) -> str:
    return shorten(orjson.dumps(value).decode())
