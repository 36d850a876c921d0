"""What a step is, and the registry of its verbs: the loader, the published schema and the documentation read it.

To add one: a decorated generator in a module of this package.

    @step("shrug", {"type": "boolean"}, "the assistant shrugs")
    def shrug(stage: Stage, act: Act) -> Iterator[Item]:
        yield ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from emulator.base.json_types import Object
from emulator.sandbox.json_schema import Schema
from emulator.scenarios.steps.actions import Item
from emulator.scenarios.steps.context import Stage


@dataclass(slots=True)
class Act:
    """One step as a scenario says it: ``verb``, its value, what stands beside it, and where that is written.

    ``stays_open``: what follows directly is a step that finds this message still being written.
    """

    verb: str
    value: Any
    beside: Object = field(default_factory=dict)
    line: int | None = None
    stays_open: bool = False


Play = Callable[[Stage, Act], Iterator[Item]]


class Verb(NamedTuple):
    """A kind of step. ``makes_run_step``: it has usage. ``finds_open``: a message directly before it is still open.

    ``ends``: the run is at its end after it, nothing may follow.
    """

    name: str
    value: Schema
    summary: str
    beside: dict[str, Schema]
    play: Play
    makes_run_step: bool
    finds_open: bool
    ends: bool


VERBS: Final[dict[str, Verb]] = {}

TEXT: Final[Schema] = {"type": "string"}
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
    """Registers a verb. Raises ValueError for a name that is taken."""

    def register(play: Play) -> Play:
        if name in VERBS:
            raise ValueError(f"there is a step {name!r} already")
        VERBS[name] = Verb(name, value, summary, beside or {}, play, makes_run_step, finds_open, ends)
        return play

    return register
