"""Copies of the bodies that pass: decoded and up to a limit; of longer ones the length and the hash.

No body may make this module fail. A body that cannot be read is left out, and ``left_out`` says why.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import unquote

from emulator.base.limits import MAX_DECODED, MAX_KEPT_BODY
from emulator.recordings.exchange import Headers, Part

#: Content codings that can be undone.
CODINGS: Final = ("gzip", "deflate", "br", "identity")

_PIECE: Final = 1024 * 1024
_FORM: Final = "multipart/form-data"
#: Content types of texts; bodies of all other types are files.
_TEXTS: Final = re.compile(
    r"(text/|application/(json|x-www-form-urlencoded|xml|x-ndjson|jsonl|javascript|problem\+json)|[^;]*\+(json|xml)|$)"
)
#: Paths that download the contents of files, also as a vector store has parsed them.
_DOWNLOAD: Final = re.compile(r"/files/[^/]+/content/?$")
#: A file's name in the form of RFC 5987.
_EXTENDED: Final = re.compile(r"filename\*\s*=\s*(?:utf-8)?'[^']*'([^\s;]*)", re.IGNORECASE)
#: The last event of a stream: clients stop reading there.
_DONE: Final = re.compile(rb"data: ?\[DONE\](\r?\n){2,}$")


class Body:
    """The copy of one body. ``feed`` takes its pieces; ``content`` is the whole, or None, see ``left_out``."""

    def __init__(self, coding: str = "", *, keep: bool = True, limit: int = MAX_KEPT_BODY) -> None:
        self.size = 0
        self.left_out: str | None = None if keep else "the contents of a file"
        self.form: tuple[Part, ...] | None = None
        self._limit, self._pieces = limit, [b""]
        self._hash = None if keep else hashlib.sha256()
        self._tail = b""
        #: None after ``_give_up``.
        self._decoders: list[_Decoder] | None = []
        names = [name.removeprefix("x-") for name in re.split(r"[\s,]+", coding.lower())]
        names = [name for name in names if name not in ("", "identity")]
        if all(name in _DECODERS for name in names):
            self._decoders = [_DECODERS[name]() for name in reversed(names)]
        else:
            self._leave_out(f"content-encoding: {coding}")

    def feed(self, data: bytes) -> None:
        if self._decoders is None:
            return
        try:
            for piece in _undo(self._decoders, data):
                self._take(piece)
                if self.size > MAX_DECODED and self._decoders:
                    self._give_up(f"it decodes to more than {MAX_DECODED} bytes")
                    return
        except (_DecoderFailed, zlib.error) as error:
            self._give_up(f"it is not encoded as its headers say: {error}")

    @property
    def content(self) -> bytes | None:
        if self.left_out:
            return None
        self._pieces = [b"".join(self._pieces)]
        return self._pieces[0]

    @property
    def is_done(self) -> bool:
        """True once an event stream has sent its last event."""
        return _DONE.search(self._tail) is not None

    def about(self) -> dict[str, Any]:
        """The fields of a recording's line about a body that the line does not contain."""
        if not self.left_out:
            return {}
        known = {} if self._hash is None else {"bytes": self.size, "sha256": self._hash.hexdigest()}
        return {**known, "left_out": self.left_out}

    def _take(self, piece: bytes) -> None:
        self.size += len(piece)
        self._tail = (self._tail + piece[-32:])[-32:]
        if self._hash is None and self.size > self._limit:
            self._leave_out(f"it is larger than {self._limit} bytes")
        if self._hash is None:
            self._pieces.append(piece)
        else:
            self._hash.update(piece)

    def _leave_out(self, reason: str) -> None:
        """Drops the copy; from here on the body is only counted and hashed."""
        self.left_out = reason
        self._hash = hashlib.sha256(b"".join(self._pieces))
        self._pieces = []

    def _give_up(self, reason: str) -> None:
        """Drops the copy with its length and hash."""
        self.left_out, self._hash, self._decoders, self._pieces = reason, None, None, []


class FormBody:
    """The copy of a multipart form: its fields, and of files name, length and hash; contents with ``keep_files``."""

    content: None = None

    def __init__(self, boundary: bytes, *, keep_files: bool, limit: int = MAX_KEPT_BODY) -> None:
        from python_multipart.multipart import MultipartParser

        self._whole = Body(keep=False)
        self._keep_files, self._limit = keep_files, limit
        self._parts: list[_FormPart] = []
        self._name, self._value = b"", b""
        self._broken: str | None = None
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": lambda: self._parts.append(_FormPart()),
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": lambda data, start, end: self._parts[-1].body.feed(data[start:end]),
            },
        )

    def feed(self, data: bytes) -> None:
        from python_multipart.exceptions import FormParserError

        self._whole.feed(data)
        if self._broken is None:
            try:
                self._parser.write(data)
            except FormParserError as error:
                self._broken = f"a form that cannot be read: {error}"

    @property
    def form(self) -> tuple[Part, ...] | None:
        return None if self._broken else tuple(part.read() for part in self._parts)

    def about(self) -> dict[str, Any]:
        return {} if self._broken is None else {**self._whole.about(), "left_out": self._broken}

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._parts[-1].headers[self._name.lower()] = self._value
        self._name, self._value = b"", b""

    def _on_headers_finished(self) -> None:
        used = sum(part.body.size for part in self._parts if not part.body.left_out)
        self._parts[-1].begin(keep_files=self._keep_files, limit=max(self._limit - used, 0))


class _FormPart:
    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.name = ""
        self.filename: str | None = None
        self.body = Body()

    def begin(self, *, keep_files: bool, limit: int) -> None:
        from python_multipart.multipart import parse_options_header

        disposition = self.headers.get(b"content-disposition", b"")
        _, options = parse_options_header(disposition)
        self.name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in disposition.lower():
            extended = _EXTENDED.search(disposition.decode("latin-1"))
            self.filename = (
                unquote(extended[1]) if extended else options.get(b"filename", b"").decode("utf-8", "replace")
            )
        is_text = self.filename is None and _TEXTS.match(
            self.headers.get(b"content-type", b"").decode("latin-1").lower()
        )
        self.body = Body(keep=bool(is_text) or keep_files, limit=limit)

    def read(self) -> Part:
        about = self.body.about()
        content = self.body.content
        size = None if content is None else len(content)
        sha256 = None if content is None or self.filename is None else hashlib.sha256(content).hexdigest()
        if self.filename is None and content is not None:
            size = None  # a field's content has its length
        return Part(self.name, self.filename, content, about.get("bytes", size), about.get("sha256", sha256))


def request_body(headers: Headers, *, keep_files: bool) -> Body | FormBody:
    """A copy for the body of a request with these headers."""
    kind = _value(headers, "content-type")
    coding = _value(headers, "content-encoding")
    if kind.lower().startswith(_FORM) and not coding:
        from python_multipart.exceptions import FormParserError
        from python_multipart.multipart import parse_options_header

        boundary = parse_options_header(kind.encode("latin-1", "replace"))[1].get(b"boundary")
        if boundary:
            try:
                return FormBody(boundary, keep_files=keep_files)
            except FormParserError:  # the boundary is too long
                return Body(keep=False)
    return Body(coding, keep=keep_files or _TEXTS.match(kind.lower()) is not None)


def response_body(path: str, status: int, headers: Headers, *, keep_files: bool) -> Body:
    """A copy for the body of the response to a request for that path."""
    kind = _value(headers, "content-type").lower()
    is_text = _TEXTS.match(kind) and not (200 <= status < 300 and _DOWNLOAD.search(path))
    return Body(_value(headers, "content-encoding"), keep=keep_files or bool(is_text))


def _value(headers: Headers, name: str) -> str:
    return next((value.strip() for one, value in headers if one == name), "")


# ---- Content codings ----


class _DecoderFailed(Exception):
    """A body is not encoded as its headers say."""


#: Undoes a coding piece by piece; each piece has a limited size. Raises _DecoderFailed and zlib.error.
_Decoder = Callable[[bytes], Iterator[bytes]]


def _undo(decoders: Sequence[_Decoder], data: bytes) -> Iterator[bytes]:
    if not decoders:
        yield data
        return
    for piece in decoders[0](data):
        yield from _undo(decoders[1:], piece)


class _Gzip:
    """Undoes gzip, also of several members, as the format allows."""

    def __init__(self) -> None:
        self._engine = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._after = b""

    def __call__(self, data: bytes) -> Iterator[bytes]:
        while True:
            if self._engine.eof:
                data = self._after = self._after + data
                if not data.startswith(b"\x1f\x8b"):
                    return  # padding, or too short to tell
                self._after = b""
                self._engine = zlib.decompressobj(zlib.MAX_WBITS | 16)
            yield from _inflate(self._engine, data)
            if not self._engine.eof:
                return
            data = self._engine.unused_data


class _Deflate:
    """Undoes deflate with the envelope of zlib or raw: servers send both under this name."""

    def __init__(self) -> None:
        self._engine: Any = None

    def __call__(self, data: bytes) -> Iterator[bytes]:
        if self._engine is None and data:
            is_raw = data[0] & 0x0F != 8 or data[0] >> 4 > 7
            self._engine = zlib.decompressobj(-zlib.MAX_WBITS if is_raw else zlib.MAX_WBITS)
        if self._engine is not None and not self._engine.eof:
            yield from _inflate(self._engine, data)


def _inflate(engine: Any, data: bytes) -> Iterator[bytes]:
    """Decompresses until the data is used up, or the compressed stream ends."""
    while True:
        piece = engine.decompress(data, _PIECE)
        if piece:
            yield piece
        data = engine.unconsumed_tail
        if engine.eof or (not data and len(piece) < _PIECE):
            return


class _Brotli:
    def __init__(self) -> None:
        import brotli

        self._engine, self._error = brotli.Decompressor(), brotli.error

    def __call__(self, data: bytes) -> Iterator[bytes]:
        try:
            while not self._engine.is_finished():
                piece = self._engine.process(data, output_buffer_limit=_PIECE)
                if piece:
                    yield piece
                data = b""
                if self._engine.can_accept_more_data():
                    return
        except self._error as error:
            raise _DecoderFailed(error) from None


_DECODERS: Final[dict[str, Callable[[], _Decoder]]] = {"gzip": _Gzip, "deflate": _Deflate, "br": _Brotli}
