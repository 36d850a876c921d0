"""What ``[tool.assistants-emulator]`` says for a command: below the command line and the variables, above the defaults.

A key is an option without its dashes, or ``scenarios``. A table of a command's name is for that command alone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.base.project import Project, project_of
from emulator.base.text import did_you_mean

if TYPE_CHECKING:
    from emulator.cli.commands.parsing import CommandParser


#: Makes the parsers of all commands, by name.
AllParsers = Callable[[], "dict[str, CommandParser]"]


def project_for(command: str, parser: CommandParser, all_parsers: AllParsers) -> Project | None:
    """The project of the working directory, whose options the parser then takes. Raises EmulatorError for bad ones.

    ``all_parsers`` is called only to tell an option of another command from a wrong word.
    """
    project = project_of(Path.cwd())
    if project is not None:
        read_options(project, command, parser, all_parsers)
    return project


def read_options(project: Project, command: str, parser: CommandParser, all_parsers: AllParsers) -> None:
    """Gives the parser of a command what the project states for it. Raises EmulatorError for what cannot be."""
    stated = project.options(command)
    own = {action.dest: action for action in parser.variables().values()}
    if unknown := [key for key in stated if key not in own]:
        _refuse_unknown(project, unknown, all_parsers)
    for key, value in stated.items():
        if key in own:
            place = str(project.error(key.replace("_", "-"), "")).rpartition(": ")[0]
            parser.stated[key] = parser.value_of(place, own[key], _as_text(project, key, value))


def _refuse_unknown(project: Project, keys: list[str], all_parsers: AllParsers) -> None:
    """Raises EmulatorError for a key that is an option of no command."""
    commands = all_parsers()
    known = {action.dest for parser in commands.values() for action in parser.variables().values()}
    for key in keys:
        if key not in known:
            shown = key.replace("_", "-")
            names = [name.replace("_", "-") for name in [*known, "scenarios", *commands]]
            raise project.error(shown, f"there is no such option{did_you_mean(shown, names)}")


def _as_text(project: Project, key: str, value: Any) -> str:
    """A value as a variable has it."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list) and all(isinstance(one, str | int) for one in value):
        return " ".join(map(str, value))
    if isinstance(value, str | int | float):
        return str(value)
    raise project.error(key.replace("_", "-"), "expected text, a number, true or false, or a list", value)
