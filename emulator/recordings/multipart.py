"""The parts of a recorded form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from emulator.recordings.exchange import Part

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_FIRST_LINE: Final = re.compile(rb"--([^\r\n]{1,200})\r?\n")
_IS_FORM: Final = re.compile(rb"\n[ \t]*content-disposition[ \t]*:[ \t]*form-data", re.IGNORECASE)
_HEAD: Final = 2048


def parts_of(body: bytes, content_type: str | None) -> tuple[Part, ...] | None:
    """The parts of a multipart body; None for any other body, and for one that is malformed or cut off.

    If the header or its boundary was not recorded, or was redacted, the first line of the body is the boundary.
    """
    if content_type is None:
        if not _IS_FORM.search(body, 0, _HEAD):
            return None
    elif not content_type.lower().startswith("multipart/form-data"):
        return None
    boundary = _boundary(body, content_type or "")
    if boundary is None:
        return None
    if b"\r" in body:
        return _parse(body, boundary)
    parts = _parse(body.replace(b"\n", b"\r\n"), boundary)  # an editor or YAML has changed the line ends
    return parts and tuple(Part(one.name, one.filename, (one.content or b"").replace(b"\r\n", b"\n")) for one in parts)


def _boundary(body: bytes, content_type: str) -> bytes | None:
    named = _parameter(f"content-type: {content_type}", "boundary").encode()
    if named and b"--" + named in body:
        return named
    first = _FIRST_LINE.match(body)
    return first[1].rstrip() or None if first else None


def _parse(body: bytes, boundary: bytes) -> tuple[Part, ...] | None:
    import logging

    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser

    collected = _Collector()
    begin = body.find(b"--" + boundary)  # the preamble is not a part
    try:
        parser = MultipartParser(boundary, collected.callbacks())
        parser.logger = logging.Logger(__name__, logging.CRITICAL)  # no warnings about malformed bodies
        parser.write(body[max(begin, 0) :])
    except FormParserError:
        return None
    return tuple(collected.parts) if collected.complete else None


class _Collector:
    """Collects the parts from the callbacks of the parser."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.complete = False
        self._name, self._value, self._disposition = b"", b"", ""
        self._content: list[bytes] = []

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._disposition, self._content = "", []

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = "content-disposition: " + self._value.decode("utf-8", "replace")
        self._name = self._value = b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._content.append(data[start:end])

    def _end(self) -> None:
        name, filename = _parameter(self._disposition, "name"), _parameter(self._disposition, "filename")
        self.parts.append(Part(name, filename or None, b"".join(self._content)))

    def _finish(self) -> None:
        self.complete = True


def _parameter(header: str, name: str) -> str:
    """A parameter of a header, quoted or not, also in the form with a character set; empty if there is none."""
    from email.message import Message

    message = Message()
    key, _, value = header.partition(": ")
    message[key or "x"] = value
    found = message.get_param(name, "", header=key or "x")
    if isinstance(found, tuple):
        charset, _, text = found
        raw = text.encode("latin-1", "replace")
        return raw.decode("latin-1" if (charset or "").lower() == "iso-8859-1" else "utf-8", "replace")
    return str(found)
