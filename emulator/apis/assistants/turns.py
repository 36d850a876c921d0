"""Plays a turn on a run: what conditions, steps and templates see of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from emulator.apis.assistants.bounds import bounds_of, is_bound
from emulator.apis.assistants.narrator import RunNarrator
from emulator.apis.assistants.objects import Assistant, Run
from emulator.apis.assistants.situations import situation_of
from emulator.apis.assistants.step_context import RunContext
from emulator.apis.assistants.store import Thread
from emulator.apis.assistants.usage import UsageCounter
from emulator.engine.active_turn import ActiveTurn, polls_of
from emulator.engine.turn_log import TurnLog
from emulator.scenarios.model import Turn
from emulator.scenarios.steps import STEP_KINDS
from emulator.scenarios.steps.bounds import Bounds
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
    context = RunContext(world, thread, run, assistant, stores, file_kind, turn, situation.message)
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
    return bounds_of(run, has_used=any(step["type"] == "tool_calls" for step in thread.steps_of(run["id"])))
