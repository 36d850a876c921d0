"""What a scenario is once it is loaded: plain values. They stand below the loader; engine and world need no YAML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from emulator.base.json_types import Object

if TYPE_CHECKING:
    from emulator.scenarios.faults import Fault
    from emulator.scenarios.steps.step import Step
    from emulator.scenarios.strict_replay import StrictReplay
    from emulator.scenarios.stubs import Stub

#: Statuses in which a turn is at its end.
ACTIVE: Final = frozenset({"queued", "in_progress", "requires_action", "cancelling"})
TERMINAL: Final = frozenset({"completed", "failed", "incomplete", "cancelled", "expired"})
#: Statuses in which a turn stops by itself.
REST: Final = TERMINAL | {"requires_action"}


@dataclass(slots=True)
class Turn:
    """How the assistant behaves for one user message: a condition and steps."""

    name: str
    steps: tuple[Step, ...]
    when: Object = field(default_factory=dict)
    times: int | None = None
    usage: Object | None = None
    polls: Object = field(default_factory=dict)
    cancels_late: bool = False
    contents: Mapping[str, bytes] = field(default_factory=dict)
    scenario: str = ""
    file: str | None = None
    line: int | None = None


@dataclass(slots=True)
class Scenario:
    """One scenario file, checked."""

    name: str
    file: str
    settings: Object
    given: Object
    turns: tuple[Turn, ...]
    #: Outcomes of indexing files that differ from what the files' contents lead to.
    indexing: tuple[Object, ...] = ()
    faults: tuple[Fault, ...] = ()
    stubs: tuple[Stub, ...] = ()
    #: Contents of the files that it names by path, read by whoever loaded it.
    contents: Mapping[str, bytes] = field(default_factory=dict)
    #: The only requests that may be sent, if it was made of a recording that is replayed strictly.
    strict_replay: StrictReplay | None = None

    def labels(self) -> set[str]:
        """The holds that its steps name."""
        return {step.value for turn in self.turns for step in turn.steps if step.kind == "hold"}


def placed(scenario: Scenario, among: Sequence[Scenario], instead_of: str | None = None) -> tuple[Scenario, ...]:
    """Scenarios, newest first, with one more in front or in another's place; that one and its namesake are gone."""
    at = next((place for place, one in enumerate(among) if one.name == instead_of), 0)
    others = [[one for one in part if one.name not in (scenario.name, instead_of)] for part in (among[:at], among[at:])]
    return (*others[0], scenario, *others[1])
