"""A step as a scenario says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from emulator.base.json_types import Object

if TYPE_CHECKING:
    from emulator.scenarios.steps.actions import Action

#: Where in a step something is.
Path = tuple[str | int, ...]


@dataclass(slots=True)
class Step:
    """One step: its kind, its value, the keys beside it, and its line in the file.

    ``stays_open``: the next step is of a kind that finds what this one does still under way. ``composed``: its action,
    once it was played, if that is the same in every turn.
    """

    kind: str
    value: Any
    beside: Object = field(default_factory=dict)
    line: int | None = None
    stays_open: bool = False
    composed: Action | None = field(default=None, repr=False, compare=False)

    @property
    def is_left_open(self) -> bool:
        """What it does is still under way when the next step begins; ``done`` beside it completes it first."""
        return self.stays_open and not self.beside.get("done")
