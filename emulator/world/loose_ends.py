"""The kinds of loose ends, and how each is found in a world.

A kind is one registered function: given a world, it yields what was left undone. What only the moment shows, as a
search that finds nothing, is noted in that moment (``State.note``) under a kind that is registered here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from emulator.base.loose_ends import LooseEnd
from emulator.scenarios.model import Scenario
from emulator.world.world import World

#: Turns of a scenario that a sentence lists.
_LISTED: Final = 3

Find = Callable[[World], Iterable[LooseEnd]]


class LooseEndKind(NamedTuple):
    """``summary``: what was left undone, for the documentation."""

    name: str
    summary: str
    find: Find


#: Kinds that are decided by all worlds of a session or command together.
OF_ALL_WORLDS: Final = frozenset({"unplayed", "no_request"})

LOOSE_ENDS: Final[dict[str, LooseEndKind]] = {}


def loose_end(name: str, summary: str) -> Callable[[Find], Find]:
    """Registers a kind. Raises ValueError for a name that is taken."""

    def register(find: Find) -> Find:
        if name in LOOSE_ENDS:
            raise ValueError(f"there is a kind of loose end {name!r} already")
        LOOSE_ENDS[name] = LooseEndKind(name, summary, find)
        return find

    return register


def loose_ends_of(world: World) -> list[LooseEnd]:
    """Everything that was left undone in this world, by kind."""
    return [end for kind in LOOSE_ENDS.values() for end in kind.find(world)]


def _noted(name: str) -> Find:
    return lambda world: [end for end in world.noted if end.kind == name]


loose_end("search", "a search in vector stores that were not ready, or whose results nobody could see, found nothing")(
    _noted("search")
)
loose_end("repeated", "the input of a response repeats what its conversation or its chain carries already")(
    _noted("repeated")
)


@loose_end("unplayed", "no turn of a scenario was played")
def _unplayed(world: World) -> Iterator[LooseEnd]:
    for scenario in reversed(world.scenarios):
        if scenario.turns and not times_played(world, scenario):
            names = ", ".join(repr(turn.name) for turn in scenario.turns[:_LISTED])
            more = f" and {len(scenario.turns) - _LISTED} more" if scenario.turns[_LISTED:] else ""
            message = f"no turn of the scenario {scenario.name!r} was played: {names}{more}"
            file = None if scenario.file.startswith("<") else scenario.file
            yield LooseEnd("unplayed", message, file, scenario=scenario.name)


def times_played(world: World, scenario: Scenario) -> int:
    """How often the turns of a scenario were played, together."""
    return sum(world.played[scenario.name, turn.name] for turn in scenario.turns)


@loose_end("no_request", "no request was sent")
def _no_request(world: World) -> Iterator[LooseEnd]:
    if not world.journal.counts.total():
        yield LooseEnd("no_request", "no request was sent to the emulator")


@loose_end("reset", "a request named what a reset of the same key had ended")
def _reset_meanwhile(world: World) -> Iterator[LooseEnd]:
    ended = world.ended_ids - world.journal.ids() if world.ended_ids else frozenset()
    refused = [one for one in world.journal.requests() if one.status == 404] if ended else []
    for path in dict.fromkeys(one.path for one in refused):
        if id := next((part for part in path.split("/") if part in ended), None):
            message = f"{path} is a 404, because a reset ended the world of {id}"
            yield LooseEnd("reset", f"{message}: tests that run at the same time need different keys")
