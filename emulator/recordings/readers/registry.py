"""The registry of recording formats.

To add a format, write one module in this package. It registers a function that turns one entry of the file into an
exchange; the package imports all of its modules, so there is no second place to edit:

    @reader("tape", "tapes of the recorder Tape", listed("tape"), marks=("tape",))
    def read(entry: Entry) -> Exchange:
        return entry.exchange(method=entry.text("method"), ...)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from emulator.recordings.exchange import Exchange
from emulator.recordings.readers.entry import Entry

#: Returns the list of entries if the parsed data of a file is of the format, else None.
Items = Callable[[Any], list[Any] | None]
Read = Callable[[Entry], Exchange]


@dataclass(frozen=True, slots=True)
class Reader:
    """A recording format.

    ``title`` names it in messages. ``marks`` are keys, and every file of the format contains at least one of them; a
    file without any mark is never parsed. ``in_yaml``: the tool also writes YAML, with a mark among the top-level keys.
    ``by_time``: the tool writes the exchanges in the order in which they ended, so they are sorted by request time.
    """

    name: str
    title: str
    items: Items
    read: Read
    marks: tuple[str, ...]
    in_yaml: bool
    by_time: bool


READERS: Final[dict[str, Reader]] = {}


def reader(
    name: str, title: str, items: Items, *, marks: tuple[str, ...], in_yaml: bool = False, by_time: bool = False
) -> Callable[[Read], Read]:
    """Registers a format (see ``Reader``). Raises ValueError for a name that is taken, and for no marks."""
    if not marks:
        raise ValueError(f"the reader {name!r} needs marks: without them no file of its format is found")

    def register(read: Read) -> Read:
        if name in READERS:
            raise ValueError(f"there is a reader {name!r} already")
        READERS[name] = Reader(name, title, items, read, marks, in_yaml, by_time)
        return read

    return register


def listed(*keys: str) -> Items:
    """Finds the list at the end of a path of keys."""

    def items(data: Any) -> list[Any] | None:
        for key in keys:
            data = data.get(key) if isinstance(data, dict) else None
        return data if isinstance(data, list) else None

    return items
