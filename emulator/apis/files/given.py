"""Makes the files and vector stores that a scenario gives."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.apis.files import errors, objects
from emulator.apis.files.resources import add_files, make_store
from emulator.base.json_types import Object
from emulator.base.problems import Refusal
from emulator.scenarios.given import given_content
from emulator.world.given import gives
from emulator.world.state.contents import Content
from emulator.world.state.state import State
from emulator.world.state.vector_stores import VectorStore


@gives("files")
def give_file(world: State, item: Object, contents: Mapping[str, bytes]) -> None:
    id = item.get("id") or world.ids.make("file")
    content = Content.of(given_content(item, contents))
    made = objects.file(id, world.now, item["filename"], item.get("purpose", "assistants"), content.size)
    world.store.put_file(made, content)


@gives("vector_stores")
def give_store(world: State, item: Object, contents: Mapping[str, bytes]) -> None:
    """The files of a given store are indexed at its first poll, as those of any other."""
    files = item.get("file_ids") or []
    for id in files:
        if id not in world.store.files:
            raise errors.unknown_file(id, "file_ids")
    store = make_store(world, {**item, "file_ids": []}, item.get("id", ""))
    strategy = {"chunking_strategy": item["chunking_strategy"]} if item.get("chunking_strategy") else {}
    attributes = item.get("attributes") or {}
    if unknown := attributes.keys() - set(files):
        raise Refusal(f"attributes: {min(unknown)!r} is none of the store's file_ids")
    add_files(world, store, [{"file_id": id, "attributes": attributes.get(id), **strategy} for id in files])
    _state(store, item)


def _state(store: VectorStore, item: Object) -> None:
    """Puts in what the scenario states of the store. Files that it has become completed ones, which are stated too."""
    if "usage_bytes" in item:
        store.object = {**store.object, "usage_bytes": item["usage_bytes"]}
        for stored in store.stored.values():
            stored.is_measured = False
    if stated := item.get("file_counts"):
        counts, held = {**dict.fromkeys(store.object["file_counts"], 0), **stated}, len(store.stored)
        counts["completed"] = max(counts["completed"] - held, 0)
        counts["in_progress"] += held
        counts["total"] = stated.get("total", sum(counts[key] for key in counts if key != "total"))
        status = "in_progress" if counts["in_progress"] else store.object["status"]
        store.object = {**store.object, "file_counts": counts, "status": status}
