"""The registry of step kinds: the loader, the published schema and the documentation read it.

To add a kind: a decorated generator in a module of this package.

    @step("shrug", {"type": "boolean"}, "the assistant shrugs")
    def shrug(context: StepContext, step: Step) -> Iterator[Action]:
        yield ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from emulator.sandbox.json_schema import Schema
from emulator.scenarios.steps.actions import Action
from emulator.scenarios.steps.context import StepContext
from emulator.scenarios.steps.step import Step

Play = Callable[[StepContext, Step], Iterator[Action]]


class StepKind(NamedTuple):
    """A kind of step.

    ``makes_run_step``: the model writes something, so the step has usage. ``finds_open``: a message directly before it
    is still being written. ``ends``: the turn is at its end after it, nothing may follow.
    """

    name: str
    value: Schema
    summary: str
    beside: dict[str, Schema]
    play: Play
    makes_run_step: bool
    finds_open: bool
    ends: bool


STEP_KINDS: Final[dict[str, StepKind]] = {}

USAGE: Final[Schema] = {
    "type": "object",
    "properties": {
        "prompt_tokens": {"type": "integer", "minimum": 0},
        "completion_tokens": {"type": "integer", "minimum": 0},
    },
    "additionalProperties": False,
}


def step(
    name: str,
    value: Schema,
    summary: str,
    *,
    beside: dict[str, Schema] | None = None,
    makes_run_step: bool = False,
    finds_open: bool = False,
    ends: bool = False,
) -> Callable[[Play], Play]:
    """Registers a kind of step. Raises ValueError for a name that is taken."""

    def register(play: Play) -> Play:
        if name in STEP_KINDS:
            raise ValueError(f"there is a step {name!r} already")
        STEP_KINDS[name] = StepKind(name, value, summary, beside or {}, play, makes_run_step, finds_open, ends)
        return play

    return register
