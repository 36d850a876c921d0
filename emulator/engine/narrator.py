"""How an API tells what the model does.

A step composes an action; the API's narrator turns it into items: changes of the API's own objects and events, in the
API's own order, and the turn's moves from status to status. The engine decides when an item happens, and hands it back
to the narrator, which applies it. So the engine knows no API, and a narrator knows no clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple, Protocol

from emulator.base.json_types import Object
from emulator.scenarios.steps.actions import Action

#: Nobody writes to it.
NO_CHANGES: Final[Object] = {}


class Move(NamedTuple):
    """The turn takes a status, with other changes of the API's object beside it. A move takes time."""

    status: str
    changes: Object = NO_CHANGES


class Flaw(NamedTuple):
    """Something scripted that the model could not have done: a problem of this kind; the turn goes on."""

    kind: str
    message: str


#: What a narrator yields: ``Move``, ``Waited`` and ``Held`` are the engine's business. Anything else is the narrator's
#: own, and happens at once.
Item = Any


class Narrator(Protocol):
    """One turn, as one API tells it."""

    def begin(self, at: float) -> None:
        """The turn exists from the second ``at`` on: its object is stored, and its first events are sent."""

    def narrate(self, action: Action) -> Iterable[Item]:
        """An action as items, in order. Each kind of action has its method."""

    def apply(self, item: Item, at: float) -> Flaw | None:
        """An item of the narrator's own happens in the second ``at``. Returns what the model could not have done."""

    def move(self, move: Move, at: float) -> None:
        """The turn takes a status in the second ``at``."""

    def rest(self, *, at_end: bool) -> None:
        """The turn has come to rest: the stream that was open ends."""

    def waiting_calls(self) -> list[tuple[str, str]]:
        """Names and ids of the function calls that wait for their outputs, where the turn rests at them."""

    def is_orphaned(self) -> bool:
        """True when the object that the turn is played on is no longer there."""
