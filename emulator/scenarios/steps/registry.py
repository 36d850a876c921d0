"""The registry of step kinds: the loader, the published schema and the documentation read it.

To add a kind: a decorated generator in a module of this package.

    @step("shrug", {"type": "boolean"}, "the assistant shrugs")
    def shrug(context: StepContext, step: Step) -> Iterator[Action]:
        yield ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from emulator.base.json_types import Object
from emulator.sandbox.json_schema import Schema
from emulator.scenarios.steps.actions import Action
from emulator.scenarios.steps.context import StepContext
from emulator.scenarios.steps.step import Path, Step

Play = Callable[[StepContext, Step], Iterator[Action]]
#: Where in a step something is wrong, and why.
Flaw = tuple[Path, str]
#: What the schema of a step that it fits cannot say. The step is as the file has it, with the keys beside its own.
Check = Callable[[Object], Iterator[Flaw]]


class StepKind(NamedTuple):
    """A kind of step.

    ``makes_run_step``: on Assistants it is a run step, which has usage. ``finds_open``: a message, code or a search
    directly before it is still under way. ``ends``: the turn is at its end after it, nothing may follow. ``check``: see
    ``Check``.
    """

    name: str
    value: Schema
    summary: str
    beside: dict[str, Schema]
    play: Play
    makes_run_step: bool
    finds_open: bool
    ends: bool
    check: Check | None = None


STEP_KINDS: Final[dict[str, StepKind]] = {}

USAGE: Final[Schema] = {
    "type": "object",
    "properties": {
        "prompt_tokens": {"type": "integer", "minimum": 0},
        "completion_tokens": {"type": "integer", "minimum": 0},
    },
    "additionalProperties": False,
}
#: The keys beside a step that an end, or a hold, directly behind it finds still under way.
ENDING: Final[dict[str, Schema]] = {"done": {"type": "boolean"}, "usage": USAGE}


def step(
    name: str,
    value: Schema,
    summary: str,
    *,
    beside: dict[str, Schema] | None = None,
    makes_run_step: bool = False,
    finds_open: bool = False,
    ends: bool = False,
    check: Check | None = None,
) -> Callable[[Play], Play]:
    """Registers a kind of step. Raises ValueError for a name that is taken."""

    def register(play: Play) -> Play:
        if name in STEP_KINDS:
            raise ValueError(f"there is a step {name!r} already")
        STEP_KINDS[name] = StepKind(name, value, summary, beside or {}, play, makes_run_step, finds_open, ends, check)
        return play

    return register
