"""A habit of an application that a reviewer would not let pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Habit:
    """``kind``: the habit (``emulator.apis.review.habits``). ``message``: what was found, and the advice.

    ``file`` and ``line``: the scenario's turn that shows it. ``run_id``: the run or response that it is about.
    ``requests``: the numbers of the requests that show it, in the journal.
    """

    kind: str
    message: str
    file: str | None = None
    line: int | None = None
    run_id: str | None = None
    requests: tuple[int, ...] = ()

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file and self.line else ""
        return f"{place}{self.message}"

    def as_json(self) -> dict[str, Any]:
        """The first four fields always, the others only if they have a value."""
        always = ("kind", "message", "file", "line")
        return {name: value for name, value in asdict(self).items() if name in always or value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The habit that ``as_json`` wrote."""
        return cls(**{**data, "requests": tuple(data.get("requests", ()))})
