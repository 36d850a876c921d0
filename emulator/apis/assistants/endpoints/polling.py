"""Looks: the requests that let a polled run go on (the rule of time)."""

from __future__ import annotations

from emulator.apis.http.request import Call
from emulator.base.json_types import Object
from emulator.world.state.store import Thread


def look_at_thread(call: Call, thread: Thread) -> None:
    """A look moves the thread's active run one status."""
    performance = call.world.performer.active.get(thread.active_run or "")
    if performance is not None:
        call.entry.moved |= call.world.performer.look(performance)


def named_run(call: Call, thread: Thread) -> Object:
    """The run that the path names, or its error; naming it may let it expire."""
    id = call.path["run_id"]
    thread.runs.find(id, "run_id")
    performance = call.world.performer.active.get(id)
    if performance is not None:
        call.entry.moved |= call.world.performer.name(performance)
    if made := call.world.runs.get(id):
        call.entry.turn = made.turn.name
    return thread.runs.find(id, "run_id")
