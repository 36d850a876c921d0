"""Errors and findings for the author of a test.

EmulatorError       the emulator cannot carry out an instruction
  ScenarioError     a scenario file was refused, with all its problems
  CheckFailed       ``check()`` found problems (an AssertionError too)

EmulatorWarning     a finding that fails nothing
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self


class EmulatorError(Exception):
    """The emulator cannot carry out an instruction of the author of a test."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A turn that nearly matched a run. ``reason``: the first condition that did not hold, in words."""

    turn: str
    reason: str

    def __str__(self) -> str:
        return f"{self.turn!r}: {self.reason}"


def near_misses_in_words(nearest: Sequence[NearMiss]) -> str:
    """The near misses in one line, for reports."""
    return "; ".join(map(str, nearest)) or "there is no turn"


class Refusal(Exception):
    """What an API refuses a request for; its text is the message of the error response."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding of ``check()``.

    ``kind``: a word to select by, for example ``unmatched``, ``times`` or ``internal``. ``message``: a sentence for
    people. ``file`` and ``line``: the place in the scenario. ``run_id``: the run that the problem is about, where the
    kind is ``hold`` or ``unmatched``; then with ``nearest``: the turns that nearly matched it, nearest first.
    """

    kind: str
    message: str
    file: str | None = None
    line: int | None = None
    run_id: str | None = None
    nearest: tuple[NearMiss, ...] = ()

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        return f"{place}{self.message}"

    def as_json(self) -> dict[str, Any]:
        """The first four fields always, the others only if they have a value."""
        fields = asdict(self)
        always = ("kind", "message", "file", "line")
        return {name: value for name, value in fields.items() if name in always or value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The problem that ``as_json`` wrote."""
        return cls(**{**data, "nearest": tuple(NearMiss(**one) for one in data.get("nearest", ()))})


class ScenarioError(EmulatorError):
    """A scenario was refused as a whole. ``problems``: every reason, as ``file:line:column: message``."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class EmulatorWarning(UserWarning):
    """What the emulator accepts, and the service would have seen otherwise."""


class CheckFailed(EmulatorError, AssertionError):
    """``check()`` found problems. ``problems``: a list of ``Problem``, each a line of the message, without secrets."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        from emulator.base.secrets.texts import redact_text
        from emulator.base.text import plural

        lines = "\n".join(f"  {redact_text(str(problem))}" for problem in problems)
        super().__init__(f"the emulator found {plural(len(problems), 'problem')}:\n{lines}")
        self.problems = list(problems)
