"""``schema``: prints the JSON Schema of scenario files, for editors."""

from __future__ import annotations

import argparse

from emulator.cli.commands.exits import OK
from emulator.cli.commands.output import show_json

SUMMARY = "print the JSON Schema of scenario files, for editors"
EXAMPLES = """\
  assistants-emulator schema > scenario.schema.json    save it; then start a scenario file with:
                                                       # yaml-language-server: $schema=scenario.schema.json
                                                       a running emulator has it at /_emulator/schema.json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The command has no options."""


def run(options: argparse.Namespace) -> int:
    from emulator.scenarios.published_schema import published_schema

    show_json(published_schema())
    return OK
