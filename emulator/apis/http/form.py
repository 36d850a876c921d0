"""Multipart bodies once they were read, and what a request says of one. ``form_reader`` reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from emulator.world.state.contents import Content

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
    problem: Exception | None = None
    #: It was refused before it was read to its end.
    is_cut: bool = False

    def as_json(self) -> dict[str, Any]:
        """What the journal keeps of it: contents are listed by name and size."""
        files = {name: {"filename": one.filename, "bytes": one.content.size} for name, one in self.files.items()}
        return {**self.fields, **files}


def is_form(headers: Mapping[bytes, bytes]) -> bool:
    """True for the headers (by name) of a request with a multipart body."""
    return headers.get(b"content-type", b"").lower().startswith(b"multipart/form-data")


def announced(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """How long a body is by what its request says of it; 0 if it does not say."""
    return next((int(value) for name, value in headers if name == b"content-length" and value.isdigit()), 0)


def nest(fields: dict[str, Any], name: str, value: str) -> None:
    """Adds a field; ``expires_after[anchor]`` goes into an object."""
    outer, bracket, inner = name.partition("[")
    nested = fields.setdefault(outer, {}) if bracket and inner.endswith("]") and inner != "]" else None
    if isinstance(nested, dict):
        is_number = value.isascii() and value.isdigit() and len(value) < _DIGITS
        nested[inner.removesuffix("]")] = int(value) if is_number else value
    else:
        fields[name] = value
