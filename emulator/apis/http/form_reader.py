"""Reads multipart bodies: fields and files, spooled to disk as they stream in.

Only a request that has one imports this module, because the parser takes as long to import as all that is beside it.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import IO, Any, Final

from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Receive, Scope

from emulator.apis.http import errors
from emulator.apis.http.form import Form, FormFile, announced, nest
from emulator.base.limits import MAX_FILE, MAX_PART
from emulator.world.state.contents import Content

#: The refusal says what is wrong with a form. Without a handler, warnings of the parser would go to stderr.
logging.getLogger("python_multipart").addHandler(logging.NullHandler())

#: What a body may have beside its file.
_ENVELOPE: Final = 1024 * 1024
#: The attribute of Starlette's parser that holds all files of a form.
_OPENED = "_files_to_close_on_error"


class _Parser(MultiPartParser):
    """Closes its files in every case. Starlette leaves some of them open, and they fill the disk until collected."""

    def _opened(self) -> list[Any]:
        """All files of the form. Starlette has no public name for them; without it the collector closes them later."""
        return list(getattr(self, _OPENED, ()))

    def close(self) -> None:
        for file in self._opened():
            with suppress(OSError):  # it cannot write the rest, and nobody wants it
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
    except OSError as error:  # the disk is full, or there are no descriptors
        parser.close()
        form.problem = error
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
