"""The lives of a run, a message and a run step: data, and one function that moves an object along.

The API itself names the automaton: an event is called *object.status* (``thread.run`` + ``.`` + ``completed``). So a
life is a table *status -> next statuses*, and the names of all events follow from the tables. A status that the table
does not allow raises ``IllegalMove`` and changes nothing.

When a run is being cancelled the table still lets it come to any rest: "Cancellation is attempted but not guaranteed"
(API reference), and a scenario can say ``cancel: late``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar, cast

from emulator.base.json_types import Object
from emulator.engine.narrator import NO_CHANGES
from emulator.scenarios.model import TERMINAL

Life = dict[str, frozenset[str]]
Thing = TypeVar("Thing", bound=Mapping[str, object])


def _life(**moves: str) -> Life:
    return {status: frozenset(following.split()) for status, following in moves.items()}


LIVES: Final[dict[str, Life]] = {
    "thread.run": _life(
        queued="in_progress cancelling expired",
        in_progress="requires_action completed failed incomplete cancelling expired",
        requires_action="queued cancelling expired",
        cancelling="cancelled requires_action completed failed incomplete expired",
        cancelled="",
        completed="",
        failed="",
        incomplete="",
        expired="",
    ),
    "thread.message": _life(in_progress="completed incomplete", completed="", incomplete=""),
    "thread.run.step": _life(
        in_progress="completed failed cancelled expired", completed="", failed="", cancelled="", expired=""
    ),
}

#: The status an object is made with. ``thread.*.created`` carries it too.
FIRST: Final = {"thread.run": "queued", "thread.message": "in_progress", "thread.run.step": "in_progress"}

#: Which field tells when a status began. An incomplete run has ``completed_at`` (docs/wire.md §2).
_STAMPS: Final = {
    "thread.run": {
        "in_progress": "started_at",
        "completed": "completed_at",
        "incomplete": "completed_at",
        "failed": "failed_at",
        "cancelled": "cancelled_at",
    },
    "thread.message": {"completed": "completed_at", "incomplete": "incomplete_at"},
    "thread.run.step": {
        "completed": "completed_at",
        "failed": "failed_at",
        "cancelled": "cancelled_at",
        "expired": "expired_at",
    },
}


class IllegalMove(Exception):
    """An object was to take a status that its life does not allow."""


def event_names() -> frozenset[str]:
    """Every event name that a stream can carry, besides ``error`` and ``done``."""
    statuses = {f"{kind}.{status}" for kind, life in LIVES.items() for status in life}
    created = {f"{kind}.created" for kind in ("thread", *LIVES)}
    deltas = {"thread.message.delta", "thread.run.step.delta"}
    return frozenset(statuses | created | deltas)


def advance(thing: Thing, status: str, at: int, changes: Object = NO_CHANGES) -> Thing:
    """``thing`` as it is from the second ``at`` on, with ``status`` and other changes.

    It is a new dict, with its keys in the same order. Raises IllegalMove, and leaves everything as it is, when the
    object's life does not allow the status.
    """
    before: Any = thing
    kind = before["object"]
    allowed = LIVES[kind][before["status"]]
    if status not in allowed:
        following = " or ".join(sorted(allowed)) or "nothing: it is at its end"
        raise IllegalMove(
            f"{kind} {before['id']} is {before['status']}; it can become {following}, but was to become {status}"
        )
    moved = {**before, **changes, "status": status}
    stamp = _STAMPS[kind].get(status)
    if stamp:
        moved[stamp] = at
    if kind == "thread.run":
        if status != "requires_action":
            moved["required_action"] = None
        if status in TERMINAL:
            moved["expires_at"] = None  # docs/wire.md §2
    return cast("Thing", moved)
