"""The command line ``assistants-emulator``. The commands are the modules of ``emulator.cli.commands``."""

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
from emulator.base.text import did_you_mean
from emulator.cli.commands.exits import CANNOT, FOUND_PROBLEMS, INTERRUPTED, READER_LEFT
from emulator.cli.commands.output import describe_os_error
from emulator.cli.commands.parsing import CommandParser
from emulator.cli.project_options import project_for

#: In the order of the help.
COMMANDS = ("serve", "exec", "check", "parity", "record", "import", "replay", "health", "schema", "completion")

_EXAMPLES = """\
examples:
  assistants-emulator serve scenarios/                   run a server on http://127.0.0.1:8787/v1 for your tests
  assistants-emulator exec weather.yaml -- npm test      run a test command with its own emulator
  assistants-emulator check scenarios/ --play            validate scenarios and preview their turns
  assistants-emulator import cassettes/ --out old.yaml   convert recordings to a scenario that you can edit

For the options of a command: assistants-emulator exec --help
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code."""
    _replace_unencodable()
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
        print(
            f"assistants-emulator: {describe_os_error(error) if isinstance(error, OSError) else error}", file=sys.stderr
        )
    _flush()
    return code


def _flush() -> None:
    """Drops the output if its reader has closed the pipe, so that the interpreter reports nothing at its exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _replace_unencodable() -> None:
    """Makes the streams replace characters that the terminal's encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the options. The command of ``exec`` and ``parity`` stands after ``--`` and is not parsed."""
    wrapped: list[str] = []
    if arguments[:1] in (["exec"], ["parity"]) and "--" in arguments:
        at = arguments.index("--")
        arguments, wrapped = arguments[:at], arguments[at + 1 :]
    parser, commands = parsers(arguments[:1] if arguments[:1] and arguments[0] in COMMANDS else COMMANDS)
    if not arguments:
        parser.exit(CANNOT, parser.format_help())
    if arguments and not arguments[0].startswith("-") and arguments[0] not in COMMANDS:
        parser.error(f"there is no command {arguments[0]!r}{did_you_mean(arguments[0], COMMANDS)}")
    name = arguments[0]
    project = project_for(name, commands[name], lambda: parsers()[1]) if name in commands else None
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        commands[options.command].refuse_unknown(unknown)
    options.wrapped = wrapped
    if project is not None and getattr(options, "scenarios", None) == []:
        options.scenarios = project.scenarios(name)
    return options


def parsers(names: Iterable[str] = COMMANDS) -> tuple[CommandParser, dict[str, CommandParser]]:
    """The parser of the command line, and the parsers of these commands by name."""
    from emulator.base.version import __version__

    parser = CommandParser(
        prog="assistants-emulator",
        description="A local emulator of the OpenAI Assistants API v2 that answers from scripted scenarios.",
        epilog=_EXAMPLES,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    group = parser.add_subparsers(required=True, metavar="COMMAND", dest="command", title="commands")
    modules = {name: _module(name) for name in names}
    return parser, {
        name: _configured(group.add_parser(name, help=module.SUMMARY), module) for name, module in modules.items()
    }


def summary_of(name: str) -> str:
    """What a command does, in a sentence."""
    summary: str = _module(name).SUMMARY
    return f"{summary[0].upper()}{summary[1:]}."


def _configured(parser: CommandParser, module: ModuleType) -> CommandParser:
    """The parser of a command with the command's options and texts."""
    parser.description = f"{module.SUMMARY[0].upper()}{module.SUMMARY[1:]}."
    module.configure(parser)
    parser.usage = parser.usage or parser.short_usage()
    parser.epilog = f"examples:\n{module.EXAMPLES}\n{parser.environment()}".rstrip()
    parser.set_defaults(run=module.run)
    return parser


def _module(name: str) -> ModuleType:
    """The module of a command. Its name ends in an underscore if Python uses the plain name."""
    is_taken = keyword.iskeyword(name) or hasattr(builtins, name)
    return importlib.import_module(f"emulator.cli.commands.{name}{'_' * is_taken}")


if __name__ == "__main__":
    sys.exit(main())
