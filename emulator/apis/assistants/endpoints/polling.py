"""Polls: the requests that let a polled run go on (the rule of time)."""

from __future__ import annotations

from emulator.apis.assistants.objects import Run
from emulator.apis.assistants.store import Thread, objects_of
from emulator.apis.http.request import Request


def thread_in_path(request: Request) -> Thread:
    """The thread that the path names. Raises Missing."""
    return objects_of(request.world).thread(request.path["thread_id"])


def poll_thread(request: Request, thread: Thread) -> None:
    """A poll moves the thread's active run one status."""
    turn = request.engine.active.get(thread.active_run or "")
    if turn is not None:
        request.entry.moved |= request.engine.poll(turn)


def run_in_path(request: Request, thread: Thread) -> Run:
    """The run that the path names; naming it may let it expire. Raises Missing."""
    id = request.path["run_id"]
    thread.runs.find(id, "run_id")
    turn = request.engine.active.get(id)
    if turn is not None:
        request.entry.moved |= request.engine.name(turn)
    if played := request.engine.turns.get(id):
        request.entry.turn = played.turn.name
    return thread.runs.find(id, "run_id")
