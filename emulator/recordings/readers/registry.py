"""What a format is, and the registry of them.

To add one: a decorated function in a module of this package, which turns one item of the file into an exchange.

    @reader("tape", "tapes of the recorder Tape", lambda data: data.get("tape") if isinstance(data, dict) else None)
    def read(entry: Entry) -> Exchange:
        return entry.exchange(method=entry.text("method"), ...)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from emulator.recordings.exchange import Exchange
from emulator.recordings.readers.entry import Entry

#: The list of what was recorded, if a file's data are of the format; else None.
Items = Callable[[Any], list[Any] | None]
Read = Callable[[Entry], Exchange]


@dataclass(frozen=True, slots=True)
class Reader:
    """A format. ``by_time``: its recorder writes what ended first; requests are put in the order of their times."""

    name: str
    title: str
    items: Items
    read: Read
    by_time: bool


READERS: Final[dict[str, Reader]] = {}


def reader(name: str, title: str, items: Items, *, by_time: bool = False) -> Callable[[Read], Read]:
    """Registers a format. Raises ValueError for a name that is taken."""

    def register(read: Read) -> Read:
        if name in READERS:
            raise ValueError(f"there is a reader {name!r} already")
        READERS[name] = Reader(name, title, items, read, by_time)
        return read

    return register


def listed(*keys: str) -> Items:
    """The list that stands at the end of a path of keys."""

    def items(data: Any) -> list[Any] | None:
        for key in keys:
            data = data.get(key) if isinstance(data, dict) else None
        return data if isinstance(data, list) else None

    return items
