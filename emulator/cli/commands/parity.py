"""``parity``: compares what a user would notice on the Assistants API and on the Responses API."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from emulator.base.files import read_file
from emulator.base.problems import EmulatorError, ScenarioError
from emulator.cli.commands.exec_ import environment, run_command
from emulator.cli.commands.exits import CANNOT, CANNOT_RUN, FOUND_PROBLEMS, KILLED, NOT_FOUND, OK
from emulator.cli.commands.options import add_json_option, add_world_options, world_options
from emulator.cli.commands.output import bullet_lines, print_stderr, show_json, show_json_line
from emulator.cli.terminal import Paint, printable

if TYPE_CHECKING:
    from emulator.base.problems import Problem
    from emulator.control.records import Transcript
    from emulator.parity.report import ParityReport
    from emulator.server.emulator import Emulator
    from emulator.world.worlds import WorldsMode

SUMMARY = "compare what a user would notice on the Assistants API and on the Responses API"
EXAMPLES = """\
  assistants-emulator parity weather.yaml                 play each turn on both APIs, without an application
  assistants-emulator parity weather.yaml -- npm test     run the tests once on each API; ASSISTANTS_API names it
  assistants-emulator parity weather.yaml --json          print one JSON document: ok, same, different, only, turns
  assistants-emulator parity old.har new.har              compare two recordings, of the old and of the new application
  assistants-emulator parity old.yaml --threads -- python move.py    compare the threads with what the script makes
"""
_USAGE = "%(prog)s [SCENARIO|DIR ...] [options] [-- COMMAND [ARGUMENT ...]]"
_DESCRIPTION = (
    "Compare what a user would notice on the Assistants API and on the Responses API. Without COMMAND each turn is "
    "played alone on both APIs, and outputs of functions are invented; two recordings are compared with each other. "
    "With COMMAND it is run twice with an emulator of the same seed, first with the variable "
    "ASSISTANTS_API=assistants, then with ASSISTANTS_API=responses. The exit code is 0 if all turns are the same, and "
    "1 if one differs, a command fails or the emulator finds a problem. With --threads COMMAND is run once; it makes "
    "conversations of the given threads, and these are compared instead."
)
#: Exit codes after which a second run is of no use: there is no such command, or the user has stopped it.
_POINTLESS: Final = (CANNOT_RUN, NOT_FOUND, KILLED + 2, KILLED + 15)


class _Played(NamedTuple):
    """The run of a command on one API."""

    api: str
    code: int
    transcripts: list[Transcript]
    problems: list[Problem]


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description, parser.usage = _DESCRIPTION, _USAGE
    parser.add_argument(
        "scenarios", nargs="*", metavar="SCENARIO|DIR", help="scenario files and recordings, or directories of them"
    )
    add_world_options(parser)
    parser.add_argument(
        "--threads", action="store_true", help="compare threads with the conversations that COMMAND makes of them"
    )
    add_json_option(parser, "print the report as JSON; with a command, as the last line of stdout")


def run(options: argparse.Namespace) -> int:
    try:
        if options.threads:
            return _rehearse_backfill(options, options.wrapped)
        return _run_twice(options, options.wrapped) if options.wrapped else _rehearse(options)
    except ScenarioError as error:
        print(error, file=sys.stderr)
        return CANNOT


def _rehearse(options: argparse.Namespace) -> int:
    from emulator.cli.rehearsal_on_both import rehearse_on_both
    from emulator.parity.report import Comparison, ParityReport
    from emulator.recordings.sources import load_sources

    if not options.scenarios:
        raise EmulatorError("parity: expected scenarios, or a command after --")
    if len(options.scenarios) == 2 and all(map(_is_recording, options.scenarios)):
        return _compare_recordings(options)
    turns = rehearse_on_both(load_sources(*options.scenarios), world_options(options))
    return _report(ParityReport([Comparison([turn]) for turn in turns]), options)


def _report(report: ParityReport, options: argparse.Namespace) -> int:
    if options.json:
        show_json(report.as_json())
    else:
        _show(report)
    return OK if report.is_same else FOUND_PROBLEMS


def _is_recording(file: str) -> bool:
    from emulator.recordings.sources import is_recording

    return Path(file).is_file() and is_recording(read_file(file))


def _compare_recordings(options: argparse.Namespace) -> int:
    """Compares the turns of two recordings. They have no common names, so a turn is called by its question."""
    from emulator.control.records import Transcript
    from emulator.parity.comparing import compare
    from emulator.parity.report import Comparison, ParityReport
    from emulator.recordings.importing import read_files
    from emulator.recordings.transcripts import transcripts_of

    old, new = (
        [Transcript.from_json(one) for one in transcripts_of(read_files([file])[0])] for file in options.scenarios
    )
    turns = [turn.without("turn") for turn in compare(old, new)]
    return _report(ParityReport([Comparison([turn]) for turn in turns]), options)


def _rehearse_backfill(options: argparse.Namespace, command: list[str]) -> int:
    """Runs the command, which makes conversations of the given threads, and compares them."""
    from emulator.server.emulator import Emulator

    if not command:
        raise EmulatorError("parity --threads: expected a command after --, which makes conversations of the threads")
    with _emulator(options, "assistants", Emulator, "one") as emulator:
        code = run_command("parity", command, environment(emulator, azure=False))
        if code in _POINTLESS:
            return code
        report, problems = emulator.backfill(), emulator.problems()
    if options.json:
        told = {**asdict(report), "command": command, "code": code, "problems": [one.as_json() for one in problems]}
        show_json_line(told)
    else:
        print(report)
        for line in _trouble(command, [_Played("both APIs", code, [], problems)]):
            print_stderr(line)
    return FOUND_PROBLEMS if code or problems or not report.ok else OK


def _run_twice(options: argparse.Namespace, command: list[str]) -> int:
    from emulator.parity.comparing import APIS, compare
    from emulator.parity.report import Comparison, ParityReport

    played = []
    for api in APIS:
        played.append(_played(options, command, api))
        if played[-1].code in _POINTLESS:
            return played[-1].code
    old, new = played
    report = ParityReport([Comparison([turn]) for turn in compare(old.transcripts, new.transcripts)])
    if options.json:
        show_json_line(_as_json(report, command, played))
    else:
        _show(report)
        for line in _trouble(command, played):
            print_stderr(line)
    failed = any(one.code or one.problems for one in played)
    return FOUND_PROBLEMS if failed or not report.is_same else OK


def _played(options: argparse.Namespace, command: list[str], api: str) -> _Played:
    """Runs the command with an emulator of its own. ``--after-sunset`` closes Assistants for its run on Responses."""
    from emulator.server.emulator import Emulator

    with _emulator(options, api, Emulator, "key") as emulator:
        environ = environment(emulator, azure=False) | {"ASSISTANTS_API": api}
        code = run_command("parity", command, environ)
        worlds = emulator.controls()
        transcripts = [transcript for world in worlds for transcript in world.transcripts()]
        return _Played(api, code, transcripts, [problem for world in worlds for problem in world.problems()])


def _emulator(options: argparse.Namespace, api: str, made: type[Emulator], worlds: WorldsMode) -> Emulator:
    """An emulator as the options have it."""
    return made(
        *options.scenarios,
        seed=options.seed,
        clock=options.clock,
        start=options.start,
        unmatched=options.unmatched,
        shapes=options.shapes,
        hold_limit=options.hold_limit,
        after_sunset=options.after_sunset and api != "assistants",
        worlds=worlds,
        sleepers=options.sleepers,
    )


def _as_json(report: ParityReport, command: list[str], played: Sequence[_Played]) -> dict[str, Any]:
    runs = {one.api: {"code": one.code, "problems": [problem.as_json() for problem in one.problems]} for one in played}
    return {**report.as_json(), "command": command, "runs": runs}


def _show(report: ParityReport) -> None:
    paint = Paint(sys.stdout)
    head, *rest = str(report).splitlines()
    print(paint(head, "green" if report.is_same else "red"))
    for line in rest:
        print(paint(printable(line), "bold" if line.startswith("  turn ") else ""), flush=True)


def _trouble(command: list[str], played: Sequence[_Played]) -> list[str]:
    """What else went wrong: exit codes and problems on each API."""
    lines = []
    for one in played:
        if one.code:
            lines.append(f"assistants-emulator: {command[0]} exited with {one.code} on {one.api}")
        if one.problems:
            lines += [f"problems on {one.api}:", *bullet_lines(printable(str(problem)) for problem in one.problems)]
    return lines
