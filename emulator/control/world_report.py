"""What ``Control.report()`` returns: loose ends, how scenarios were used, habits, and cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.base.cost import Cost
from emulator.base.habits import Habit
from emulator.base.loose_ends import LooseEnd


@dataclass(frozen=True, slots=True)
class UsedScenario:
    """A scenario with turns. ``played``: how often they were played, together."""

    name: str
    file: str
    played: int


@dataclass(frozen=True, slots=True)
class FittingTurn:
    """A turn that would have been played if the one before it had not fitted."""

    turn: str
    file: str | None
    line: int | None

    def __str__(self) -> str:
        return f"{self.turn!r} ({self.file}:{self.line})" if self.file and self.line else repr(self.turn)


@dataclass(frozen=True, slots=True)
class WorldReport:
    """``also_fitted``: by the id of a run, the other turns that fitted it; only runs that have any.

    ``habits``: what a reviewer would say of the requests. ``cost``: tokens by model, and storage. ``str(report)`` has a
    line for each loose end.
    """

    loose_ends: tuple[LooseEnd, ...]
    scenarios: tuple[UsedScenario, ...]
    also_fitted: Mapping[str, tuple[FittingTurn, ...]]
    habits: tuple[Habit, ...] = ()
    cost: Cost = field(default_factory=Cost)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> WorldReport:
        """The report from the response of ``GET /_emulator/report``."""
        return cls(
            loose_ends=tuple(map(LooseEnd.from_json, data["loose_ends"])),
            scenarios=tuple(UsedScenario(**one) for one in data["scenarios"]),
            also_fitted={
                one["run_id"]: tuple(FittingTurn(**other) for other in one["others"]) for one in data["also_fitted"]
            },
            habits=tuple(map(Habit.from_json, data.get("habits", ()))),
            cost=Cost.from_json(data["cost"]) if "cost" in data else Cost(),
        )

    def __str__(self) -> str:
        return "\n".join(map(str, self.loose_ends)) or "no loose ends"
