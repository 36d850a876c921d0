"""The options of a world: arguments, markers and command line options. They beat the settings of scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from emulator.base.clock import ClockName
from emulator.base.json_types import Object
from emulator.base.limits import HOLD_LIMIT
from emulator.base.problems import EmulatorError, ScenarioError
from emulator.scenarios.model import Scenario
from emulator.world.state.state import Shape

if TYPE_CHECKING:
    from emulator.base.prices import Prices

_SETTINGS = ("seed", "clock", "start", "unmatched", "shapes", "sleepers")


@dataclass(frozen=True, slots=True)
class Options:
    """An option that is None leaves the choice to the scenarios' ``settings``. ``hold_limit`` is in real seconds."""

    seed: int | str | None = None
    clock: ClockName | None = None
    start: str | None = None
    unmatched: Literal["fail", "improvise"] | None = None
    shapes: Shape | None = None
    hold_limit: float = HOLD_LIMIT
    #: The Assistants operations answer as a removed API does. No setting: it is not for a scenario to say.
    after_sunset: bool = False
    #: A poll that comes a real second or more after its turn began finds the turn at rest.
    sleepers: bool | None = None
    #: What the inspector's cost is counted with; None for the bundled table.
    prices: Prices | None = None

    def settings(self) -> Object:
        """The settings that the options state."""
        stated = {key: getattr(self, key) for key in _SETTINGS}
        return {key: value for key, value in stated.items() if value is not None}

    def check(self) -> None:
        """Raises EmulatorError for options that cannot be."""
        stated = self.settings()
        if self.after_sunset is not False:
            stated["after_sunset"] = self.after_sunset
        check_options(stated)


def check_options(stated: Object) -> None:
    """Raises EmulatorError for options that cannot be."""
    if stated == {}:
        return
    from emulator.scenarios.checks import option_problems

    if found := option_problems(stated):
        raise EmulatorError("; ".join(found))


def settings_of(scenarios: Sequence[Scenario], options: Options) -> Object:
    """The settings that scenarios (newest first) and options state. Raises ScenarioError if scenarios disagree."""
    stated: dict[str, tuple[Any, str]] = {}
    for scenario in reversed(scenarios):
        for key, value in scenario.settings.items():
            if key in stated and stated[key][0] != value and key not in options.settings():
                other, file = stated[key]
                raise ScenarioError(
                    [f"{scenario.file}: settings.{key} is {value!r} here, but {other!r} in {file}; they must agree"]
                )
            stated.setdefault(key, (value, scenario.file))
    return {key: value for key, (value, _) in stated.items()} | options.settings()
