"""The end of a scripted run: its last step, and what was not recorded of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from emulator.base.json_types import Object
from emulator.recordings.distil.literal import verbatim
from emulator.recordings.distil.run_histories import LOST, RunHistory
from emulator.scenarios.unrecorded import UNKNOWN_WORDS

#: The label of the hold at which a run waits for the request that cancels it.
HOLD_LABEL: Final = "until cancelled"


@dataclass(slots=True)
class ScriptedRun:
    """The steps of one run; ``remarks`` say what they leave out or make up."""

    steps: list[Object] = field(default_factory=list)
    usage: Object | None = None
    polls: Object | None = None
    cancel: str | None = None
    remarks: list[str] = field(default_factory=list)


def _failed(run_history: RunHistory, script: ScriptedRun) -> Object:
    error = run_history.run.get("last_error") or {"code": "server_error", "message": ""}
    return {"fail": {"code": verbatim(str(error["code"])), "message": verbatim(error["message"])}}


def _incomplete(run_history: RunHistory, script: ScriptedRun) -> Object:
    why = (run_history.run.get("incomplete_details") or {}).get("reason")
    if why not in ("max_completion_tokens", "max_prompt_tokens", "content_filter"):
        script.remarks.append(f"it ended incomplete for the reason {why!r}; the scenario says max_completion_tokens")
        why = "max_completion_tokens"
    return {"incomplete": why}


_ENDS: Final[dict[str, Callable[[RunHistory, ScriptedRun], Object]]] = {
    "failed": _failed,
    "incomplete": _incomplete,
    "expired": lambda run_history, script: {"expire": True},
}


def end(run_history: RunHistory, script: ScriptedRun) -> None:
    """Adds the last step, unless the run completed; ``done`` stays only where it makes a difference."""
    status = run_history.status
    after_call = bool(script.steps) and "call" in script.steps[-1]
    if status in _ENDS:
        if status == "expired" and after_call and _resumed(run_history):
            script.steps.append({"wait": 0})  # directly after the call it would expire before the outputs come
        script.steps.append(_ENDS[status](run_history, script))
    elif run_history.cancelled and status in ("cancelling", "cancelled", "queued", "in_progress"):
        script.steps += [] if after_call and not _resumed(run_history) else [{"hold": HOLD_LABEL}]
    elif status == "cancelled":
        script.remarks.append("it was cancelled, but no recorded request cancels it; here it completes")
    if run_history.cancelled and status in (*_ENDS, "completed"):
        script.cancel = "late"
    _complete(run_history, script)
    for step, following in pairwise([*script.steps, {}]):
        if "done" in step and not {"hold", "fail", "incomplete", "expire"} & set(following):
            del step["done"]


def _resumed(run_history: RunHistory) -> bool:
    return bool(run_history.rounds) and run_history.rounds[-1].submitted


def _complete(run_history: RunHistory, script: ScriptedRun) -> None:
    """Adds a message where a run needs one to complete, and remarks on an end that was not recorded."""
    status = run_history.status
    if status in ("queued", "in_progress") and not run_history.cancelled:
        script.remarks.append(f"its end was not recorded, it was {status} when last seen; here it completes")
    if status == LOST:
        _complete_lost(run_history, script)
    has_said_all = run_history.is_complete or any(not {"code", "search", "call"} & set(step) for step in script.steps)
    waits = bool(script.steps) and "call" in script.steps[-1] and not _resumed(run_history)
    if not has_said_all and (status == "completed" or (status in ("queued", "in_progress") and not waits)):
        if status == "completed":
            script.remarks.append("its message was not recorded")
        script.steps.append({"say": UNKNOWN_WORDS})


def _complete_lost(run_history: RunHistory, script: ScriptedRun) -> None:
    """Completes a run whose response was not recorded: it does nothing if the server failed."""
    if script.steps:
        script.remarks.append("its response was lost; here it does what later responses show")
    elif run_history.created_by.server_failed:
        script.remarks.append("its response was lost and no other shows the run; here it does nothing")
    elif run_history.is_complete:
        script.remarks.append("its response was lost, and its thread has no message of it; here it does nothing")
    else:
        script.remarks.append("its response was not recorded: write what the assistant says (to do)")
        script.steps.append({"say": UNKNOWN_WORDS})
