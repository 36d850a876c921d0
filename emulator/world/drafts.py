"""What a scenario with many given objects makes of a world, made aside: no request waits for it, and none sees a part.

A draft is made in a thread, and the world takes it over at once when it is complete, unless the world has changed
meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from emulator.scenarios.model import Scenario
from emulator.world.world import World

#: Given objects that are made at once, those in others included; each takes some 20 µs.
_MANY: Final = 250
#: Bytes or characters that take as long.
_TEXT: Final = 8 * 1024


def gives_much(scenarios: Iterable[Scenario]) -> bool:
    """True if what these scenarios give takes longer to make than others should wait."""
    return sum(_weight(one.given) + sum(map(_weight, one.contents.values())) for one in scenarios) > _MANY


def _weight(value: Any) -> int:
    """How many objects a value has, or takes as long as."""
    if isinstance(value, str | bytes):
        return len(value) // _TEXT
    if isinstance(value, list):
        return sum(map(_weight, value))
    return 1 + sum(map(_weight, value.values())) if isinstance(value, dict) else 0


class Draft:
    """A world as it will be with one more scenario."""

    def __init__(self, world: World, scenario: Scenario) -> None:
        self._world, self._scenario = world, scenario
        self._aside, self._seen = world.aside(), _seen(world)

    def make(self) -> None:
        """Makes settings and objects. Raises ScenarioError, as the world itself would."""
        self._aside.make_given(self._scenario)

    def take_over(self) -> bool:
        """The world takes the scenario with all that was made; False if it has changed, or if a turn is under way."""
        if self._world.active or _seen(self._world) != self._seen:
            return False
        self._world.load(self._scenario, made=self._aside)
        return True


def _seen(world: World) -> tuple[Any, ...]:
    """What tells whether a world has changed; each of its requests takes an id once it has made some."""
    requests = world.ids.requests if world.made_by_requests else 0
    now = world.clock.now() if world.clock.name == "skip" else 0
    return world.ended, id(world.store), id(world.scenarios), id(world.settings), requests, now
