"""Vector stores, their files and file batches. They need no beta header (recorded, 2025)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from emulator.apis.assistants import objects
from emulator.apis.files.resources import add_files, look, make_store, require_alive, require_file, require_searchable
from emulator.apis.http import errors
from emulator.apis.http.errors import ApiError
from emulator.apis.http.lists import POLL_SOON, list_of, read_query
from emulator.apis.http.request import Answer, Call, answer
from emulator.apis.http.showing import shown
from emulator.base.json_types import Object
from emulator.world.state.vector_stores import VectorStore, active, fits


def _store(call: Call) -> VectorStore:
    """The store that the path names. By the real clock its indexing is due before anything else."""
    store = call.world.store.vector_store(call.path["vector_store_id"], call.world.clock.now())
    if call.world.clock.name == "real":
        look(call.world, store)
    return store


def _usable(call: Call) -> VectorStore:
    """The same, if it has not expired."""
    store = _store(call)
    require_alive(store)
    return store


# ---- Stores ----


def list_vector_stores(call: Call) -> Answer:
    stores = call.world.store.vector_stores
    page = stores.page(read_query(call))
    rows = [_looked_at(call, call.world.store.vector_store(id, call.world.clock.now())) for id in page.ids]
    return list_of(call, page.showing(rows))


def _looked_at(call: Call, store: VectorStore) -> Object:
    call.entry.moved |= look(call.world, store)
    return store.object


def create_vector_store(call: Call) -> Answer:
    require_searchable(call.world, call.body.get("file_ids") or [])
    return shown(call, make_store(call.world, call.body).object)


def get_vector_store(call: Call) -> Answer:
    return shown(call, _looked_at(call, _store(call)), poll_after=POLL_SOON)


def modify_vector_store(call: Call) -> Answer:
    store = _store(call)
    changed = {**store.object, **{key: value for key, value in call.body.items() if value is not None or key == "name"}}
    if "expires_after" in call.body:
        changed["expires_after"] = call.body["expires_after"]
        changed = active(changed, changed["last_active_at"])
    store.object = changed
    return shown(call, store.object)


def delete_vector_store(call: Call) -> Answer:
    id = _store(call).id
    call.world.store.remove_vector_store(id)
    return answer(objects.deleted(id, "vector_store"))


def search_vector_store(call: Call) -> Answer:
    """Ranked by words, not by meaning; ``rewrite_query`` keeps the words that tell something."""
    store, body = _usable(call), call.body
    call.entry.moved |= look(call.world, store)
    store.object = active(store.object, int(call.world.clock.now()))
    queries = [body["query"]] if isinstance(body["query"], str) else body["query"]
    threshold = (body.get("ranking_options") or {}).get("score_threshold", 0)
    found = store.search(" ".join(queries), lambda attributes: fits(body.get("filters"), attributes))
    data = [
        {
            "file_id": one.file_id,
            "filename": one.filename,
            "score": one.score,
            "attributes": one.attributes,
            "content": [{"type": "text", "text": one.text}],
        }
        for one in found
        if one.score >= threshold
    ]
    limit = body.get("max_num_results") or 10
    return answer(
        {
            "object": "vector_store.search_results.page",
            "search_query": queries,
            "data": data[:limit],
            "has_more": len(data) > limit,
            "next_page": None,
        }
    )


# ---- Files ----


def _file(call: Call, store: VectorStore) -> Object:
    id = call.path["file_id"]
    if id not in store.files:
        raise errors.no_file_in_store(id, store.id)
    return store.stored[id].object


def list_vector_store_files(call: Call) -> Answer:
    store = _store(call)
    return _list_files(call, store, store.stored)


def _list_files(call: Call, store: VectorStore, among: Collection[str]) -> Answer:
    """Looks at the files on the page and shows them. Which ones a status selects is known when all were looked at."""
    wanted = call.query.get("filter")
    if wanted:
        call.entry.moved |= look(call.world, store, among)

    def keep(file: Object) -> bool:
        return file["id"] in among and (wanted is None or file["status"] == wanted)

    page = store.files.page(read_query(call), keep)
    if not wanted:
        call.entry.moved |= look(call.world, store, page.ids)
    shown = [store.stored[id].object for id in page.ids]
    return list_of(call, page.showing(shown))


def create_vector_store_file(call: Call) -> Answer:
    store = _usable(call)
    file_id = call.body["file_id"]
    require_file(call.world.store, file_id, "file_id", call.world.clock.now())
    (made,) = add_files(call.world, store, [call.body])
    return answer(made)


def get_vector_store_file(call: Call) -> Answer:
    store = _store(call)
    id = _file(call, store)["id"]
    call.entry.moved |= look(call.world, store, [id])
    return answer(store.stored[id].object, poll_after=POLL_SOON)


def update_vector_store_file_attributes(call: Call) -> Answer:
    store = _store(call)
    id = _file(call, store)["id"]
    return answer(store.change(id, {"attributes": call.body["attributes"] or {}}))


def delete_vector_store_file(call: Call) -> Answer:
    store = _store(call)
    id = _file(call, store)["id"]
    store.remove(id)
    return answer(objects.deleted(id, "vector_store.file"))


def retrieve_vector_store_file_content(call: Call) -> Answer:
    store = _store(call)
    id = _file(call, store)["id"]
    call.entry.moved |= look(call.world, store, [id])
    known = store.stored[id].known
    text = known.text if known and store.stored[id].object["status"] == "completed" else ""
    data = [{"type": "text", "text": text}] if text else []
    return answer({"object": "vector_store.file_content.page", "data": data, "has_more": False, "next_page": None})


# ---- File batches ----

#: That it has to be one of them is documented; the words are those of other endpoints.
_MUTUALLY_EXCLUSIVE: Final = ApiError(
    400,
    "Mutually exclusive parameters: 'file_ids'. Ensure you are only providing one of: 'files' or 'file_ids'.",
    param="file_ids",
    code="mutually_exclusive_parameters",
)


def _batch(call: Call, store: VectorStore) -> tuple[str, list[str]]:
    id = call.path["batch_id"]
    if id not in store.batches:
        raise errors.not_found("vector_store.file_batch", id, "batch_id")
    return id, store.batches[id][1]


def create_vector_store_file_batch(call: Call) -> Answer:
    store, body, world = _usable(call), call.body, call.world
    shared: dict[str, Any] = {key: body[key] for key in ("chunking_strategy", "attributes") if body.get(key)}
    if body.get("files") and body.get("file_ids"):
        raise _MUTUALLY_EXCLUSIVE
    entries = body.get("files") or [{"file_id": id, **shared} for id in body["file_ids"]]
    ids = list(dict.fromkeys(entry["file_id"] for entry in entries))
    require_searchable(world, ids)
    add_files(world, store, entries)
    at = int(world.clock.now())
    return shown(call, store.add_batch(world.ids.make_timed("vector_store.file_batch", at, store.id), at, ids))


def get_vector_store_file_batch(call: Call) -> Answer:
    store = _store(call)
    id, files = _batch(call, store)
    call.entry.moved |= look(call.world, store, files)
    return shown(call, store.batch(id), poll_after=POLL_SOON)


def cancel_vector_store_file_batch(call: Call) -> Answer:
    """A batch that is finished is answered as it is (recorded)."""
    store = _store(call)
    id, files = _batch(call, store)
    store.cancel(files)
    return shown(call, store.batch(id))


def list_files_in_vector_store_batch(call: Call) -> Answer:
    store = _store(call)
    _, files = _batch(call, store)
    return _list_files(call, store, set(files))
