"""Vector stores, their files and batches: what they hold, how indexing moves, and the search in them.

Indexing follows the rule of time: a poll of a file, its batch or its store moves that object from ``in_progress`` to
its outcome. The outcome of a file follows from its contents, unless a scenario says otherwise (``indexing``).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from emulator.base.json_types import Object
from emulator.world.state import extract
from emulator.world.state.collection import Collection
from emulator.world.state.missing import VECTOR_STORE_FILE
from emulator.world.state.store_index import StoreIndex

if TYPE_CHECKING:
    from emulator.scenarios.steps.actions import SearchResult

DAY: Final = 86_400
#: Days that a store which a thread brought about lives after it was last used (API documentation, file search).
THREAD_STORE_DAYS: Final = 7

_AUTO: Final = {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}
_COUNTED: Final = ("in_progress", "completed", "failed", "cancelled")


class KeptBytes(NamedTuple):
    """What a vector store has kept, from one second to another."""

    bytes: int
    since: float
    until: float


class Outcome(NamedTuple):
    """The outcome of indexing a file. ``polls``: how many polls still see it ``in_progress``."""

    status: str
    text: str = ""
    error: Object | None = None
    polls: int = 0


#: Says what indexing a file leads to; a copy of the store in another world asks that world anew.
Foretell = Callable[[Object], Outcome]


@dataclass(slots=True)
class StoredFile:
    """A file in a store, and the file itself. ``chunks`` are there once it is completed."""

    object: Object
    file: Object
    chunks: list[str] = field(default_factory=list)
    #: Polls that have seen it ``in_progress``.
    polls_seen: int = 0
    #: The outcome, once it was looked up.
    known: Outcome | None = None
    #: False if the size of its store is stated, so that this file adds nothing to it.
    is_measured: bool = True


def new_store(id: str, at: int, body: Object) -> Object:
    """A vector store from its creation parameters, empty."""
    store = {
        "id": id,
        "object": "vector_store",
        "created_at": at,
        "name": body.get("name"),
        "description": body.get("description"),
        "usage_bytes": 0,
        "file_counts": dict.fromkeys((*_COUNTED, "total"), 0),
        "status": "completed",
        "expires_after": body.get("expires_after"),
        "expires_at": None,
        "last_active_at": at,
        "metadata": body.get("metadata") or {},
    }
    return active(store, at)


def active(store: Object, at: int) -> Object:
    """The store as it is when it is used: its expiry counts from now."""
    after = store["expires_after"]
    return {**store, "last_active_at": at, "expires_at": at + after["days"] * DAY if after else None}


def chunking(sent: Object | None) -> Object:
    """A chunking strategy as it is echoed: ``auto`` is the static one with the service's defaults."""
    return {"type": "static", "static": sent["static"] if sent and sent["type"] == "static" else _AUTO}


class VectorStore:
    """One store with its files and batches."""

    __slots__ = ("_index", "batches", "deleted", "files", "object", "stored")

    def __init__(self, object: Object) -> None:
        self.object = object
        self.files: Collection[Object] = Collection(VECTOR_STORE_FILE)
        self.stored: dict[str, StoredFile] = {}
        #: The statuses of files that were deleted while they were in the store: the counts keep them.
        self.deleted: dict[str, str] = {}
        #: Batches with the ids of their files.
        self.batches: dict[str, tuple[Object, list[str]]] = {}
        self._index = StoreIndex()

    @property
    def id(self) -> str:
        id: str = self.object["id"]
        return id

    # ---- Files ----

    def add(self, file: Object, at: int, body: Object) -> Object:
        """A file comes into the store; it is indexed from now on. One that is there already is indexed anew."""
        made = {
            "id": file["id"],
            "object": "vector_store.file",
            "usage_bytes": 0,
            "created_at": at,
            "vector_store_id": self.id,
            "status": "in_progress",
            "last_error": None,
            "chunking_strategy": chunking(body.get("chunking_strategy")),
            "attributes": body.get("attributes") or {},
        }
        before = self.stored.get(file["id"])
        if before is not None:
            self._keep_finished_batches(file["id"], counts=True)
        self.stored[file["id"]] = StoredFile(made, file)
        self.files.put(file["id"], made)
        self._count(before.object if before else None, made)
        self._index.change(file["id"])
        return made

    def _put(self, file: Object) -> None:
        stored = self.stored[file["id"]]
        self._count(stored.object, file)
        stored.object = file
        self.files.put(file["id"], file)

    def change(self, file_id: str, changes: Object) -> Object:
        """Other attributes for a file."""
        changed = {**self.files.find(file_id, "file_id"), **changes}
        self._put(changed)
        return changed

    def remove(self, file_id: str) -> None:
        """Takes a file out of the store; the file itself stays."""
        self._keep_finished_batches(file_id, counts=False)
        stored = self._take(file_id)
        if stored is not None:
            self._count(stored.object, None)

    def _take(self, file_id: str) -> StoredFile | None:
        stored = self.stored.pop(file_id, None)
        if stored is not None:
            self.files.remove(file_id)
            self._index.change(file_id)
        return stored

    def lose(self, file_id: str) -> None:
        """A file was deleted: it leaves the store, whose ``file_counts`` stay as they are (docs/wire.md §2).

        Inferred: its bytes are no longer used, and one that is still being indexed is no longer counted, because the
        store would never be done.
        """
        stored = self._take(file_id)
        if stored is None:
            return
        if stored.object["status"] == "in_progress":
            self._count(stored.object, None)
        else:
            self.deleted[file_id] = stored.object["status"]
            left = self.object["usage_bytes"] - stored.object["usage_bytes"]
            self.object = {**self.object, "usage_bytes": left}

    # ---- Indexing ----

    def poll(self, ids: Iterable[str], foretell: Foretell, *, at_once: bool = False) -> bool:
        """Moves files to their outcomes, when enough polls have seen them ``in_progress``. True if one has moved.

        ``at_once``: without waiting for those polls.
        """
        moved = False
        for id in ids:
            file = self.stored.get(id)
            if file is None or file.object["status"] != "in_progress":
                continue
            file.known = file.known or foretell(file.file)
            if file.polls_seen < file.known.polls and not at_once:
                file.polls_seen += 1
            else:
                self._finish(file, file.known)
                moved = True
        if moved:
            self._index.index_ahead(self.stored)
        return moved

    def _finish(self, file: StoredFile, outcome: Outcome) -> None:
        if outcome.status == "completed":
            cut = file.object["chunking_strategy"]["static"]
            file.chunks = extract.chunks(outcome.text, cut["max_chunk_size_tokens"], cut["chunk_overlap_tokens"])
            self._index.change(file.object["id"])
        size = len(outcome.text.encode("utf-8", "replace")) if outcome.status == "completed" and file.is_measured else 0
        self._put({**file.object, "status": outcome.status, "last_error": outcome.error, "usage_bytes": size})

    def cancel(self, ids: Iterable[str]) -> None:
        """Files that are still being indexed are cancelled."""
        for id in ids:
            file = self.stored.get(id)
            if file is not None and file.object["status"] == "in_progress":
                self._put({**file.object, "status": "cancelled"})

    def _count(self, before: Object | None, after: Object | None) -> None:
        """Counts, size and status of the store once a file has come, changed or gone."""
        counts, used, status = {**self.object["file_counts"]}, self.object["usage_bytes"], self.object["status"]
        for file, sign in ((before, -1), (after, 1)):
            if file is not None:
                counts[file["status"]] += sign
                counts["total"] += sign
                used += sign * file["usage_bytes"]
        if status != "expired":
            status = "in_progress" if counts["in_progress"] else "completed"
        self.object = {**self.object, "file_counts": counts, "status": status, "usage_bytes": used}

    def counts(self, ids: Iterable[str]) -> dict[str, int]:
        """How many of these files have which status. Deleted ones count, those that were taken out do not."""
        statuses = [status for id in ids if (status := self._status(id))]
        counts = {status: statuses.count(status) for status in _COUNTED}
        return {**counts, "total": len(statuses)}

    def _status(self, file_id: str) -> str | None:
        """Of a file that is in the store, or was when it was deleted."""
        stored = self.stored.get(file_id)
        return stored.object["status"] if stored else self.deleted.get(file_id)

    # ---- Batches ----

    def add_batch(self, id: str, at: int, file_ids: list[str]) -> Object:
        """Files that are indexed together."""
        batch = {
            "id": id,
            "object": "vector_store.file_batch",
            "created_at": at,
            "status": "in_progress",
            "vector_store_id": self.id,
            "file_counts": {},
        }
        self.batches[id] = (batch, file_ids)
        return self.batch(id)

    def batch(self, id: str) -> Object:
        """A batch as it is now: its status follows from its files', until it has come to its end."""
        batch, ids = self.batches[id]
        counts = batch["file_counts"] or self.counts(ids)
        if batch["status"] != "in_progress":
            return {**batch, "file_counts": counts}
        status = "in_progress" if counts["in_progress"] else "cancelled" if counts["cancelled"] else "completed"
        return {**batch, "status": status, "file_counts": counts}

    def _keep_finished_batches(self, file_id: str, *, counts: bool) -> None:
        """A batch at its end keeps its status when a file of it is taken out or, with its ``counts``, indexed anew."""
        for id, (batch, ids) in self.batches.items():
            now = self.batch(id)
            if file_id in ids and now["status"] != "in_progress":
                kept = now["file_counts"] if counts else batch["file_counts"]
                self.batches[id] = ({**now, "file_counts": kept}, ids)

    # ---- Search ----

    def search(self, query: str, keep: Callable[[Object], bool] = lambda attributes: True) -> list[SearchResult]:
        """The chunks of completed files that have a word of the query, best first."""
        from emulator.scenarios.steps.actions import SearchResult

        hits = ((self.stored[one.file_id], one) for one in self._index.search(query, self.stored))
        return [
            SearchResult(file.object["id"], file.file["filename"], found.score, file.object["attributes"], found.text)
            for file, found in hits
            if file.object["status"] == "completed" and keep(file.object["attributes"])
        ]

    def copy(self) -> VectorStore:
        """A store that changes independently."""
        other = VectorStore(self.object)
        other.files = self.files.copy()
        other.stored = {
            id: StoredFile(one.object, one.file, one.chunks, one.polls_seen, one.known)
            for id, one in self.stored.items()
        }
        for id in other.stored:
            other._index.change(id)
        other.deleted = dict(self.deleted)
        other.batches = {id: (batch, list(ids)) for id, (batch, ids) in self.batches.items()}
        return other


# ---- Filters ----


def fits(filters: Object | None, attributes: Object) -> bool:
    """True if a file's attributes pass a comparison or compound filter. What has no such attribute passes only ``ne``
    and ``nin``; values of other types never compare."""
    if filters is None:
        return True
    kind = filters["type"]
    if kind in ("and", "or"):
        return (all if kind == "and" else any)(fits(one, attributes) for one in filters["filters"])
    came, wanted = attributes.get(filters["key"]), filters["value"]
    if kind in ("in", "nin"):
        return any(_is(came, one) for one in wanted) is (kind == "in")
    if kind in ("eq", "ne"):
        return _is(came, wanted) is (kind == "eq")
    return _type(came) == _type(wanted) and bool(_COMPARE[kind](came, wanted))


def _is(came: Any, wanted: Any) -> bool:
    return _type(came) == _type(wanted) and bool(came == wanted)


def _type(value: Any) -> str:
    """As JSON has it: ``true`` is no number, and 1 is 1.0."""
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


_COMPARE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def search_all(stores: Iterable[VectorStore], query: str) -> list[SearchResult]:
    """The results of all stores, best first. A passage that two stores hold is found twice (docs/wire.md §7)."""
    return sorted((one for store in stores for one in store.search(query)), key=lambda one: -one.score)
