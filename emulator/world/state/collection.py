"""Ordered collections of objects, with the API's way of paging; what is missing raises, so that no handler forgets it.

A collection keeps its objects in the order they were made; a page is a slice, found by the position of the cursor, so
it costs the same at any size. Deleted objects leave a hole whose position is remembered: a client that walks a list
while objects are deleted goes on where it was.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Generic, TypeVar

from emulator.world.state.missing import Kind, Missing

Row = TypeVar("Row")
Other = TypeVar("Other")

#: Deleted rows that a collection leaves in place before it closes the holes.
_HOLES_KEPT = 64
#: Rows that are freed together.
_AT_ONCE = 500


@dataclass(slots=True)
class Query:
    """A list request: ``limit`` 1 to 100, ``order`` ``asc`` or ``desc`` (the default), exclusive cursors."""

    limit: int = 20
    order: str = "desc"
    after: str | None = None
    before: str | None = None


@dataclass(slots=True)
class Page(Generic[Row]):
    """One page: ids and rows in the order they are sent."""

    ids: list[str]
    rows: list[Row]
    has_more: bool

    def showing(self, rows: list[Other]) -> Page[Other]:
        """The same page with other rows: what its objects are by now, or what is shown of them."""
        return Page(self.ids, rows, self.has_more)


class Listing(Generic[Row]):
    """Objects of one kind under one parent, oldest first, as they are read."""

    __slots__ = ("_ids", "_is_shared", "_live", "_position", "_rows", "kind")

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        #: A copy has the same lists, so the next change needs lists of its own.
        self._is_shared = False
        self._rows: list[Row | None] = []
        self._ids: list[str] = []
        #: Index of each row; of a deleted one, once the hole is closed, half an index before the row that followed it.
        self._position: dict[str, int | float] = {}
        self._live = 0

    def __len__(self) -> int:
        return self._live

    def __contains__(self, id: str) -> bool:
        return self.get(id) is not None

    def get(self, id: str) -> Row | None:
        position = self._position.get(id)
        return self._rows[position] if isinstance(position, int) else None

    def find(self, id: str, param: str) -> Row:
        """The object. Raises Missing, with the ``param`` that held the id."""
        row = self.get(id)
        if row is None:
            raise Missing(self.kind, id, param)
        return row

    def newest_first(self) -> Iterator[tuple[str, Row]]:
        for position in range(len(self._rows) - 1, -1, -1):
            row = self._rows[position]
            if row is not None:
                yield self._ids[position], row

    def __iter__(self) -> Iterator[Row]:
        rows: list[Any] = self._rows
        return iter(rows) if self._live == len(rows) else (row for row in rows if row is not None)

    def page(self, query: Query, keep: Callable[[Row], bool] | None = None) -> Page[Row]:
        """The objects between the cursors, nearest to ``after`` (or to ``before``, when only that is given).

        Cursors are exclusive. Raises Missing for one that was never an id of this collection.
        """
        step = 1 if query.order == "asc" else -1
        first: float
        last: float  # exclusive bounds, as positions
        first, last = (-1, len(self._rows)) if step == 1 else (len(self._rows), -1)
        if query.after:
            first = self._cursor(query.after, "after")
        if query.before:
            last = self._cursor(query.before, "before")
        backwards = bool(query.before) and not query.after
        if backwards:
            first, last, step = last, first, -step
        if step == 1:
            positions = range(math.floor(first) + 1, math.ceil(last))
        else:
            positions = range(math.ceil(first) - 1, math.floor(last), -1)
        ids, rows, has_more = self._scan(positions, query.limit, keep)
        if backwards:
            ids.reverse()
            rows.reverse()
        return Page(ids, rows, has_more)

    def _scan(
        self, positions: range, limit: int, keep: Callable[[Row], bool] | None
    ) -> tuple[list[str], list[Row], bool]:
        if keep is None and self._live == len(self._rows):  # no holes: a slice
            within, chosen = len(positions), positions[:limit]
            whole = slice(chosen.start, chosen.stop if chosen.stop >= 0 else None, chosen.step)
            rows: list[Any] = self._rows[whole] if chosen else []
            return self._ids[whole] if chosen else [], rows, within > limit
        ids: list[str] = []
        found: list[Row] = []
        for position in positions:
            row = self._rows[position]
            if row is None or (keep is not None and not keep(row)):
                continue
            if len(found) == limit:
                return ids, found, True
            found.append(row)
            ids.append(self._ids[position])
        return ids, found, False

    def _cursor(self, id: str, param: str) -> int | float:
        position = self._position.get(id)
        if position is None:
            raise Missing(self.kind, id, param)
        return position


class Collection(Listing[Row]):
    """Objects of one kind under one parent, oldest first."""

    __slots__ = ()

    def put(self, id: str, row: Row) -> Row | None:
        """Adds an object at the end, or replaces one where it is, which is returned."""
        if self._is_shared:
            self._part()
        position = self._position.get(id)
        if isinstance(position, int) and (before := self._rows[position]) is not None:
            self._rows[position] = row
            return before
        self._position[id] = len(self._rows)
        self._rows.append(row)
        self._ids.append(id)
        self._live += 1
        return None

    def remove(self, id: str) -> None:
        """Takes out an object that is there; its place is remembered for cursors."""
        if self._is_shared:
            self._part()
        self._rows[int(self._position[id])] = None
        self._live -= 1
        if len(self._rows) > 2 * self._live + _HOLES_KEPT:
            self._close_holes()

    def _close_holes(self) -> None:
        """Keeps a list that is emptied as fast as it is filled from growing."""
        before = [0, *accumulate(row is not None for row in self._rows)]  # live rows before each position
        for id, position in self._position.items():
            if isinstance(position, int):
                live = self._rows[position] is not None
                self._position[id] = before[position] if live else before[position] - 0.5
            else:
                self._position[id] = before[math.ceil(position)] - 0.5
        kept = [(id, row) for id, row in zip(self._ids, self._rows, strict=True) if row is not None]
        self._ids, self._rows = [id for id, _ in kept], [row for _, row in kept]

    def copy(self) -> Collection[Row]:
        """A collection that changes independently. It costs nothing until one of the two does change."""
        other: Collection[Row] = Collection.__new__(Collection)
        other.kind = self.kind
        other._rows, other._ids, other._position, other._live = self._rows, self._ids, self._position, self._live
        self._is_shared = other._is_shared = True
        return other

    def let_go(self) -> Iterator[None]:
        """Frees the objects piece by piece; nobody asks for them here any more."""
        if self._is_shared:
            self._part()
        self._position.clear()
        while self._rows:
            del self._rows[-_AT_ONCE:], self._ids[-_AT_ONCE:]
            yield

    def _part(self) -> None:
        self._rows, self._ids, self._position = self._rows.copy(), self._ids.copy(), self._position.copy()
        self._is_shared = False
