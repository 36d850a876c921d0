"""Keeps the index of a vector store up to date: what has changed since the last search is indexed anew, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from emulator.world.state.search import Index

#: Characters that wait to be indexed, from which on a poll indexes some ahead of the search that needs them all, and
#: how many of them: a hundredth of a second for each million.
_MANY: Final = 1_000_000
_AHEAD: Final = 2_000_000


class File(Protocol):
    """A file of the store, with its text in pieces; none until it is completed."""

    chunks: list[str]


class Found(NamedTuple):
    """A chunk that was found, and its score in 0…1."""

    file_id: str
    text: str
    score: float


class StoreIndex:
    """The chunks of files, so that they can be searched. ``files`` are always all files of the store, by id."""

    def __init__(self) -> None:
        self._index: Index | None = None
        self._next = 0
        #: The files that are indexed: the numbers of their chunks, and these.
        self._indexed: dict[str, tuple[range, list[str]]] = {}
        self._at: dict[int, tuple[str, str]] = {}
        #: The files that are not indexed as they are now.
        self._changed: dict[str, None] = {}
        #: The places of all chunks among each other, by number, until a file changes.
        self._places: dict[int, int] | None = None

    def change(self, file_id: str) -> None:
        """A file has come, gone, or got other chunks."""
        self._changed[file_id] = None

    def index_ahead(self, files: Mapping[str, File]) -> None:
        """Indexes some of what has changed, if that is a lot: so it is spread over the polls of many files."""
        if sum(_size(files[id].chunks) for id in self._changed if id in files) > _MANY:
            self._catch_up(files, _AHEAD)

    def search(self, query: str, files: Mapping[str, File]) -> list[Found]:
        """The chunks that have a word of the query, best first, equal ones in the order of the files."""
        index = self._catch_up(files)
        if self._places is None:
            numbers = (number for id in files if id in self._indexed for number in self._indexed[id][0])
            self._places = {number: place for place, number in enumerate(numbers)}
        return [Found(*self._at[hit.number], hit.score) for hit in index.search(query, self._places.__getitem__)]

    def _catch_up(self, files: Mapping[str, File], limit: int | None = None) -> Index:
        """``limit``: about so many characters, at most."""
        from emulator.world.state.search import Index

        if self._index is None:
            self._index = Index([])
        added = 0
        while self._changed and (limit is None or added < limit):
            file_id = next(iter(self._changed))
            del self._changed[file_id]
            self._places = None
            self._forget(self._index, file_id)
            if file_id in files:
                added += self._add(self._index, file_id, files[file_id].chunks)
        return self._index

    def _forget(self, index: Index, file_id: str) -> None:
        numbers, texts = self._indexed.pop(file_id, (range(0), []))
        index.remove(zip(numbers, texts, strict=True))
        for number in numbers:
            del self._at[number]

    def _add(self, index: Index, file_id: str, texts: list[str]) -> int:
        """How many characters there are more."""
        numbers = range(self._next, self._next + len(texts))
        self._next = numbers.stop
        self._indexed[file_id] = (numbers, texts)
        self._at.update((number, (file_id, text)) for number, text in zip(numbers, texts, strict=True))
        index.add(zip(numbers, texts, strict=True))
        return _size(texts)


def _size(texts: Iterable[str]) -> int:
    return sum(map(len, texts))
