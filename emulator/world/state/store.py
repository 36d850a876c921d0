"""All objects of one world.

Files, uploads and vector stores belong to every API. What one API alone has is a part of the store, which that API
defines and asks for by its class (``Store.parts``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, Self

from emulator.base.json_types import Object
from emulator.world.state.collection import Collection
from emulator.world.state.contents import Content
from emulator.world.state.missing import FILE, VECTOR_STORE
from emulator.world.state.vector_stores import KeptBytes, VectorStore

#: Deleted vector stores whose size and time are remembered.
_MAX_KEPT: Final = 10_000


class StorePart(Protocol):
    """The objects of one API."""

    def copy(self) -> Self:
        """A part that changes independently."""

    def let_go(self) -> Iterator[None]:
        """Frees its objects piece by piece; nobody asks for them any more."""

    def is_empty(self) -> bool:
        """True as long as nothing was made."""

    def remove_vector_store(self, id: str) -> None:
        """A vector store is gone; no object may name it any more."""


@dataclass(slots=True)
class Upload:
    """A file that arrives in parts."""

    object: Object
    parts: dict[str, Content] = field(default_factory=dict)
    expires_after: Object | None = None


class _Parts(dict[type[StorePart], Any]):
    """Makes a part when somebody first asks for it."""

    def __missing__(self, kind: type[StorePart]) -> StorePart:
        made = self[kind] = kind()
        return made


class Store:
    """All objects of one world."""

    def __init__(self) -> None:
        self.files: Collection[Object] = Collection(FILE)
        self.contents: dict[str, Content] = {}
        self.uploads: dict[str, Upload] = {}
        self.vector_stores: Collection[VectorStore] = Collection(VECTOR_STORE)
        #: What the vector stores that were deleted have kept; the newest of them.
        self.kept_bytes: deque[KeptBytes] = deque(maxlen=_MAX_KEPT)
        #: Fine-tuned models: any that somebody names is there until it is deleted.
        self.deleted_models: set[str] = set()
        #: Models that requests may not name: a scenario says that there are none of these names.
        self.unknown_models: set[str] = set()
        #: Ids that a scenario has chosen, with the kind of object (a key of ``given``): their form is not judged.
        self.given_ids: set[tuple[str, str]] = set()
        #: The objects of each API, by the class that it defines for them.
        self.parts: dict[type[StorePart], Any] = _Parts()

    def is_empty(self) -> bool:
        parts = any(not part.is_empty() for part in self.parts.values())
        return not (parts or self.files or self.uploads or self.vector_stores)

    def copy(self) -> Store:
        """A store that changes independently."""
        other = Store()
        other.files, other.contents = self.files.copy(), self.contents.copy()
        other.uploads = {id: Upload(one.object, dict(one.parts), one.expires_after) for id, one in self.uploads.items()}
        for store in self.vector_stores:
            other.vector_stores.put(store.id, store.copy())
        other.kept_bytes = self.kept_bytes.copy()
        other.deleted_models, other.unknown_models = set(self.deleted_models), set(self.unknown_models)
        other.given_ids = set(self.given_ids)
        other.parts |= {kind: part.copy() for kind, part in self.parts.items()}
        return other

    def let_go(self) -> Iterator[None]:
        """Frees all objects piece by piece; nobody asks for them any more."""
        yield from self.files.let_go()
        yield from self.vector_stores.let_go()
        for part in self.parts.values():
            yield from part.let_go()

    # ---- Files ----

    def put_file(self, file: Object, content: Content) -> None:
        self.files.put(file["id"], file)
        self.contents[file["id"]] = content

    def live_file(self, id: str, now: float) -> Object | None:
        """A file that is there and has not expired at ``now`` (seconds since the epoch)."""
        found = self.files.get(id)
        return None if found is None or _is_over(found, now) else found

    def find_file(self, name: str) -> Object | None:
        """A file by its id, or the newest of that name."""
        by_id = self.files.get(name)
        if by_id is not None:
            return by_id
        return next((file for _, file in self.files.newest_first() if file["filename"] == name), None)

    def remove_file(self, id: str) -> None:
        """Deletes a file; it leaves its stores."""
        self.files.remove(id)
        del self.contents[id]
        for store in self.vector_stores:
            store.lose(id)

    # ---- Vector stores ----

    def vector_store(self, id: str, now: float) -> VectorStore:
        """A vector store as a request names it: expired, if its time is over. Raises Missing."""
        store = self.vector_stores.find(id, "vector_store_id")
        if _is_over(store.object, now):
            store.object = {**store.object, "status": "expired"}
        return store

    def remove_vector_store(self, id: str, now: float) -> None:
        """Deletes a store at ``now``; the objects that name it lose it (docs/wire.md §2)."""
        gone = self.vector_stores.find(id, "vector_store_id").object
        self.kept_bytes.append(KeptBytes(gone["usage_bytes"], gone["created_at"], now))
        self.vector_stores.remove(id)
        for part in self.parts.values():
            part.remove_vector_store(id)


def _is_over(thing: Object, now: float) -> bool:
    expires_at = thing["expires_at"]
    return expires_at is not None and now >= expires_at
