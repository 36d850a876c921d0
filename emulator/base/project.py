"""``[tool.assistants-emulator]`` in a project's pyproject.toml: scenarios and options, for the CLI and the plugin."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final, NamedTuple

from emulator.base.files import read_file
from emulator.base.problems import EmulatorError
from emulator.base.text import shorten

_FILE: Final = "pyproject.toml"
TABLE: Final = "assistants-emulator"


class Project(NamedTuple):
    """A table and the file that has it."""

    file: Path
    table: dict[str, Any]

    def options(self, command: str) -> dict[str, Any]:
        """The options for a command, by name with underscores: its own table's come before those for all commands.

        Raises EmulatorError if the command's own table is none.
        """
        own = self.table.get(command, {})
        if not isinstance(own, dict):
            raise self.error(command, "expected a table", own)
        for_all = {key: value for key, value in self.table.items() if not isinstance(value, dict)}
        both = for_all | own
        return {key.replace("-", "_"): value for key, value in both.items() if key != "scenarios"}

    def scenarios(self, command: str) -> list[str]:
        """The files and directories for a command, as paths from the working directory. Raises EmulatorError."""
        own = self.table.get(command, {})
        named = own.get("scenarios") if isinstance(own, dict) else None
        named = self.table.get("scenarios", []) if named is None else named
        named = [named] if isinstance(named, str) else named
        if not isinstance(named, list) or not all(isinstance(one, str) and one for one in named):
            raise self.error("scenarios", "expected a list of files and directories", named)
        return [os.path.relpath(self.file.parent / one) for one in named]

    def error(self, key: str, expected: str, value: Any = None) -> EmulatorError:
        """The error for a key."""
        got = "" if value is None else f", got {shorten(repr(value))}"
        return EmulatorError(f"{os.path.relpath(self.file)}: [tool.{TABLE}] {key}: {expected}{got}")


def project_of(start: Path) -> Project | None:
    """The table in the nearest pyproject.toml at or above a directory that has one. Raises EmulatorError."""
    for directory in (start, *start.parents):
        file = directory / _FILE
        try:
            raw = read_file(file)
        except OSError:
            continue  # there is none, or it is not for us to read
        if TABLE.encode() in raw and (table := _table(file, raw)) is not None:
            return Project(file, table)
    return None


def _table(file: Path, raw: bytes) -> dict[str, Any] | None:
    import tomllib

    try:
        tool = tomllib.loads(raw.decode("utf-8")).get("tool", {})
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise EmulatorError(f"{os.path.relpath(file)}: {error}") from None
    table = tool.get(TABLE) if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise EmulatorError(f"{os.path.relpath(file)}: tool.{TABLE}: expected a table, got {shorten(repr(table))}")
    return table
