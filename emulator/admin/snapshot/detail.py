"""One request with headers and bodies. What a journal keeps without secrets stays without them here."""

from __future__ import annotations

from typing import Any, Final

from emulator.admin.snapshot.requests import row
from emulator.base.json_types import Object
from emulator.world.journal import Entry
from emulator.world.world import World

#: Bytes of a body that are parsed; of a longer one the beginning is shown as text.
_MAX_PARSED: Final = 1_000_000
_BEGINNING: Final = 100_000


def detail(entry: Entry, world: World) -> Object:
    """The entry as ``/_emulator/requests`` has it, with what its row has."""
    shown: dict[str, Any] = {**row(entry, world), **entry.as_json(parse=entry.size <= _MAX_PARSED)}
    if entry.size > _MAX_PARSED:
        shown |= {"json": _beginning(entry.body), "answer": _beginning(entry.answer)}
    return shown


def _beginning(body: bytes) -> str | None:
    if not body:
        return None
    text = body[:_BEGINNING].decode("utf-8", "replace")
    return text if len(body) <= _BEGINNING else f"{text}… {len(body) - _BEGINNING:,} more bytes"
