"""Multipart bodies: fields and files, spooled to disk as they stream in."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from typing import IO, Any, Final, NamedTuple

from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Receive, Scope

from emulator.apis.http import errors
from emulator.apis.http.errors import ApiError
from emulator.base.limits import MAX_FILE, MAX_PART
from emulator.world.state.contents import Content

#: What a body may have beside its file.
_ENVELOPE: Final = 1024 * 1024
#: The attribute of Starlette's parser that holds all files of a form.
_OPENED = "_files_to_close_on_error"
#: Digits that make a number at most; any other text stays text.
_DIGITS: Final = 20


class FormFile(NamedTuple):
    """A file of a form."""

    filename: str
    content: Content


@dataclass(slots=True)
class Form:
    """A form that was read; names as ``expires_after[anchor]`` are nested objects. ``problem``: why it was not."""

    fields: dict[str, Any] = field(default_factory=dict)
    files: dict[str, FormFile] = field(default_factory=dict)
    problem: ApiError | None = None
    #: It was refused before it was read to its end.
    is_cut: bool = False

    def as_json(self) -> dict[str, Any]:
        """What the journal keeps of it: contents are listed by name and size."""
        files = {name: {"filename": one.filename, "bytes": one.content.size} for name, one in self.files.items()}
        return {**self.fields, **files}


class _Parser(MultiPartParser):
    """Closes its files in every case. Starlette leaves some of them open, and they fill the disk until collected."""

    def _opened(self) -> list[Any]:
        """All files of the form. Starlette has no public name for them; without it the collector closes them later."""
        return list(getattr(self, _OPENED, ()))

    def close(self) -> None:
        for file in self._opened():
            file.close()

    async def parse(self) -> FormData:
        parsed = await super().parse()
        whole = {id(value.file) for _, value in self.items if isinstance(value, UploadFile)}
        for file in self._opened():
            if id(file) not in whole:
                file.close()
        return parsed


class _TooLarge(Exception):
    pass


class _Gone(Exception):
    pass


def is_form(scope: Scope) -> bool:
    """True for a request with a multipart body."""
    for name, value in scope["headers"]:
        if name == b"content-type":
            is_multipart: bool = value.lower().startswith(b"multipart/form-data")
            return is_multipart
    return False


async def read_form(scope: Scope, receive: Receive) -> Form | None:
    """Reads a form; None if the client left. One that is refused is not read to its end, and its files are gone."""
    limit, param = (MAX_PART, "data") if scope.get("path", "").endswith("/parts") else (MAX_FILE, "file")
    form, body = Form(), _Body(receive, limit + _ENVELOPE)
    parser = _Parser(Headers(scope=scope), body.stream(), max_files=10, max_fields=100)
    try:
        if announced(scope["headers"]) > limit + _ENVELOPE:
            raise _TooLarge
        parsed = await parser.parse()
    except _Gone:
        parser.close()
        return None
    except _TooLarge:
        parser.close()
        form.problem = errors.file_too_large(limit, param)
    except MultiPartException as error:
        form.problem = errors.bad_form(error.message)
    except ValueError:  # of codecs that decode nothing
        parser.close()
        form.problem = errors.bad_form("expected the charset utf-8, or none, in its Content-Type")
    else:
        for name, value in parsed.multi_items():
            if isinstance(value, UploadFile):
                spool: IO[bytes] = value.file
                form.files[name] = FormFile(value.filename or "", Content([spool]))
            else:
                nest(form.fields, name, value)
    form.is_cut = body.has_more
    return form


def announced(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """How long a body is by what its request says of it; 0 if it does not say."""
    return next((int(value) for name, value in headers if name == b"content-length" and value.isdigit()), 0)


class _Body:
    """A request's body as it comes in."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self._limit = receive, limit
        self._more = True

    @property
    def has_more(self) -> bool:
        return self._more

    async def _next(self) -> bytes:
        message = await self._receive()
        self._more = message.get("more_body", False)
        if message["type"] == "http.disconnect":
            raise _Gone
        piece: bytes = message.get("body", b"")
        return piece

    async def stream(self) -> AsyncGenerator[bytes, None]:
        size = 0
        while self._more:
            piece = await self._next()
            size += len(piece)
            if size > self._limit:
                raise _TooLarge
            yield piece


def nest(fields: dict[str, Any], name: str, value: str) -> None:
    """Adds a field; ``expires_after[anchor]`` goes into an object."""
    outer, bracket, inner = name.partition("[")
    nested = fields.setdefault(outer, {}) if bracket and inner.endswith("]") and inner != "]" else None
    if isinstance(nested, dict):
        is_number = value.isascii() and value.isdigit() and len(value) < _DIGITS
        nested[inner.removesuffix("]")] = int(value) if is_number else value
    else:
        fields[name] = value
