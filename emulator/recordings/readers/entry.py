"""One item of a recording's list, asked for its values; what does not fit is refused with its number and its key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from emulator.base.clock import recorded_instant
from emulator.base.text import shorten
from emulator.recordings.exchange import Ended, Exchange, Headers, Part, RecordingError
from emulator.recordings.multipart import parts_of
from emulator.recordings.readers.decoding import BadBody, Decoder, plain_headers, text_bytes

_SHOWN: Final = 60


class Source:
    """The file that entries are in: its name, what has been noted about it, and what its bodies come to."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.notes: list[str] = []
        self.decoder = Decoder()


class Entry:
    """``number`` counts from 1. Keys are named as the file has them; each method takes the path to a value."""

    def __init__(self, source: Source, number: int, value: Any) -> None:
        self.source, self.number, self.value = source, number, value

    def refused(self, path: Sequence[str], problem: str) -> RecordingError:
        where = f"{'.'.join(path)}: " if path else ""
        return RecordingError(f"{self.source.file}: entry {self.number}: {where}{problem}")

    def note(self, text: str) -> None:
        """Something that could not be read, but for which nothing else has to be refused."""
        self.source.notes.append(f"#{self.number}: {text}")

    # ---- Values ----

    def get(self, *path: str) -> Any:
        """Whatever stands there; None if nothing does."""
        value = self.value
        for depth, key in enumerate(path):
            if value is None:
                return None
            if not isinstance(value, dict):
                raise self.refused(path[:depth], f"expected a mapping, got {shown(value)}")
            value = value.get(key)
        return value

    def optional_text(self, *path: str) -> str | None:
        value = self.get(*path)
        text = as_text(value)
        if value is not None and text is None:
            raise self.refused(path, f"expected text, got {shown(value)}")
        return text

    def text(self, *path: str) -> str:
        value = self.optional_text(*path)
        if value is None:
            raise self.refused(path, "expected text, got nothing")
        return value

    def status(self, *path: str) -> int:
        """A status; 0 if no answer came."""
        value = self.get(*path)
        number = value if isinstance(value, int) and not isinstance(value, bool) else _number(value)
        if number is not None and (number in (-1, 0) or 100 <= number <= 999):
            return max(number, 0)
        raise self.refused(path, f"expected a status from 100 to 999, or 0, got {shown(value)}")

    def headers(self, *path: str) -> Headers:
        """Headers in any of the forms that recorders have: mapping, pairs, names and values in turn."""
        value = self.get(*path)
        found: list[tuple[str, str]] = []
        for name, one in self._pairs(value, path):
            for each in one if isinstance(one, list) else [one]:
                if isinstance(each, (dict, list)):
                    raise self.refused((*path, name), f"expected text, got {shown(each)}")
                if each is not None:
                    found.append((clean(name).lower(), _header_text(each)))
        return tuple((name, one) for name, one in found if not name.startswith(":"))  # of HTTP/2 itself

    def _pairs(self, value: Any, path: Sequence[str]) -> Iterator[tuple[str, Any]]:
        if value is None:
            return
        if isinstance(value, dict):
            yield from value.items()
            return
        if not isinstance(value, list):
            raise self.refused(path, f"expected headers, got {shown(value)}")
        if value and all(isinstance(one, (str, bytes)) for one in value) and len(value) % 2 == 0:
            yield from zip(map(_header_text, value[::2]), value[1::2], strict=True)
            return
        for one in value:
            if isinstance(one, dict) and isinstance(one.get("name"), str):
                yield one["name"], one.get("value")
            elif isinstance(one, list) and len(one) == 2 and isinstance(one[0], (str, bytes)):
                yield _header_text(one[0]), one[1]
            else:
                raise self.refused(path, f"expected a name and a value, got {shown(one)}")

    def instant(self, *path: str) -> float | None:
        """Seconds since 1970; None if nothing stands there, or nothing that is an instant."""
        text = self.optional_text(*path)
        instant = recorded_instant(text) if text else None
        if text and instant is None:
            self.note(f"{'.'.join(path)}: expected a date and time since 1970, got {shown(text)}")
        return instant

    def bytes_of(self, decode: Callable[[Any], bytes], value: Any, *path: str) -> bytes:
        """A body, decoded from what stands at ``path``."""
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
        answer_headers: Headers,
        answer_body: bytes | None,
        form: tuple[Part, ...] | None = None,
        answer_size: int | None = None,
        ended: Ended = "unknown",
        time: float | None = None,
        coded: bool = True,
    ) -> Exchange:
        """Puts it together: codings are taken off (if ``coded``), forms parsed, the time is told if it is known."""
        self._check_address(url)
        asked, sent_headers = self._plain("request", request_body, request_headers, coded)
        answered, came_headers = self._plain("answer", answer_body, answer_headers, coded)
        if answered is None and answer_size is None:
            answer_size = _number(dict(came_headers).get("content-length"))
        if form is None and asked is not None:
            form = parts_of(asked, dict(sent_headers).get("content-type"))
        return Exchange(
            method=method.lstrip(":").upper(),
            url=url,
            status=status,
            request_headers=sent_headers,
            request_body=asked,
            form=form,
            answer_headers=came_headers,
            answer_body=answered,
            answer_size=answer_size,
            ended=ended,
            source=self.source.file,
            number=self.number,
            time=recorded_instant(dict(came_headers).get("date", "")) if time is None else time,
        )

    def _check_address(self, url: str) -> None:
        try:
            urlsplit(url)
        except ValueError as error:
            raise self.refused((), f"expected an address, got {shown(url)}: {error}") from None

    def _plain(self, which: str, body: bytes | None, headers: Headers, coded: bool) -> tuple[bytes | None, Headers]:
        if body is None:
            return None, headers
        try:
            plain = self.source.decoder.decode(body, headers) if coded else body
        except BadBody as error:
            raise self.refused((), f"the body of the {which}: {error}") from None
        return plain, plain_headers(headers, body_changed=plain != body)


def shown(value: Any) -> str:
    """What came, in a few words."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    words = repr(value[: _SHOWN + 1] if isinstance(value, (str, bytes)) else value)
    return shorten(words, _SHOWN)


def as_text(value: Any) -> str | None:
    """The text that a value is; numbers and truths are text that somebody forgot to quote. None for anything else."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else None


def clean(text: str) -> str:
    """Text that UTF-8 can have."""
    return text_bytes(text).decode()


def _header_text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else clean(str(value))


def _number(value: Any) -> int | None:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 9 else None
