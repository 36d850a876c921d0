"""A fault as a scenario or a test describes it: a kind with its parameters, and which requests it is for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from emulator.base.json_types import Object
from emulator.base.operations import ALSO_CALLED, BY_NAME, COUNTERPARTS
from emulator.sandbox.json_schema import Schema
from emulator.scenarios.faults.registry import KINDS, FaultKind

#: The keys of all kinds that count: requests to let pass, times to apply, events of a stream to let pass.
COUNTS: Final[dict[str, Schema]] = {
    "skip": {"type": "integer", "minimum": 0},
    "times": {"type": "integer", "minimum": 1},
    "after": {"type": "integer", "minimum": 0},
}


@dataclass(frozen=True, slots=True)
class Fault:
    """``operations``: their names; an empty set stands for all. ``times``: None for without end.

    ``after``: of an Assistants stream it counts events; of a Responses stream, and in a fault that names an operation
    of the Responses API, it counts deltas. ``file`` and ``line``: where a scenario has it.
    """

    kind: FaultKind
    operations: frozenset[str] = frozenset()
    when: Object = field(default_factory=dict)
    skip: int = 0
    times: int | None = None
    after: int | None = None
    file: str | None = None
    line: int | None = None

    @property
    def acts_before(self) -> bool:
        """It acts before the request is handled."""
        return self.kind.acts_before(self.after)

    def is_for(self, operation: str) -> bool:
        """It names the operation, or its counterpart on the other API."""
        named = self.operations
        return not named or operation in named or not named.isdisjoint(COUNTERPARTS.get(operation, ()))

    def counts_deltas(self, operation: str) -> bool:
        """True if ``after`` counts the deltas of that operation's stream, False if it counts all events."""
        return any(BY_NAME[name].api == "responses" for name in (operation, *self.operations))

    def described(self) -> str:
        """Kind and operations, for messages."""
        operations = ", ".join(sorted(self.operations)) or "*"
        return f"fault {self.kind.name!r} of {operations}"

    def as_json(self) -> Object:
        """All its keys as a scenario has them, defaults included."""
        common: Object = {"kind": self.kind.name, "operation": sorted(self.operations) or "*", "when": self.when}
        common |= {key: getattr(self, key) for key in COUNTS}
        return common | {key: getattr(self.kind, key) for key in self.kind.parameters}


def fault_of(data: Object, file: str | None = None, line: int | None = None) -> Fault:
    """A fault from data that ``checks.fault_problems`` finds nothing wrong with."""
    kind = KINDS[data["kind"]]
    operation = data["operation"]
    names = [operation] if isinstance(operation, str) else operation
    operations = frozenset() if "*" in names else frozenset(ALSO_CALLED.get(name, name) for name in names)
    return Fault(
        kind(**_values(kind.parameters, data)),
        operations,
        when=data.get("when", {}),
        **_values(COUNTS, data),
        file=file,
        line=line,
    )


def _values(schemas: dict[str, Schema], data: Object) -> dict[str, Any]:
    """The values of those keys that are there. JSON may write a whole number as 2.0."""
    return {
        key: int(data[key]) if schema.get("type") == "integer" else data[key]
        for key, schema in schemas.items()
        if key in data
    }
