"""Options from the command line and from environment variables, and errors in one line."""

from __future__ import annotations

import argparse
import os
import shutil
import textwrap
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from emulator.base.text import did_you_mean

PREFIX: Final = "ASSISTANTS_EMULATOR_"

_YES, _NO = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})
_HELP_WIDTH: Final = 118
#: How the usage line shows a positional argument, by its ``nargs``.
_PLACES: Final[dict[Any, str]] = {"*": "[{} ...]", "+": "{} ...", "?": "[{}]", None: "{}"}


#: The attribute of an option that no variable sets.
_NO_VARIABLE: Final = "no_variable"


def only_on_the_command_line(action: argparse.Action) -> None:
    """The option has no variable: its values may contain spaces, which separate the values of a variable."""
    setattr(action, _NO_VARIABLE, True)


class CommandParser(argparse.ArgumentParser):
    """A parser that also takes options from variables. The command line wins; an empty variable is ignored.

    ``stated``: the options that the project states, by name; variables win over them.
    """

    def __init__(self, **more: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=_Formatter, **more)
        self.stated: dict[str, Any] = {}

    def variables(self) -> dict[str, argparse.Action]:
        """The options that can be set by a variable, by the name of the variable."""
        options = [one for one in self._actions if one.option_strings and one.dest not in ("help", "version")]
        return {variable_of(one): one for one in options if not getattr(one, _NO_VARIABLE, False)}

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        options = self.variables()
        stated = self.stated | {
            action.dest: self.value_of(variable, action, text)
            for variable, action in options.items()
            if (text := os.environ.get(variable, "").strip())
        }
        rules = [(action, action.default, action.required) for action in options.values()]
        try:
            for action in options.values():
                action.default, action.required = (
                    argparse.SUPPRESS,
                    action.required and action.dest not in stated,
                )
            found, unknown = super().parse_known_args(args, namespace)
        finally:
            for action, default, required in rules:
                action.default, action.required = default, required
        for action in options.values():
            if not hasattr(found, action.dest):
                setattr(found, action.dest, stated.get(action.dest, action.default))
        return found, unknown

    def value_of(self, variable: str, action: argparse.Action, text: str) -> Any:
        """An option's value from a text that ``variable`` has. Spaces separate the members of a list."""
        if action.nargs == 0:
            if text.lower() not in _YES | _NO:
                self.error(f"{variable}: expected 1 or 0, got {text!r}")
            return text.lower() in _YES
        if isinstance(action.default, list):
            return [self._one(variable, action, one) for one in text.split()]
        return self._one(variable, action, text)

    def _one(self, variable: str, action: argparse.Action, text: str) -> Any:
        try:
            value = action.type(text) if callable(action.type) else text
        except argparse.ArgumentTypeError as error:
            self.error(f"{variable}: {error}")
        except ValueError:
            self.error(f"{variable}: expected a value for {action.option_strings[0]}, got {text!r}")
        if action.choices is not None and value not in action.choices:
            self.error(f"{variable}: expected {' or '.join(map(str, action.choices))}, got {text!r}")
        return value

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")

    def refuse_unknown(self, unknown: Sequence[str]) -> NoReturn:
        """Exits with a message that suggests the most similar option."""
        known = [name for action in self._actions for name in action.option_strings]
        hint = did_you_mean(unknown[0].partition("=")[0], known)
        what = "there is no option" if unknown[0].startswith("-") else "unexpected argument"
        self.error(f"{what} {unknown[0]!r}{hint}")

    def short_usage(self) -> str:
        """A usage line with the required arguments and ``[options]``."""
        needed = [one for one in self._actions if not one.option_strings or one.required]
        words = [
            f"{one.option_strings[0]} {one.metavar}" if one.option_strings else _PLACES[one.nargs].format(one.metavar)
            for one in needed
        ]
        return " ".join(["%(prog)s", *words, "[options]"])

    def environment(self) -> str:
        """The paragraph of the help that names the variables."""
        names = list(self.variables())
        if not names:
            return ""
        listed = textwrap.fill(", ".join(names), _width(), initial_indent="  ", subsequent_indent="  ")
        return f"environment variables (the command line wins; a switch is 1 or 0; spaces separate values):\n{listed}\n"


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Wide enough to put the help beside each option."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=34, width=_width())

    def add_argument(self, action: argparse.Action) -> None:
        """Counts the indentation of the commands, which argparse forgets: the longest keeps its help beside it."""
        super().add_argument(action)
        if action.nargs == argparse.PARSER:
            self._action_max_length += self._indent_increment

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Wraps a description; leaves examples as they are."""
        return text if "\n" in text else textwrap.fill(text, width)

    def _format_action(self, action: argparse.Action) -> str:
        """Leaves out the line ``COMMAND`` above the list of commands."""
        text = super()._format_action(action)
        return text.partition("\n")[2] if action.nargs == argparse.PARSER else text


def _width() -> int:
    return min(shutil.get_terminal_size().columns - 2, _HELP_WIDTH)


def variable_of(action: argparse.Action) -> str:
    """``ASSISTANTS_EMULATOR_TLS_CERT`` for ``--tls-cert``."""
    return PREFIX + action.option_strings[0].lstrip("-").replace("-", "_").upper()
