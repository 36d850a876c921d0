"""What ``check`` finds, as fields: printed as lines, as JSON, or as annotations of GitHub."""

from __future__ import annotations

import re
from typing import Any, Final, Literal, NamedTuple

from emulator.base.problems import Problem
from emulator.cli.terminal import Paint, Style

#: ``unreadable``: a file that cannot be read; ``warning``: what is valid, but can never do anything.
Level = Literal["unreadable", "error", "warning"]

_PLACED: Final = re.compile(r"(.*?):(\d+):(\d+): (.*)", re.DOTALL)
#: A problem of a whole file.
_OF_FILE: Final = re.compile(r"([^\s:]+\.(?:yaml|yml|json)): (.*)", re.DOTALL)


class Finding(NamedTuple):
    """A sentence, and its place if it has one."""

    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    level: Level = "error"

    @classmethod
    def of(cls, report: str, level: Level = "error") -> Finding:
        """From ``file:line:column: message``, as a ScenarioError has it."""
        found = _PLACED.fullmatch(report)
        if found is None:
            return cls(report, level=level)
        file, line, column, message = found.groups()
        return cls(message, file, int(line), int(column), level)

    @classmethod
    def of_problem(cls, problem: Problem) -> Finding:
        return cls(problem.message, problem.file, problem.line)

    def painted(self, paint: Paint) -> str:
        """A line for people."""
        style: Style = "yellow" if self.level == "warning" else "red"
        words = f"warning: {self.message}" if self.level == "warning" else self.message
        if self.file is None:
            return paint(words, style)
        return paint(f"{self.file}:{self.line}:{self.column}:", "bold") + " " + paint(words, style)

    def as_json(self) -> dict[str, Any]:
        return {"message": self.message, "file": self.file, "line": self.line, "column": self.column}

    def annotation(self) -> str:
        """A command of GitHub Actions, which shows the sentence beside the line of the file."""
        message, file = self.message, self.file
        if file is None and (whole := _OF_FILE.fullmatch(message)):
            file, message = whole.groups()
        place = {"file": file, "line": self.line, "col": self.column}
        fields = ",".join(f"{name}={_property(str(value))}" for name, value in place.items() if value is not None)
        command = "warning" if self.level == "warning" else "error"
        return f"::{command}{' ' if fields else ''}{fields}::{_data(message)}"


def _data(text: str) -> str:
    """Text as GitHub's commands write it: they end with the line."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
