"""Given runs that are still active: no turn plays them, so they stay as they are until a request cancels them."""

from __future__ import annotations

from typing import Final

from emulator.apis.assistants import lifecycle
from emulator.apis.assistants.objects import Run
from emulator.apis.assistants.store import Thread
from emulator.scenarios.model import ACTIVE

_CANCELLED_IN: Final = ACTIVE - {"cancelling"}


def can_be_cancelled(thread: Thread, run: Run) -> bool:
    """``run`` has no active turn."""
    return thread.active_run == run["id"] and run["status"] in _CANCELLED_IN


def cancel(thread: Thread, run: Run, at: int) -> Run:
    """The run as it is being cancelled."""
    cancelling = lifecycle.advance(run, "cancelling", at)
    thread.put_run(cancelling)
    return cancelling


def poll(thread: Thread, at: int) -> bool:
    """A poll of the thread, whose active run has no turn, finds a cancelled run at its end. True if that moves it."""
    run = thread.runs.find(thread.active_run or "", "run_id")
    if run["status"] != "cancelling":
        return False
    thread.put_run(lifecycle.advance(run, "cancelled", at))
    thread.active_run = None
    return True
