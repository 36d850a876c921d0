"""``replay``: serves recordings without writing a scenario."""

from __future__ import annotations

import argparse
import sys

from emulator.cli.commands.options import add_server_options
from emulator.cli.commands.output import listed, tell
from emulator.cli.commands.serve import serve

SUMMARY = "import recordings in memory and serve them"
EXAMPLES = """\
  assistants-emulator replay cassettes/weather.yaml              answer as it was recorded
  assistants-emulator replay session.har --strict --port 0      refuse what was not recorded
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE|DIR", help="recordings that belong together")
    parser.add_argument("--strict", action="store_true", help="refuse requests that were not recorded")
    add_server_options(parser)


def run(options: argparse.Namespace) -> int:
    from emulator.cli.terminal import ProgressLine
    from emulator.recordings.importing import distil_all, read_files
    from emulator.recordings.sources import scenario_from

    with ProgressLine(sys.stderr) as progress:
        recordings, _ = read_files(options.files, progress.tell)
    distilled = distil_all(recordings, "replay")
    if distilled.left_out:
        tell("\n".join(["not carried over:", *listed(distilled.left_out)]))
    return serve((scenario_from(distilled, strict=options.strict),), options)
