"""What tools have to work with: the files and vector stores that requests name, and those that they bring about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from emulator.apis.assistants import objects
from emulator.apis.http import errors
from emulator.apis.http.errors import ApiError
from emulator.base.json_types import Object
from emulator.world.state import extract
from emulator.world.state.store import Store, Thread
from emulator.world.state.vector_stores import MAX_FILES, THREAD_STORE_DAYS, VectorStore, active, new_store

if TYPE_CHECKING:
    from emulator.world.world import World


def resolve(world: World, sent: Object | None, *, days: int | None = None) -> Object:
    """``tool_resources`` as they are stored: inline ``vector_stores`` are made and replaced by their ids.

    ``days``: the expiry of those that belong to a thread. Raises ApiError for what is not there; nothing is made then.
    """
    resources = {key: value for key, value in (sent or {}).items() if value is not None}
    now = world.clock.now()
    if "code_interpreter" in resources:
        ids = resources["code_interpreter"].get("file_ids") or []
        for id in ids:
            require_file(world.store, id, "tool_resources.code_interpreter.file_ids", now)
        resources["code_interpreter"] = {"file_ids": ids}
    if "file_search" in resources:
        search = resources["file_search"]
        ids = list(search.get("vector_store_ids") or [])
        for id in ids:
            if id not in world.store.vector_stores:
                raise errors.unknown_store(id, "tool_resources.file_search.vector_store_ids")
            require_alive(world.store.vector_store(id, now))
        inline = search.get("vector_stores") or []
        for body in inline:
            require_searchable(world, body.get("file_ids") or [])
        after = {"expires_after": {"anchor": "last_active_at", "days": days}} if days else {}
        ids += [make_store(world, {**after, **body}).id for body in inline]
        resources["file_search"] = {"vector_store_ids": ids}
    return resources


def require_file(store: Store, id: str, param: str, now: float) -> Object:
    """A file that a request refers to, or its error."""
    try:
        return store.file(id, now)
    except ApiError:
        raise errors.unknown_file(id, param) from None


def require_alive(store: VectorStore) -> None:
    """Raises ApiError if a store has expired."""
    if store.object["status"] == "expired":
        raise errors.store_expired(store.id)


def require_searchable(world: World, ids: list[str], param: str = "file_ids") -> None:
    """Raises ApiError if one of these files is not there, or of a kind that is not searched."""
    files = [require_file(world.store, id, param, world.clock.now()) for id in ids]
    kinds = [extract.extension(file["filename"]) for file in files]
    refused = list(dict.fromkeys(kind for kind in kinds if kind not in extract.SEARCHABLE))
    if refused:
        raise errors.not_searchable(refused)


def make_store(world: World, body: Object, id: str = "") -> VectorStore:
    """A new vector store, with its first files; they have been checked. ``id``: a given one."""
    at = int(world.clock.now())
    _check_chunking(body)
    store = VectorStore(new_store(id or world.ids.make_timed("vector_store", at), at, body))
    add_files(world, store, [{"file_id": id, **_strategy(body)} for id in body.get("file_ids") or []])
    world.store.vector_stores.put(store.id, store)
    return store


def _strategy(body: Object) -> Object:
    return {key: body[key] for key in ("chunking_strategy",) if body.get(key)}


def add_files(world: World, store: VectorStore, entries: list[Object]) -> list[Object]:
    """Files come into a store, each with its own attributes and chunking. Raises ApiError when the store is full."""
    new = {entry["file_id"] for entry in entries if entry["file_id"] not in store.stored}
    if len(store.stored) + len(new) > MAX_FILES:
        raise errors.store_is_full(store.id, MAX_FILES)
    for entry in entries:
        _check_chunking(entry)
    at = int(world.clock.now())
    return [store.add(world.store.files.find(entry["file_id"], "file_id"), at, entry) for entry in entries]


def _check_chunking(body: Object) -> None:
    """Raises ApiError for chunks that overlap by more than their half: documented; the words are inferred."""
    static = (body.get("chunking_strategy") or {}).get("static")
    if static and static["chunk_overlap_tokens"] > static["max_chunk_size_tokens"] // 2:
        half, got = static["max_chunk_size_tokens"] // 2, static["chunk_overlap_tokens"]
        param = "chunking_strategy.static.chunk_overlap_tokens"
        said = f"Expected a value <= {half}, but got {got} instead."
        message = f"Invalid '{param}': integer above maximum value. {said}"
        raise ApiError(400, message, param=param, code="integer_above_max_value")


def look(world: World, store: VectorStore, ids: Iterable[str] | None = None) -> bool:
    """A look at some files of a store, or at all; True if it moved one. By the real clock indexing is due at once."""
    at_once = world.clock.name == "real"
    return store.look(list(store.stored if ids is None else ids), world.indexing_outcome, at_once=at_once)


def check_messages(world: World, messages: Iterable[Object]) -> None:
    """Raises ApiError if messages that are to be made refer to files that are not there, or that are not searched."""
    for message in messages:
        attachments = message.get("attachments") or []
        for one in attachments:
            require_file(world.store, one["file_id"], "attachments", world.clock.now())
        require_searchable(
            world, [one["file_id"] for one in attachments if _has_tool(one, "file_search")], "attachments"
        )
        for part in message["content"] if isinstance(message["content"], list) else []:
            if part["type"] == "image_file":
                require_file(world.store, part["image_file"]["file_id"], "content", world.clock.now())


def add_message(world: World, thread: Thread, body: Object, message_id: str = "") -> bytes:
    """A message, checked before, comes into a thread with what it brings along. Answers it as it is stored.

    ``message_id``: a given one.
    """
    id = thread.object["id"]
    message_id = message_id or world.ids.make("thread.message", id)
    made = objects.message(message_id, int(world.clock.now()), id, body)
    if made["attachments"]:
        _attach(world, thread, made["attachments"])
    return thread.put_message(made)


def _attach(world: World, thread: Thread, attachments: list[Object]) -> None:
    """Attachments extend the thread's resources; its vector store is made when the first file needs one."""
    now = world.clock.now()
    searched = [one["file_id"] for one in attachments if _has_tool(one, "file_search")]
    coded = [one["file_id"] for one in attachments if _has_tool(one, "code_interpreter")]
    resources: dict[str, Any] = {**thread.object["tool_resources"]}
    if coded:
        had = resources.get("code_interpreter", {}).get("file_ids", [])
        resources["code_interpreter"] = {"file_ids": list(dict.fromkeys([*had, *coded]))}
    if searched:
        ids = resources.get("file_search", {}).get("vector_store_ids", [])
        if ids:
            store = world.store.vector_store(ids[0], now)
            require_alive(store)
            add_files(world, store, [{"file_id": id} for id in searched if id not in store.stored])
        else:
            after = {"anchor": "last_active_at", "days": THREAD_STORE_DAYS}
            store = make_store(world, {"file_ids": list(dict.fromkeys(searched)), "expires_after": after})
        resources["file_search"] = {"vector_store_ids": ids or [store.id]}
    thread.object = {**thread.object, "tool_resources": resources}


def _has_tool(attachment: Object, kind: str) -> bool:
    return any(tool["type"] == kind for tool in attachment.get("tools") or [])


def stores_of(world: World, assistant: Object, thread: Thread | None = None) -> list[VectorStore]:
    """The stores that a run searches: the assistant's, then the thread's. Raises ApiError if one has expired."""
    found = []
    for holder in (assistant, thread.object) if thread else (assistant,):
        for id in holder["tool_resources"].get("file_search", {}).get("vector_store_ids", []):
            store = world.store.vector_store(id, world.clock.now())
            require_alive(store)
            found.append(store)
    return found


def use(world: World, stores: Iterable[VectorStore]) -> None:
    """A run that is created looks at its stores, and keeps them from expiring."""
    for store in stores:
        look(world, store)
        store.object = active(store.object, int(world.clock.now()))
