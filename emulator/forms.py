"""Multipart bodies: fields and files, spooled to disk as they stream in."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import IO, Any, Final, NamedTuple

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Receive, Scope

from emulator import errors
from emulator.contents import Content
from emulator.errors import ApiError

#: The largest file that is taken (documented: "individual files can be up to 512 MB").
MAX_FILE: Final = 512 * 1024 * 1024
#: What a body may have beside its file.
_ENVELOPE: Final = 1024 * 1024
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

    def as_json(self) -> dict[str, Any]:
        """What the journal keeps of it: contents are told by name and size."""
        files = {name: {"filename": one.filename, "bytes": one.content.size} for name, one in self.files.items()}
        return {**self.fields, **files}


class _TooLarge(Exception):
    pass


class _Gone(Exception):
    pass


def is_form(scope: Scope) -> bool:
    """True for a request with a multipart body."""
    return any(
        name == b"content-type" and value.lower().startswith(b"multipart/form-data") for name, value in scope["headers"]
    )


async def read_form(scope: Scope, receive: Receive) -> Form | None:
    """Reads a form to its end; None if the client left."""
    form, body = Form(), _Body(receive)
    parser = _Parser(Headers(scope=scope), body.stream(), max_files=10, max_fields=100)
    try:
        parsed = await parser.parse()
    except _Gone:
        parser.close()
        return None
    except _TooLarge:
        parser.close()
        form.problem = errors.file_too_large(MAX_FILE)
    except MultiPartException as error:
        form.problem = errors.bad_form(error.message)
    except ValueError:  # of codecs that decode nothing
        form.problem = errors.bad_form("expected the charset utf-8, or none, in its Content-Type")
    else:
        for name, value in parsed.multi_items():
            if isinstance(value, UploadFile):
                spool: IO[bytes] = value.file
                form.files[name] = FormFile(value.filename or "", Content([spool]))
            else:
                nest(form.fields, name, value)
    if form.problem:
        await body.drain()
    return form


class _Parser(MultiPartParser):
    """Starlette's own closes its files for errors of the form alone; left open, they take the disk until collected."""

    def close(self) -> None:
        for file in self._files_to_close_on_error:
            file.close()


class _Body:
    """A request's body as it comes in."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._more = True

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
            if size > MAX_FILE + _ENVELOPE:
                raise _TooLarge
            yield piece

    async def drain(self) -> None:
        """Reads what a refused request still sends, so that its client comes to read the answer."""
        with contextlib.suppress(_Gone):
            while self._more:
                await self._next()


def nest(fields: dict[str, Any], name: str, value: str) -> None:
    """Adds a field; ``expires_after[anchor]`` goes into an object."""
    outer, bracket, inner = name.partition("[")
    nested = fields.setdefault(outer, {}) if bracket and inner.endswith("]") and inner != "]" else None
    if isinstance(nested, dict):
        is_number = value.isascii() and value.isdigit() and len(value) < _DIGITS
        nested[inner.removesuffix("]")] = int(value) if is_number else value
    else:
        fields[name] = value
