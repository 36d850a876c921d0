"""Worlds by key: one for everybody, or one a key."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, cast

from emulator.lifecycle import Object
from emulator.problems import ScenarioError
from emulator.scenario import Scenario
from emulator.world import Options, Snapshot, World

WorldsMode = Literal["one", "key"]


@dataclass(slots=True)
class Worlds:
    """One world for all keys, or one a key; made when first asked for."""

    options: Options = field(default_factory=Options)
    scenarios: tuple[Scenario, ...] = ()
    mode: WorldsMode = "one"
    _worlds: dict[str, World] = field(default_factory=dict)
    _baselines: dict[str, Snapshot] = field(default_factory=dict)
    _overrides: dict[str, Object] = field(default_factory=dict)

    def of(self, key: str) -> World:
        """The world of that key."""
        name = key if self.mode == "key" else ""
        world = self._worlds.get(name)
        if world is None:
            options = replace(self.options, **self._overrides.get(name, {}))
            world = self._worlds[name] = World(options, self.scenarios)
            if baseline := self._baselines.get(name):
                world.restore(baseline)
        return world

    def reset(self, key: str, options: Object) -> None:
        """The key's world ends; the next request meets a new one, made with these options."""
        name = key if self.mode == "key" else ""
        old = self._worlds.pop(name, None)
        self._overrides[name] = options
        if old is not None:
            old.end()

    def keep(self, key: str) -> None:
        """What is there now is the baseline that resets return to. Raises EmulatorError while a run is under way."""
        self._baselines[key if self.mode == "key" else ""] = self.of(key).snapshot()

    def forget(self, key: str) -> None:
        """Resets return to an empty world again."""
        self._baselines.pop(key if self.mode == "key" else "", None)

    def reload(self, scenarios: list[Scenario]) -> list[str]:
        """Scenarios whose files have changed, for all worlds. Answers why worlds that cannot take one keep the old."""
        names = {scenario.name for scenario in scenarios}
        together = (*(one for one in self.scenarios if one.name not in names), *scenarios)
        try:
            World(self.options, together)  # what cannot be together must not meet worlds to come
        except ScenarioError as error:
            return [str(error)]
        self.scenarios = together
        refusals = []
        for world in self._worlds.values():
            for scenario in scenarios:
                try:
                    world.load(scenario)
                except ScenarioError as error:
                    refusals.append(str(error))
        return refusals

    def end(self) -> None:
        for world in self._worlds.values():
            world.end()

    def all(self) -> list[World]:
        return cast("list[World]", list(self._worlds.values()))
