"""What goes wrong on the test author's side.

EmulatorError       told to the test author
  ScenarioError     a scenario file that was refused, with all its problems
  CheckFailed       what ``check()`` raises (an AssertionError too)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class EmulatorError(Exception):
    """Something that the test author asked of the emulator and that it cannot do."""


class Refusal(Exception):
    """What an API refuses a request for; its text is the message of the error response."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that ``check()`` reports. ``kind``: a word to select by; ``file`` and ``line`` lead to the scenario."""

    kind: str
    message: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        return f"{place}{self.message}"

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "message": self.message, "file": self.file, "line": self.line}


class ScenarioError(EmulatorError):
    """A scenario was refused whole. ``problems``: every reason, as ``file:line:column: message``."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class CheckFailed(EmulatorError, AssertionError):
    """``check()`` found problems: a list of ``Problem``, each in its own line of the message."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"the emulator found {len(problems)} problem{'s'[: len(problems) > 1]}:\n{lines}")
        self.problems = list(problems)
