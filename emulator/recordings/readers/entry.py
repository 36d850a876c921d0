"""One entry of a recorded file. It gives typed values, and refuses others with the entry's number and the key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from emulator.base.clock import recorded_instant
from emulator.base.text import shorten
from emulator.recordings.exchange import Ended, Exchange, Headers, Part, RecordingError
from emulator.recordings.multipart import parts_of
from emulator.recordings.readers.decoding import BadBody, Decoder, plain_headers, text_bytes

_SHOWN: Final = 60


class Source:
    """The file of the entries: its name, the notes on it, and the decoder of its bodies.

    ``beside``: the other files of an archive, by name.
    """

    def __init__(self, file: str, beside: Mapping[str, bytes] | None = None) -> None:
        self.file, self.beside = file, beside or {}
        self.notes: list[str] = []
        self.decoder = Decoder()


class Entry:
    """``number`` counts from 1. Each method takes the path to a value, with keys as the file has them."""

    def __init__(self, source: Source, number: int, value: Any) -> None:
        self.source, self.number, self.value = source, number, value

    def refused(self, path: Sequence[str], problem: str) -> RecordingError:
        where = f"{'.'.join(path)}: " if path else ""
        return RecordingError(f"{self.source.file}: entry {self.number}: {where}{problem}")

    def note(self, text: str) -> None:
        """Notes something unreadable that is no reason to refuse the file."""
        self.source.notes.append(f"#{self.number}: {text}")

    # ---- Values ----

    def get(self, *path: str) -> Any:
        """The value at a path; None if there is none."""
        value = self.value
        for depth, key in enumerate(path):
            if value is None:
                return None
            if not isinstance(value, dict):
                raise self.refused(path[:depth], f"expected a mapping, got {shortened(value)}")
            value = value.get(key)
        return value

    def optional_text(self, *path: str) -> str | None:
        value = self.get(*path)
        text = as_text(value)
        if value is not None and text is None:
            raise self.refused(path, f"expected text, got {shortened(value)}")
        return text

    def text(self, *path: str) -> str:
        value = self.optional_text(*path)
        if value is None:
            raise self.refused(path, "expected text, got nothing")
        return value

    def status(self, *path: str) -> int:
        """A status; 0 if there was no response."""
        value = self.get(*path)
        number = value if isinstance(value, int) and not isinstance(value, bool) else _number(value)
        if number is not None and (number in (-1, 0) or 100 <= number <= 999):
            return max(number, 0)
        raise self.refused(path, f"expected a status from 100 to 999, or 0, got {shortened(value)}")

    def headers(self, *path: str) -> Headers:
        """Headers in any form that recorders use: a mapping, pairs, or names and values in turn."""
        value = self.get(*path)
        found: list[tuple[str, str]] = []
        for name, one in self._pairs(value, path):
            for each in one if isinstance(one, list) else [one]:
                if isinstance(each, (dict, list)):
                    raise self.refused((*path, name), f"expected text, got {shortened(each)}")
                if each is not None:
                    found.append((clean(name).lower(), _header_text(each)))
        return tuple((name, one) for name, one in found if not name.startswith(":"))  # pseudo-headers of HTTP/2

    def _pairs(self, value: Any, path: Sequence[str]) -> Iterator[tuple[str, Any]]:
        if value is None:
            return
        if isinstance(value, dict):
            yield from value.items()
            return
        if not isinstance(value, list):
            raise self.refused(path, f"expected headers, got {shortened(value)}")
        if value and all(isinstance(one, (str, bytes)) for one in value) and len(value) % 2 == 0:
            yield from zip(map(_header_text, value[::2]), value[1::2], strict=True)
            return
        for one in value:
            if isinstance(one, dict) and isinstance(one.get("name"), str):
                yield one["name"], one.get("value")
            elif isinstance(one, list) and len(one) == 2 and isinstance(one[0], (str, bytes)):
                yield _header_text(one[0]), one[1]
            else:
                raise self.refused(path, f"expected a name and a value, got {shortened(one)}")

    def instant(self, *path: str) -> float | None:
        """Seconds since 1970; None if there is no value, or no valid one."""
        text = self.optional_text(*path)
        instant = recorded_instant(text) if text else None
        if text and instant is None:
            self.note(f"{'.'.join(path)}: expected a date and time since 1970, got {shortened(text)}")
        return instant

    def bytes_of(self, decode: Callable[[Any], bytes], value: Any, *path: str) -> bytes:
        """A body, decoded from the value at ``path``. Raises RecordingError."""
        try:
            return decode(value)
        except BadBody as error:
            raise self.refused(path, str(error)) from None

    # ---- The exchange ----

    def exchange(
        self,
        *,
        method: str,
        url: str,
        status: int,
        request_headers: Headers,
        request_body: bytes | None,
        response_headers: Headers,
        response_body: bytes | None,
        form: tuple[Part, ...] | None = None,
        response_size: int | None = None,
        ended: Ended = "unknown",
        time: float | None = None,
        coded: bool = True,
    ) -> Exchange:
        """The exchange, with content codings undone (if ``coded``), forms parsed, and the time if it is known."""
        self._check_address(url)
        sent, sent_headers = self._decoded("request", request_body, request_headers, coded)
        received, received_headers = self._decoded("response", response_body, response_headers, coded)
        if received is None and response_size is None:
            response_size = _number(dict(received_headers).get("content-length"))
        if form is None and sent is not None:
            form = parts_of(sent, dict(sent_headers).get("content-type"))
        return Exchange(
            method=method.lstrip(":").upper(),
            url=url,
            status=status,
            request_headers=sent_headers,
            request_body=sent,
            form=form,
            response_headers=received_headers,
            response_body=received,
            response_size=response_size,
            ended=ended,
            source=self.source.file,
            number=self.number,
            time=recorded_instant(dict(received_headers).get("date", "")) if time is None else time,
        )

    def _check_address(self, url: str) -> None:
        try:
            urlsplit(url)
        except ValueError as error:
            raise self.refused((), f"expected an address, got {shortened(url)}: {error}") from None

    def _decoded(self, which: str, body: bytes | None, headers: Headers, coded: bool) -> tuple[bytes | None, Headers]:
        if body is None:
            return None, headers
        try:
            plain = self.source.decoder.decode(body, headers) if coded else body
        except BadBody as error:
            raise self.refused((), f"the body of the {which}: {error}") from None
        return plain, plain_headers(headers, body_changed=plain != body)


def shortened(value: Any) -> str:
    """A value in a few words, for an error."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    words = repr(value[: _SHOWN + 1] if isinstance(value, (str, bytes)) else value)
    return shorten(words, _SHOWN)


def as_text(value: Any) -> str | None:
    """A value as text; numbers and booleans are text without quotes. None for any other value."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else None


def clean(text: str) -> str:
    """Text that UTF-8 can encode."""
    return text_bytes(text).decode()


def _header_text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else clean(str(value))


def _number(value: Any) -> int | None:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 9 else None
