"""Makes the objects that a scenario gives: there before the first request, as if requests had made them.

An API registers how each kind of its objects is made, in a module that is imported when a scenario first gives one:

    @gives("assistants")
    def give_assistant(world: State, item: Object, contents: Mapping[str, bytes]) -> None:
        ...

    given_by("emulator.apis.assistants.given", "assistants")

The names of models that no API knows belong to none of them; they are given here.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from emulator.base.problems import Refusal, ScenarioError
from emulator.scenarios.model import Scenario
from emulator.world.state.state import State

#: Makes one object in a world from its item in the scenario; ``contents`` are those of local files, by path.
#: Raises Refusal for a reference that leads nowhere.
Give = Callable[[State, Any, Mapping[str, bytes]], None]

_GIVERS: Final[dict[str, Give]] = {}
#: The modules that register the functions, by kind.
_MODULES: Final[dict[str, str]] = {}


def gives(kind: str) -> Callable[[Give], Give]:
    """Registers the function that makes given objects of a kind (a key of ``given``)."""

    def register(give: Give) -> Give:
        if kind in _GIVERS:
            raise ValueError(f"there is a function for given {kind} already")
        _GIVERS[kind] = give
        return give

    return register


def given_by(module: str, *kinds: str) -> None:
    """Says which module registers the functions that make given objects of these kinds."""
    _MODULES.update(dict.fromkeys(kinds, module))


def _giver(kind: str) -> Give:
    if kind not in _GIVERS:
        import_module(_MODULES[kind])
    return _GIVERS[kind]


@gives("unknown_models")
def give_unknown_model(world: State, name: str, contents: Mapping[str, bytes]) -> None:
    world.unknown_models.add(name)


def give(world: State, scenario: Scenario, *, is_tried: bool = False) -> None:
    """Makes all given objects, what is referred to first. One that is there already under its id is replaced.

    Raises ScenarioError for a reference that leads nowhere; then nothing is made, unless this ``is_tried``: nobody
    keeps the objects of the world then.
    """
    if not scenario.given:
        return
    if not is_tried:
        rehearsal = copy.copy(world)
        rehearsal.store, rehearsal.ids = world.store.copy(), world.ids.copy(world.ids.seed)
        _give_all(rehearsal, scenario)
    _give_all(world, scenario)


def _give_all(world: State, scenario: Scenario) -> None:
    from emulator.scenarios.schema import GIVEN_KINDS

    for kind in GIVEN_KINDS:
        for number, item in enumerate(scenario.given.get(kind, [])):
            world.store.given_ids.update(_ids_in(kind, item))
            try:
                _giver(kind)(world, item, scenario.contents)
            except Refusal as error:
                raise ScenarioError([f"{scenario.file}: given.{kind}[{number}]: {error}"]) from None


def _ids_in(kind: str, item: Any) -> Iterator[tuple[str, str]]:
    """The ids that a scenario has chosen for an object and for those inside it, each with the kind of its object."""
    if not isinstance(item, dict):
        return
    if item.get("id"):
        yield kind, item["id"]
    for key, inner in item.items():
        for one in inner if isinstance(inner, list) else ():
            yield from _ids_in(key, one)
