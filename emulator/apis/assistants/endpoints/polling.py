"""Polls: the requests that let a polled run go on (the rule of time)."""

from __future__ import annotations

from functools import partial

from emulator.apis.assistants import active_given_runs
from emulator.apis.assistants.objects import Run
from emulator.apis.assistants.store import Thread, objects_of
from emulator.apis.http.request import Request


def thread_in_path(request: Request) -> Thread:
    """The thread that the path names. Raises Missing."""
    return objects_of(request.world).thread(request.path["thread_id"])


def poll_thread(request: Request, thread: Thread, run_id: str | None = None) -> None:
    """A poll moves the thread's active run one status. ``run_id``: of the run that the request names."""
    state = thread.state
    if active := state.active_run:
        turn = request.engine.active.get(active)
        if turn is None:
            request.entry.moved |= active_given_runs.poll(thread, request.world.now)
        else:
            request.entry.moved |= request.engine.poll(turn)
            if not turn.at_rest and run_id in (None, turn.id):
                request.note_poll(None)
                return
    if len(state.runs):
        request.note_poll(partial(_rest_of, thread, run_id))


def note_poll_at_rest(request: Request, thread: Thread, run_id: str) -> None:
    """A poll sees only runs that are at their end; ``run_id`` is one of them."""
    request.note_poll(partial(_rest_of, thread, run_id))


def _rest_of(thread: Thread, run_id: str | None) -> str:
    """What a client has of a run that no poll moves: the one it names, or the newest of the thread."""
    run = thread.runs.find(run_id, "run_id") if run_id else next(run for _, run in thread.runs.newest_first())
    status, action = run["status"], run["required_action"]
    if action is not None:
        calls = action["submit_tool_outputs"]["tool_calls"]
        waits_for = ", ".join(f"{call['function']['name']!r} ({call['id']})" for call in calls)
        return f"{run['id']} is {status!r} and waits for the outputs of {waits_for}, which nobody submits"
    if thread.active_run == run["id"]:
        return f"{run['id']} is {status!r} and stays so, as a scenario gives it"
    why = (run["last_error"] or {}).get("code") or (run["incomplete_details"] or {}).get("reason")
    return f"{run['id']} is {status!r}{f' ({why})' if why else ''}, which is its end"


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
