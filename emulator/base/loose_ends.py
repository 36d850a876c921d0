"""Loose ends: what a test or a command left undone that a real application would notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self


class AwaitedCall(NamedTuple):
    """A function call whose output nobody has submitted."""

    name: str
    id: str


@dataclass(frozen=True, slots=True)
class LooseEnd:
    """One thing that was left undone.

    ``kind``: a word to select by (``emulator.world.loose_ends``). ``message``: a sentence for people. ``file`` and
    ``line``: the place in the scenario. ``run_id``: the run or the response that it is about. ``calls``: the function
    calls that wait. ``scenario``: the name of the scenario that it is about.
    """

    kind: str
    message: str
    file: str | None = None
    line: int | None = None
    run_id: str | None = None
    calls: tuple[AwaitedCall, ...] = ()
    scenario: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        return f"{place}{self.message}"

    def as_json(self) -> dict[str, Any]:
        """The first four fields always, the others only if they have a value."""
        fields = asdict(self) | {"calls": [call._asdict() for call in self.calls]}
        always = ("kind", "message", "file", "line")
        return {name: value for name, value in fields.items() if name in always or value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The loose end that ``as_json`` wrote."""
        return cls(**{**data, "calls": tuple(AwaitedCall(**one) for one in data.get("calls", ()))})
