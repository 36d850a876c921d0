"""The beginning of worlds whose scenarios give many objects: these are made once, and each world begins with a copy."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import orjson

from emulator.base.json_types import Object
from emulator.scenarios.model import Scenario
from emulator.world.drafts import gives_much
from emulator.world.options import Options, settings_of
from emulator.world.world import Baseline, World

#: Templates for different options of resets.
_MAX_TEMPLATES: Final = 8


class Templates:
    """Makes new worlds of these options and scenarios."""

    def __init__(self, options: Options, scenarios: tuple[Scenario, ...]) -> None:
        self._options, self._scenarios = options, scenarios
        #: By the options of a reset.
        self._made: dict[bytes, Baseline] = {}
        self._is_much = gives_much(scenarios)

    def prepare(self, overrides: Object) -> None:
        """Makes what worlds with these options begin with, if it is much. Raises ScenarioError if it cannot be."""
        if self._is_much and not self._depends_on_time(overrides):
            if len(self._made) >= _MAX_TEMPLATES:
                self._made.clear()
            self._made[_key(overrides)] = World(self._with(overrides), self._scenarios).baseline()

    def needs(self, overrides: Object) -> bool:
        """True if ``prepare`` has something to make for these options."""
        return self._is_much and _key(overrides) not in self._made and not self._depends_on_time(overrides)

    def world(self, overrides: Object) -> World:
        """A new world. Raises ScenarioError if it cannot be."""
        if self.needs(overrides):
            self.prepare(overrides)
        template = self._made.get(_key(overrides)) if self._is_much else None
        if template is None:
            return World(self._with(overrides), self._scenarios)
        world = World(self._with(overrides))
        world.restore(template)
        for _ in self._scenarios:
            world.changes.mark_all()
        return world

    def _with(self, overrides: Object) -> Options:
        return replace(self._options, **overrides)

    def _depends_on_time(self, overrides: Object) -> bool:
        """The objects are made when the world begins, which is another time for each."""
        settings = settings_of(self._scenarios[::-1], self._with(overrides))
        return settings.get("clock") == "real" or settings.get("start") == "now"


def _key(overrides: Object) -> bytes:
    return orjson.dumps(overrides, option=orjson.OPT_SORT_KEYS)
