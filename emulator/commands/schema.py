"""``schema``: prints the JSON Schema of scenario files, for editors."""

from __future__ import annotations

import argparse

SUMMARY = "print the JSON Schema of scenario files, for editors"
EXAMPLES = """\
  assistants-emulator schema > scenario.schema.json    for editors; first line of a scenario file then:
                                                       # yaml-language-server: $schema=scenario.schema.json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """It has no options."""


def run(options: argparse.Namespace) -> int:
    import json

    from emulator.published_schema import published_schema

    print(json.dumps(published_schema(), indent=2))
    return 0
