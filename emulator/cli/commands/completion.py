"""``completion``: prints a script that completes commands, options and file names in a shell."""

from __future__ import annotations

import argparse
from typing import Any, Final

from emulator.cli.commands.exits import OK

SUMMARY = "print a script that completes commands and options in bash, zsh or fish"
EXAMPLES = """\
  source <(assistants-emulator completion bash)        in ~/.bashrc
  assistants-emulator completion zsh > ~/.zfunc/_assistants-emulator
                                                       in a directory of fpath, before compinit
  assistants-emulator completion fish > ~/.config/fish/completions/assistants-emulator.fish
"""

_SHELLS: Final = ("bash", "zsh", "fish")
#: What an argument is called whose value is a file.
_FILES: Final = frozenset({"FILE", "SCENARIO", "SCENARIO|DIR", "FILE|DIR"})


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=_SHELLS, metavar="SHELL", help=" or ".join(_SHELLS))


def run(options: argparse.Namespace) -> int:
    import shtab

    from emulator.cli.main import parsers, summary_of

    parser, commands = parsers()
    for name, command in commands.items():
        command.description = summary_of(name)
        for action in command._actions:
            if action.metavar in _FILES:
                _complete_files(action)
    print(shtab.complete(parser, options.shell))
    return OK


def _complete_files(action: Any) -> None:
    """Marks an argument as shtab wants it."""
    import shtab

    action.complete = shtab.FILE
