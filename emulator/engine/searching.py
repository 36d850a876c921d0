"""The search of a turn in its vector stores, which notes a search that could not find anything."""

from __future__ import annotations

from collections.abc import Sequence

from emulator.base.loose_ends import LooseEnd
from emulator.scenarios.model import Turn
from emulator.scenarios.steps.actions import SearchResult
from emulator.world.state.state import State
from emulator.world.state.vector_stores import VectorStore, search_all

#: File names that a sentence lists.
_LISTED = 3


def search_stores(
    world: State, id: str, turn: Turn, stores: Sequence[VectorStore], query: str, *, is_seen: bool = True
) -> list[SearchResult]:
    """What a search finds. ``id``: of the run or response; ``is_seen``: the client can see the results."""
    found = search_all(stores, query)
    if not found and (why := _why_nothing(stores) or ("" if is_seen else _UNSEEN)):
        world.note(LooseEnd("search", f"a search of {id} found nothing: {why}", turn.file, turn.line, id))
    return found


_UNSEEN = "no file has a word of the query, and nobody could see that without include: file_search_call.results"


def _why_nothing(stores: Sequence[VectorStore]) -> str:
    """Which stores were not ready; empty if all were."""
    if not stores:
        return "it has no vector store"
    return "; ".join(why for store in stores if (why := _why_not_ready(store)))


def _why_not_ready(store: VectorStore) -> str:
    if store.object["status"] == "expired":
        return f"{store.id} is expired"
    if not store.stored:
        return f"{store.id} has no files"
    waiting = [one for one in store.stored.values() if one.object["status"] != "completed"]
    named = [f"{one.file['filename']} is {one.object['status']}" for one in waiting[:_LISTED]]
    more = [f"and {len(waiting) - _LISTED} more"] if waiting[_LISTED:] else []
    return f"in {store.id}, {', '.join(named + more)}" if waiting else ""
