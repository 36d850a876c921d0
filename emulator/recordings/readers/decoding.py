"""Bodies as recorders keep them: compressed, in chunks, in base64, as text or as the JSON value that they were."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any, Final

import orjson

from emulator.base.limits import MAX_DECODED
from emulator.base.problems import EmulatorError
from emulator.recordings.exchange import Headers

_GZIP_MAGIC: Final = b"\x1f\x8b"
#: Control characters, which compressed data has and text has not.
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")
_CHUNK_SIZE: Final = re.compile(rb"([0-9a-fA-F]{1,8})[^\r\n]{0,200}\r\n")
_CODINGS: Final = ("content-encoding", "transfer-encoding")


class BadBody(EmulatorError):
    """A body cannot be decoded. The message says what was expected."""


class Decoder:
    """Undoes the transfer and content codings of the bodies of one file, up to a total size."""

    def __init__(self, limit: int = MAX_DECODED) -> None:
        self._limit = self._left = limit

    def decode(self, body: bytes, headers: Headers) -> bytes:
        """The body without its codings. Many recorders keep the headers of codings that they have undone.

        Raises BadBody.
        """
        if "chunked" in _coding(headers, "transfer-encoding"):
            body = _joined_chunks(body)
        coding = _coding(headers, "content-encoding")
        if not coding or not body:
            return body
        is_plain = is_text(body) if not coding.endswith("gzip") else not body.startswith(_GZIP_MAGIC)
        return body if is_plain else self._decoded(body, coding)

    def _decoded(self, raw: bytes, coding: str) -> bytes:
        from emulator.recordings.record.bodies import Body

        body = Body(coding, limit=self._left)
        body.feed(raw)
        if body.content is not None:
            self._left -= body.size
            return body.content
        if body.size > self._left:
            raise BadBody(f"the bodies of this file decompress to more than {self._limit} bytes")
        raise BadBody(f"expected gzip, deflate, br or no coding at all; {body.left_out}")


def plain_headers(headers: Headers, *, body_changed: bool) -> Headers:
    """Headers without those of codings that were undone."""
    gone = {*_CODINGS, "content-length"} if body_changed else {*_CODINGS}
    return tuple((name, value) for name, value in headers if name not in gone)


def is_text(body: bytes) -> bool:
    """True for UTF-8 without control characters, which no compression produces."""
    if _CONTROLS.search(body):
        return False
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def text_bytes(text: str) -> bytes:
    """Text in UTF-8. Surrogate pairs are joined; half of a pair becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def json_bytes(value: Any) -> bytes:
    """A JSON value as the API sends it: in UTF-8, indented by two spaces. Raises BadBody."""
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2)
    except TypeError:  # numbers beyond 64 bits, halves of characters, many levels
        pass
    try:
        return json.dumps(value, indent=2).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BadBody(f"expected a JSON value: {error}") from None


def from_base64(text: str) -> bytes:
    """Raises BadBody."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadBody(f"expected base64, got {text[:40]!r}") from None


def from_hex(text: str) -> bytes:
    """Raises BadBody."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise BadBody(f"expected pairs of hexadecimal digits, got {text[:40]!r}") from None


def _coding(headers: Headers, name: str) -> str:
    return ",".join(value.strip().lower() for one, value in headers if one == name)


def _joined_chunks(body: bytes) -> bytes:
    """The body without chunks, if it is in chunks from its start to its end; else as it is."""
    chunks: list[bytes] = []
    at = 0
    while head := _CHUNK_SIZE.match(body, at):
        size, begin = int(head[1], 16), head.end()
        if not size:
            return b"".join(chunks) if body.endswith(b"\r\n\r\n", at) else body
        at = begin + size + 2
        if body[at - 2 : at] != b"\r\n":
            return body
        chunks.append(body[begin : at - 2])
    return body
