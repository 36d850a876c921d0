"""The files and vector stores that requests name, and those that they bring about. All APIs share them."""

from __future__ import annotations

from collections.abc import Iterable

from emulator.apis.files import errors
from emulator.base.json_types import Object
from emulator.base.limits import MAX_STORE_FILES
from emulator.world.state import extract
from emulator.world.state.state import State
from emulator.world.state.vector_stores import VectorStore, active, new_store


def require_file(world: State, id: str, param: str) -> Object:
    """A file that a request refers to. Raises ApiError for one that is not there."""
    found = world.store.live_file(id, world.clock.now())
    if found is None:
        raise errors.unknown_file(id, param)
    return found


def require_searchable(world: State, ids: list[str], param: str = "file_ids") -> None:
    """Raises ApiError if one of these files is not there, or of a kind that is not searched."""
    require_store_files(world, ids, param)
    kinds = [extract.extension(require_file(world, id, param)["filename"]) for id in ids]
    refused = list(dict.fromkeys(kind for kind in kinds if kind not in extract.SEARCHABLE))
    if refused:
        raise errors.not_searchable(refused)


def require_store_files(world: State, ids: list[str], param: str) -> None:
    """Raises ApiError if one of the files that are to come into a vector store is not there."""
    now = world.clock.now()
    if unknown := [id for id in ids if world.store.live_file(id, now) is None]:
        raise errors.unknown_store_files(unknown, param)


def live_store(world: State, id: str) -> VectorStore:
    """A vector store by its id. Raises Missing, and ApiError if it has expired."""
    store = world.store.vector_store(id, world.clock.now())
    require_live(store)
    return store


def require_live(store: VectorStore) -> None:
    """Raises ApiError if a store has expired."""
    if store.object["status"] == "expired":
        raise errors.store_expired(store.id)


def make_store(world: State, body: Object, id: str = "", *, on_azure: bool = False) -> VectorStore:
    """A new vector store with its first files, which have been checked. ``id``: a given one."""
    at = world.now
    _check_chunking(body)
    store = VectorStore(new_store(id or _store_id(world, on_azure=on_azure), at, body))
    add_files(world, store, [{"file_id": id, **_strategy(body)} for id in body.get("file_ids") or []])
    world.store.vector_stores.put(store.id, store)
    return store


def _store_id(world: State, *, on_azure: bool) -> str:
    return world.ids.make("azure vector_store") if on_azure else world.ids.make_timed("vector_store", world.now)


def _strategy(body: Object) -> Object:
    return {key: body[key] for key in ("chunking_strategy",) if body.get(key)}


def add_files(world: State, store: VectorStore, entries: list[Object]) -> list[Object]:
    """Files come into a store, each with its own attributes and chunking. Raises ApiError when the store is full."""
    new = {entry["file_id"] for entry in entries if entry["file_id"] not in store.stored}
    if len(store.stored) + len(new) > MAX_STORE_FILES:
        raise errors.store_is_full(store.id, MAX_STORE_FILES)
    for entry in entries:
        _check_chunking(entry)
    return [store.add(world.store.files.find(entry["file_id"], "file_id"), world.now, entry) for entry in entries]


def _check_chunking(body: Object) -> None:
    """Raises ApiError for chunks that overlap by more than half their size."""
    static = (body.get("chunking_strategy") or {}).get("static")
    if static and static["chunk_overlap_tokens"] > static["max_chunk_size_tokens"] // 2:
        raise errors.overlap_too_large(static["max_chunk_size_tokens"] // 2, static["chunk_overlap_tokens"])


def poll_store(world: State, store: VectorStore, ids: Iterable[str] | None = None) -> bool:
    """Polls some files of a store, or all. True if one has moved. With the ``real`` clock indexing is due at once."""
    at_once = world.clock.name == "real"
    return store.poll(list(store.stored if ids is None else ids), world.indexing_outcome, at_once=at_once)


def use_stores(world: State, stores: Iterable[VectorStore]) -> None:
    """Who searches stores polls them, and keeps them from expiring."""
    for store in stores:
        poll_store(world, store)
        store.object = active(store.object, world.now)
