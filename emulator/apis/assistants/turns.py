"""Plays a turn on a run: what conditions, steps and templates see of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from emulator.apis.assistants.bounds import bounds_of, is_bound
from emulator.apis.assistants.narrator import RunNarrator
from emulator.apis.assistants.objects import Assistant, Run
from emulator.apis.assistants.situations import situation_of, tools_of
from emulator.apis.assistants.store import Thread
from emulator.apis.assistants.usage import UsageCounter
from emulator.apis.files import objects as file_objects
from emulator.base.json_types import Object
from emulator.engine.active_turn import ActiveTurn, polls_of
from emulator.engine.searching import search_stores
from emulator.engine.turn_log import TurnLog
from emulator.sandbox.fake import Fake
from emulator.scenarios.model import Turn
from emulator.scenarios.steps import STEP_KINDS
from emulator.scenarios.steps.actions import FileRef
from emulator.scenarios.steps.bounds import Bounds
from emulator.scenarios.steps.context import LateContext, StepContext
from emulator.world.state.contents import Content
from emulator.world.state.state import State
from emulator.world.state.vector_stores import VectorStore
from emulator.world.world import World


def turn_of(
    world: World,
    thread: Thread,
    run: Run,
    assistant: Assistant,
    stores: Sequence[VectorStore] = (),
    *,
    azure: bool = False,
    turn: Turn | None = None,
) -> ActiveTurn:
    """The turn that a run plays, which is chosen and counted now.

    ``stores``: those that its file search searches. ``azure``: files that it makes have Azure's ids. ``turn``: the
    one to play, when none is to be chosen.
    """
    situation = situation_of(thread.last_user_text(), run, assistant, thread.object, len(thread.runs) + 1)
    turn = turn or world.choose(situation, run["id"])
    log = TurnLog(world.changes, "assistants", turn, situation.message)
    steps = sum(STEP_KINDS[step.kind].makes_run_step for step in turn.steps) if turn.usage else 1
    usage = UsageCounter(run, thread, turn.usage, steps)
    file_kind = "azure file" if azure else "file"
    context = LateContext(_context_of, world, thread, run, assistant, situation.message, turn, stores, file_kind)
    return ActiveTurn(
        id=run["id"],
        thread_id=thread.id,
        turn=turn,
        context=context,
        narrator=RunNarrator(world, thread, run, log, usage, context, file_kind),
        log=log,
        situation=situation,
        polls=polls_of(turn, world.settings),
        expires_at=float(run["expires_at"] or 0),
        bounds=partial(_bounds_of, thread, run) if is_bound(run) else None,
    )


def _bounds_of(thread: Thread, run: Run) -> Bounds:
    """What binds the model now: the run steps tell whether it has used a tool."""
    return bounds_of(run, has_used=any(step["type"] == "tool_calls" for step in thread.steps[run["id"]]))


def _context_of(
    world: World,
    thread: Thread,
    run: Run,
    assistant: Assistant,
    message: str,
    turn: Turn,
    stores: Sequence[VectorStore],
    file_kind: str,
) -> StepContext:
    """What the steps of a turn see."""
    id, store = run["id"], world.store

    def objects() -> dict[str, Any]:
        return {"assistant": assistant, "thread": thread.object, "run": thread.runs.get(id) or run}

    return StepContext(
        message=message,
        tools=partial(tools_of, run),
        objects=objects,
        fake=Fake(partial(world.ids.stream, "fake", id), run["created_at"]),
        find_file=lambda name: _file_ref(store.find_file(name)),
        file_names=lambda: [file["filename"] for file in store.files],
        make_file=partial(_make_file, world, file_kind, id),
        read_file=lambda file_id: world.store.contents[file_id].read(),
        search=partial(search_stores, world, id, turn, stores),
        store_ids=lambda: [store.id for store in stores],
        contents=turn.contents,
    )


def _file_ref(file: Object | None) -> FileRef | None:
    return None if file is None else FileRef(file["id"], file["filename"])


def _make_file(world: State, kind: str, run_id: str, filename: str, content: bytes) -> FileRef:
    """A file that a run's code makes; ``kind`` of its id."""
    id = world.ids.make(kind, run_id)
    made = file_objects.file(id, world.now, filename, "assistants_output", len(content))
    world.store.put_file(made, Content.of(content))
    return FileRef(id, filename)
