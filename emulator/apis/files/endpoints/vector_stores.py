"""Vector stores, their files and file batches. They need no beta header (recorded, 2025)."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from emulator.apis.files import errors
from emulator.apis.files.resources import (
    add_files,
    make_store,
    poll_store,
    require_live,
    require_searchable,
    require_store_files,
)
from emulator.apis.files.views import shown, view_of
from emulator.apis.http.lists import POLL_SOON, deleted, list_of, read_query
from emulator.apis.http.request import JsonResponse, Request, json_response
from emulator.base.json_types import Object
from emulator.world.state.missing import FILE_BATCH, Missing
from emulator.world.state.vector_stores import VectorStore, active, fits


def _store(request: Request) -> VectorStore:
    """The store that the path names. By the real clock its indexing is due before anything else."""
    store = request.world.store.vector_store(request.path["vector_store_id"], request.world.clock.now())
    if request.world.clock.name == "real":
        poll_store(request.world, store)
    return store


def _usable(request: Request) -> VectorStore:
    """The same, if it has not expired."""
    store = _store(request)
    require_live(store)
    return store


def _poll(request: Request, store: VectorStore, ids: Collection[str] | None = None, batch: str = "") -> None:
    """Polls some files of the store, or all; ``batch``: those of that batch."""
    request.entry.moved |= poll_store(request.world, store, ids)
    counts = store.object["file_counts"] if ids is None else store.counts(ids)
    request.note_poll(None if counts["in_progress"] else partial(_rest_of, store, ids, batch))


def _rest_of(store: VectorStore, ids: Collection[str] | None, batch: str) -> str:
    """What a client has of a store, a batch or a file that no poll moves."""
    if ids is not None and len(ids) == 1 and not batch:
        (file,) = (store.stored[id].object for id in ids)
        why = (file["last_error"] or {}).get("code")
        return f"{file['id']} in {store.id} is {file['status']!r}{f' ({why})' if why else ''}"
    named = store.batch(batch) if batch else store.object
    counts = ", ".join(f"{number} {status}" for status, number in named["file_counts"].items())
    return f"{named['id']} is {named['status']!r} (files: {counts})"


# ---- Stores ----


def list_vector_stores(request: Request) -> JsonResponse:
    stores = request.world.store.vector_stores
    page = stores.page(read_query(request))
    rows = [_polled(request, request.world.store.vector_store(id, request.world.clock.now())) for id in page.ids]
    return list_of(request, page.showing(rows), partial(view_of, request))


def _polled(request: Request, store: VectorStore) -> Object:
    _poll(request, store)
    return store.object


def create_vector_store(request: Request) -> JsonResponse:
    if request.body.get("configuration"):
        raise errors.store_configuration_not_supported()
    require_searchable(request.world, request.body.get("file_ids") or [])
    return shown(request, make_store(request.world, request.body, on_azure=request.on_azure).object)


def get_vector_store(request: Request) -> JsonResponse:
    return shown(request, _polled(request, _store(request)), poll_after=POLL_SOON)


def modify_vector_store(request: Request) -> JsonResponse:
    store = _store(request)
    changed = {
        **store.object,
        **{key: value for key, value in request.body.items() if value is not None or key == "name"},
    }
    if "expires_after" in request.body:
        changed["expires_after"] = request.body["expires_after"]
        changed = active(changed, changed["last_active_at"])
    store.object = changed
    return shown(request, store.object)


def delete_vector_store(request: Request) -> JsonResponse:
    id = _store(request).id
    request.world.store.remove_vector_store(id, request.world.clock.now())
    return json_response(deleted(id, "vector_store"))


def search_vector_store(request: Request) -> JsonResponse:
    """Ranked by words, not by meaning; ``rewrite_query`` keeps the words that tell something."""
    store, body = _usable(request), request.body
    _poll(request, store)
    store.object = active(store.object, request.world.now)
    queries = [body["query"]] if isinstance(body["query"], str) else body["query"]
    threshold = (body.get("ranking_options") or {}).get("score_threshold", 0)
    found = store.search(" ".join(queries), lambda attributes: fits(body.get("filters"), attributes))
    good, limit = [one for one in found if one.score >= threshold], body.get("max_num_results") or 10
    data = [
        {
            "file_id": one.file_id,
            "filename": one.filename,
            "score": one.score,
            "attributes": one.attributes,
            "content": [{"type": "text", "text": one.text}],
        }
        for one in good[:limit]
    ]
    return json_response(
        {
            "object": "vector_store.search_results.page",
            "search_query": queries,
            "data": data,
            "has_more": len(good) > limit,
            "next_page": None,
        }
    )


# ---- Files ----


def _file(request: Request, store: VectorStore) -> Object:
    id = request.path["file_id"]
    if id not in store.files:
        raise errors.no_file_in_store(id, store.id)
    return store.stored[id].object


def list_vector_store_files(request: Request) -> JsonResponse:
    store = _store(request)
    return _list_files(request, store, store.stored)


def _list_files(request: Request, store: VectorStore, among: Collection[str], batch: str = "") -> JsonResponse:
    """Polls the files on the page and shows them. Which ones a status selects is known when all are polled."""
    wanted = request.query.get("filter")
    if wanted:
        _poll(request, store, among, batch)

    def keep(file: Object) -> bool:
        return file["id"] in among and (wanted is None or file["status"] == wanted)

    page = store.files.page(read_query(request), keep)
    if not wanted:
        _poll(request, store, page.ids, batch)
    files = [store.stored[id].object for id in page.ids]
    return list_of(request, page.showing(files), partial(view_of, request))


def create_vector_store_file(request: Request) -> JsonResponse:
    store = _usable(request)
    _require_files([request.body])
    file_id = request.body["file_id"]
    require_store_files(request.world, [file_id], "file_id")
    (made,) = add_files(request.world, store, [request.body])
    return shown(request, made)


def _require_files(entries: list[Object]) -> None:
    """Raises ApiError for an entry that is no file but a project's own data, which Foundry's schema knows too."""
    if any(entry.get("data_source") for entry in entries):
        raise errors.sources_not_supported("data_source")


def get_vector_store_file(request: Request) -> JsonResponse:
    store = _store(request)
    id = _file(request, store)["id"]
    _poll(request, store, [id])
    return shown(request, store.stored[id].object, poll_after=POLL_SOON)


def update_vector_store_file_attributes(request: Request) -> JsonResponse:
    store = _store(request)
    id = _file(request, store)["id"]
    return shown(request, store.change(id, {"attributes": request.body["attributes"] or {}}))


def delete_vector_store_file(request: Request) -> JsonResponse:
    store = _store(request)
    id = _file(request, store)["id"]
    store.remove(id)
    return json_response(deleted(id, "vector_store.file"))


def retrieve_vector_store_file_content(request: Request) -> JsonResponse:
    store = _store(request)
    id = _file(request, store)["id"]
    _poll(request, store, [id])
    known = store.stored[id].known
    text = known.text if known and store.stored[id].object["status"] == "completed" else ""
    data = [{"type": "text", "text": text}] if text else []
    return json_response(
        {"object": "vector_store.file_content.page", "data": data, "has_more": False, "next_page": None}
    )


# ---- File batches ----


def _batch(request: Request, store: VectorStore) -> tuple[str, list[str]]:
    id = request.path["batch_id"]
    if id not in store.batches:
        raise Missing(FILE_BATCH, id, "batch_id")
    return id, store.batches[id][1]


def create_vector_store_file_batch(request: Request) -> JsonResponse:
    store, body, world = _usable(request), request.body, request.world
    shared: dict[str, Any] = {key: body[key] for key in ("chunking_strategy", "attributes") if body.get(key)}
    if body.get("files") and body.get("file_ids"):
        raise errors.files_and_file_ids()
    if body.get("data_sources"):
        raise errors.sources_not_supported("data_sources")
    entries = body.get("files") or [{"file_id": id, **shared} for id in body.get("file_ids") or []]
    _require_files(entries)
    ids = list(dict.fromkeys(entry["file_id"] for entry in entries))
    require_searchable(world, ids)
    add_files(world, store, entries)
    return shown(request, store.add_batch(_batch_id(request, store), world.now, ids))


def _batch_id(request: Request, store: VectorStore) -> str:
    ids = request.world.ids
    if request.on_azure:
        return ids.make_uuid("azure vector_store.file_batch", store.id)
    return ids.make_timed("vector_store.file_batch", request.world.now, store.id)


def get_vector_store_file_batch(request: Request) -> JsonResponse:
    store = _store(request)
    id, files = _batch(request, store)
    _poll(request, store, files, id)
    return shown(request, store.batch(id), poll_after=POLL_SOON)


def cancel_vector_store_file_batch(request: Request) -> JsonResponse:
    """A batch that is finished is answered as it is (recorded)."""
    store = _store(request)
    id, files = _batch(request, store)
    if store.batch(id)["status"] == "in_progress":
        store.cancel(files)
    return shown(request, store.batch(id))


def list_files_in_vector_store_batch(request: Request) -> JsonResponse:
    store = _store(request)
    id, files = _batch(request, store)
    return _list_files(request, store, set(files), id)
