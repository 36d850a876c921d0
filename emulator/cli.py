"""The command line: ``assistants-emulator``. What each command does stands in ``emulator/commands``."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from emulator.commands.exits import CANNOT, FOUND_PROBLEMS
from emulator.problems import EmulatorError, ScenarioError

#: In the order of the help; the module of ``import`` is ``import_``.
COMMANDS = ("serve", "check", "schema")

_AFTERWORD = """
Point a client at it with OPENAI_BASE_URL=http://127.0.0.1:8787/v1 and any OPENAI_API_KEY.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and answers its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        code: int = options.run(options)
        return code
    except ScenarioError as error:
        print(error, file=sys.stderr)
        return FOUND_PROBLEMS
    except (EmulatorError, OSError) as error:
        print(f"assistants-emulator: {error}", file=sys.stderr)
        return CANNOT


def _parser() -> argparse.ArgumentParser:
    from emulator import __version__

    modules = {
        name: importlib.import_module(f"emulator.commands.{name.replace('import', 'import_')}") for name in COMMANDS
    }
    parser = argparse.ArgumentParser(
        prog="assistants-emulator",
        description="A local emulator of the OpenAI Assistants API v2, answered from scripted scenarios.",
        epilog="examples:\n" + "".join(module.EXAMPLES for module in modules.values()) + _AFTERWORD,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, module in modules.items():
        command = commands.add_parser(
            name,
            help=module.SUMMARY,
            description=module.SUMMARY[0].upper() + module.SUMMARY[1:] + ".",
            epilog="examples:\n" + module.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.configure(command)
        command.set_defaults(run=module.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
