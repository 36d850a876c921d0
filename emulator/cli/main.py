"""The command line: ``assistants-emulator``. What each command does stands in ``emulator/cli/commands``."""

from __future__ import annotations

import argparse
import builtins
import importlib
import io
import keyword
import os
import sys
from collections.abc import Iterable, Sequence
from types import ModuleType

from emulator.base.problems import EmulatorError, ScenarioError
from emulator.cli.commands.exits import CANNOT, FOUND_PROBLEMS, INTERRUPTED, READER_LEFT
from emulator.cli.commands.output import did_you_mean, in_words
from emulator.cli.commands.parsing import CommandParser

#: In the order of the help.
COMMANDS = ("serve", "exec", "check", "record", "import", "replay", "schema")

_EXAMPLES = """\
examples:
  assistants-emulator serve scenarios/                   a server beside your tests, on http://127.0.0.1:8787/v1
  assistants-emulator exec weather.yaml -- npm test      or around them: one command, started and judged
  assistants-emulator check scenarios/ --play            what is wrong with scenarios, and what they do
  assistants-emulator import cassettes/ --out old.yaml   old recordings, as a scenario that can be edited

Each command has more: assistants-emulator exec --help
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and answers its exit code."""
    _write_anything()
    try:
        options = _parse(list(sys.argv[1:] if arguments is None else arguments))
        code: int = options.run(options)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        code = READER_LEFT
    except ScenarioError as error:
        code = FOUND_PROBLEMS
        print(error, file=sys.stderr)
    except (EmulatorError, OSError) as error:
        code = CANNOT
        print(f"assistants-emulator: {in_words(error) if isinstance(error, OSError) else error}", file=sys.stderr)
    _flush()
    return code


def _flush() -> None:
    """Where the reader of what was printed has left, nothing more is said, also not at the interpreter's end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _write_anything() -> None:
    """A character that the terminal's encoding has not is replaced."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _parse(arguments: list[str]) -> argparse.Namespace:
    """What ``exec`` runs stands behind ``--``, and is nothing for the parser."""
    wrapped: list[str] = []
    if arguments[:1] == ["exec"] and "--" in arguments:
        at = arguments.index("--")
        arguments, wrapped = arguments[:at], arguments[at + 1 :]
    parser, commands = parsers(arguments[:1] if arguments[:1] and arguments[0] in COMMANDS else COMMANDS)
    if not arguments:
        parser.exit(CANNOT, parser.format_help())
    if arguments and not arguments[0].startswith("-") and arguments[0] not in COMMANDS:
        parser.error(f"there is no command {arguments[0]!r}{did_you_mean(arguments[0], COMMANDS)}")
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        commands[options.command].refuse_unknown(unknown)
    options.wrapped = wrapped
    return options


def parsers(names: Iterable[str] = COMMANDS) -> tuple[CommandParser, dict[str, CommandParser]]:
    """The parser of the command line, and that of each of these commands."""
    from emulator.base.version import __version__

    parser = CommandParser(
        prog="assistants-emulator",
        description="A local emulator of the OpenAI Assistants API v2, answered from scripted scenarios.",
        epilog=_EXAMPLES,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    group = parser.add_subparsers(required=True, metavar="COMMAND", dest="command", title="commands")
    return parser, {name: _command(group, name, _module(name)) for name in names}


def _command(group: argparse._SubParsersAction[CommandParser], name: str, module: ModuleType) -> CommandParser:
    parser = group.add_parser(
        name, help=module.SUMMARY, description=module.SUMMARY[0].upper() + module.SUMMARY[1:] + "."
    )
    module.configure(parser)
    parser.usage = parser.usage or parser.short_usage()
    parser.epilog = f"examples:\n{module.EXAMPLES}\n{parser.environment()}".rstrip()
    parser.set_defaults(run=module.run)
    return parser


def _module(name: str) -> ModuleType:
    """The module of a command; where Python has its name already, with an underscore behind it."""
    is_taken = keyword.iskeyword(name) or hasattr(builtins, name)
    return importlib.import_module(f"emulator.cli.commands.{name}{'_' * is_taken}")


if __name__ == "__main__":
    sys.exit(main())
