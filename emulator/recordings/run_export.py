"""Exports one run as a scenario: its requests in the journal, and what the store knows of it, are distilled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import orjson

from emulator.apis.assistants import views
from emulator.apis.assistants.store import Thread, objects_of
from emulator.base.problems import EmulatorError
from emulator.engine.active_turn import ActiveTurn
from emulator.recordings.distil.distil import distil
from emulator.recordings.exchange import Exchange, Recording
from emulator.recordings.exporting import exchange_of
from emulator.recordings.redaction.redactor import Redactor
from emulator.world.journal import Entry
from emulator.world.world import World

#: Operations whose requests make what a run needs.
_MAKE: frozenset[str] = frozenset({"create_assistant", "create_file", "create_vector_store"})


def scenario_of_run(world: World, id: str, redactor: Redactor | None) -> str:
    """The scenario that plays what a run, or the responses of a turn, did. ``id``: of the run or of a response.

    Without a ``redactor`` all secrets stay. Raises EmulatorError if the world has no such run.
    """
    turn = _turn(world, id)
    ids = {turn.id, *turn.responses}
    kept = [entry for entry in world.journal.requests() if _belongs(entry, turn, ids)]
    exchanges = [exchange_of(entry, number) for number, entry in enumerate(kept, 1)]
    if (thread := objects_of(world).threads.get(turn.thread_id)) is not None:
        exchanges += _as_it_is_now(thread, turn.id, world, len(exchanges) + 1)
    recording = Recording("the journal", "journal", tuple(exchanges))
    return distil(redactor.recordings([recording]) if redactor else [recording], turn.turn.name).text()


def _turn(world: World, id: str) -> ActiveTurn:
    for turn in cast("list[ActiveTurn]", list(world.turns.values())):
        if id == turn.id or id in turn.responses:
            return turn
    raise EmulatorError(f"there is no run {id!r}; the runs are at /_emulator/runs")


def _belongs(entry: Entry, turn: ActiveTurn, ids: set[str]) -> bool:
    """The run's own requests, those that made its thread, its messages and its assistant, and none of other runs."""
    if entry.run_id is not None:
        return entry.run_id in ids
    return entry.operation in _MAKE or (entry.thread_id == turn.thread_id and entry.method == "POST")


def _as_it_is_now(thread: Thread, run_id: str, world: World, number: int) -> Iterator[Exchange]:
    """The run with its steps and messages, as a client would read it; nothing moves."""
    run = thread.runs.get(run_id)
    if run is None:
        return
    base = f"/v1/threads/{thread.id}"
    steps = [views.in_json(step, run_status=run["status"], content=True) for step in thread.steps_of(run_id)]
    messages = [views.in_json(stored.message()) for stored in thread.messages if stored.run_id == run_id]
    assistant = objects_of(world).assistants.get(run["assistant_id"])
    seen: list[tuple[str, Any]] = [
        *([(f"/v1/assistants/{assistant['id']}", views.in_json(assistant))] if assistant else []),
        (f"{base}/runs/{run_id}", views.in_json(run)),
        (
            f"{base}/runs/{run_id}/steps?order=asc&include[]=step_details.tool_calls[*].file_search.results[*].content",
            steps,
        ),
        (f"{base}/messages?order=asc", messages),
    ]
    for offset, (url, shown) in enumerate(seen):
        listed = {"object": "list", "data": shown, "has_more": False} if isinstance(shown, list) else shown
        yield Exchange(
            "GET",
            url,
            200,
            response_headers=(("content-type", "application/json"),),
            response_body=orjson.dumps(listed),
            ended="complete",
            source="journal",
            number=number + offset,
            time=float(world.now),
        )
