"""``replay``: serves recordings without a scenario file."""

from __future__ import annotations

import argparse
import sys

from emulator.cli.commands.options import add_base_option, add_redaction_options, add_server_options, redactor_of
from emulator.cli.commands.output import bullet_lines, print_stderr, redaction_lines
from emulator.cli.commands.serve import serve

SUMMARY = "serve recordings without a scenario file"
EXAMPLES = """\
  assistants-emulator replay cassettes/weather.yaml              answer with the recorded responses
  assistants-emulator replay session.har --strict --port 0      refuse requests that were not recorded
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE|DIR", help="recordings that belong together")
    parser.add_argument("--strict", action="store_true", help="refuse requests that were not recorded")
    add_base_option(parser)
    add_redaction_options(parser)
    add_server_options(parser)


def run(options: argparse.Namespace) -> int:
    from emulator.cli.terminal import ProgressLine
    from emulator.recordings.distil.bases import with_base
    from emulator.recordings.importing import distil_all, read_files
    from emulator.recordings.sources import scenario_from

    redactor = redactor_of(options)
    with ProgressLine(sys.stderr) as progress:
        recordings, _ = read_files(options.files, progress.report)
    if options.base is not None:
        recordings = [with_base(one, options.base) for one in recordings]
    if redactor:
        recordings = redactor.recordings(recordings)
        for line in redaction_lines(redactor.places):
            print_stderr(line)
    distilled = distil_all(recordings, "replay")
    if distilled.left_out:
        print_stderr("\n".join(["not imported:", *bullet_lines(distilled.left_out)]))
    return serve((scenario_from(distilled, strict=options.strict),), options)
