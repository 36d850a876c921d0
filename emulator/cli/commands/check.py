"""``check``: validates scenario files and previews their turns."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from emulator.base.problems import EmulatorError, ScenarioError
from emulator.base.project import TABLE
from emulator.base.text import plural
from emulator.cli.checking import Checked, check_sources, problems_together, rehearse_all
from emulator.cli.commands.exits import CANNOT, FOUND_PROBLEMS, OK
from emulator.cli.commands.options import add_json_option
from emulator.cli.commands.output import print_stderr, show_json
from emulator.cli.commands.parsing import only_on_the_command_line
from emulator.cli.findings import Finding
from emulator.cli.terminal import Cell, Paint, Style, in_columns, is_interactive

if TYPE_CHECKING:
    from emulator.cli.rehearsal import Rehearsal

SUMMARY = "validate scenario files and preview their turns"
EXAMPLES = """\
  assistants-emulator check weather.yaml               list every mistake with its line and a suggestion
  assistants-emulator check scenarios/ --play          also show the events that each turn would produce
  assistants-emulator check weather.yaml --play --with get_weather='{"celsius": 21}'
                                                       play with this output of the function
  assistants-emulator check - < weather.yaml           check what an editor sends
  assistants-emulator check scenarios/ --format github annotate the lines of a pull request in GitHub Actions
  assistants-emulator check scenarios/ --json          print one JSON document: ok, files, problems
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scenarios",
        nargs="*",
        metavar="SCENARIO|DIR",
        help="scenario files that are served together; - reads standard input",
    )
    parser.add_argument("--play", action="store_true", help="play each turn on its own and show its events")
    only_on_the_command_line(
        parser.add_argument(
            "--with",
            dest="outputs",
            action="append",
            default=[],
            type=_output,
            metavar="FUNCTION=OUTPUT",
            help="with --play: the output of a function, in place of an invented one; repeatable",
        )
    )
    parser.add_argument("--each", action="store_true", help="check each file by itself, not all of them together")
    parser.add_argument("--strict", action="store_true", help="exit with 1 for warnings too")
    parser.add_argument(
        "--format",
        choices=["text", "json", "github"],
        default="text",
        help="how to print what is found: for people, as JSON, or as annotations of GitHub Actions (default: text)",
    )
    parser.add_argument(
        "--drop-chunks", action="store_true", help="first drop chunks that do not join to their text from the files"
    )
    add_json_option(parser, "print one document with ok, files (each with its problems and rehearsals) and problems")


def _output(text: str) -> tuple[str, str]:
    name, mark, output = text.partition("=")
    if not mark or not name:
        raise argparse.ArgumentTypeError(f"expected FUNCTION=OUTPUT, such as get_weather='{{...}}', got {text!r}")
    return name, output


def run(options: argparse.Namespace) -> int:
    if options.outputs and not options.play:
        raise EmulatorError("check: --with is for --play, which calls the functions")
    if not options.scenarios:
        raise EmulatorError(f"check: expected scenario files, or `scenarios` in [tool.{TABLE}] of pyproject.toml")
    if options.drop_chunks:
        _drop_chunks([source for source in options.scenarios if source != "-"])
    checked = check_sources(options.scenarios)
    problems = [] if options.each else problems_together(checked)
    if options.play:
        rehearse_all(checked, dict(options.outputs))
    _SHOW["json" if options.json else options.format](checked, problems)
    if any(one.is_unreadable for one in checked):
        return CANNOT
    is_warned = options.strict and any(one.warnings for one in checked)
    return FOUND_PROBLEMS if is_warned or _number(checked, problems) else OK


def _drop_chunks(sources: Sequence[str]) -> None:
    from emulator.scenarios.dropping import drop_unjoined_chunks
    from emulator.scenarios.loading import scenario_files

    with suppress(ScenarioError, OSError):  # which the check tells
        for file in scenario_files(*sources):
            if count := drop_unjoined_chunks(file):
                print_stderr(f"{file}: dropped the chunks of {plural(count, 'text')}")


def _number(checked: Sequence[Checked], problems: Sequence[Finding]) -> int:
    return len(problems) + sum(one.number_of_problems for one in checked)


def _all(checked: Sequence[Checked], problems: Sequence[Finding]) -> list[Finding]:
    """All findings, but for those of rehearsals."""
    return [*(one for file in checked for one in file.findings), *problems]


def _summary(checked: Sequence[Checked], problems: Sequence[Finding], paint: Paint) -> str:
    number, warned = _number(checked, problems), sum(len(one.warnings) for one in checked)
    counted = [(number, "problem"), (warned, "warning")]
    words = ", ".join(plural(count, what) for count, what in counted if count) or "no problems"
    words = f"{len(checked)} checked, {words}"
    return paint(words, "red" if number else "yellow" if warned else "green")


def _show(checked: Sequence[Checked], problems: Sequence[Finding]) -> None:
    paint = Paint(sys.stdout)
    if is_interactive(sys.stdout):
        for row in in_columns([_row(one) for one in checked]):
            print(paint.line(row))
        print()
    for finding in _all(checked, problems):
        print(finding.painted(paint))
    for rehearsal in (rehearsal for one in checked for rehearsal in one.rehearsals):
        print(f"{_rehearsed(rehearsal, paint)}\n")
    print(_summary(checked, problems, paint))


def _show_annotations(checked: Sequence[Checked], problems: Sequence[Finding]) -> None:
    played = [problem for one in checked for problem in one.played_problems]
    for finding in [*_all(checked, problems), *played]:
        print(finding.annotation())
    print(_summary(checked, problems, Paint(sys.stdout)))


def _rehearsed(rehearsal: Rehearsal, paint: Paint) -> str:
    """A rehearsal; on a terminal its first line, messages and problems stand out from the events."""
    head, *rest = str(rehearsal).splitlines()
    styles: dict[str, Style] = {"says": "cyan", "problem": "red"}
    return "\n".join(
        [
            paint(head, "red" if rehearsal.problems else "bold"),
            *(paint(line, styles.get(line.partition(":")[0].strip(), "")) for line in rest),
        ]
    )


def _row(one: Checked) -> list[Cell]:
    """A file and a summary of its contents, for the table."""
    if one.number_of_problems or one.scenario is None:
        return [(one.file, "bold"), (plural(one.number_of_problems, "problem"), "red")]
    if one.warnings:
        return [(one.file, "bold"), (f"valid, with {plural(len(one.warnings), 'warning')}", "yellow")]
    scenario = one.scenario
    contents = [
        (len(scenario.turns), "turn"),
        (sum(len(given) for kind, given in scenario.given.items() if kind != "unknown_models"), "given object"),
        (len(scenario.given.get("unknown_models", [])), "unknown model"),
        (len(scenario.faults), "fault"),
        (len(scenario.stubs), "stub"),
    ]
    summary = ", ".join(plural(number, what) for number, what in contents if number)
    return [(one.file, "bold"), (f"valid: {summary}" if summary else "valid, but empty", "green")]


def _show_json(checked: Sequence[Checked], problems: Sequence[Finding]) -> None:
    show_json(
        {
            "ok": not _number(checked, problems),
            "files": [
                {
                    "file": one.file,
                    "name": one.scenario.name if one.scenario else None,
                    "turns": len(one.scenario.turns) if one.scenario else 0,
                    "problems": [problem.as_json() for problem in one.problems],
                    "warnings": [warning.as_json() for warning in one.warnings],
                    "rehearsals": [rehearsal.as_json() for rehearsal in one.rehearsals],
                }
                for one in checked
            ],
            "problems": [problem.as_json() for problem in problems],
        }
    )


_SHOW: Final[dict[str, Any]] = {"text": _show, "json": _show_json, "github": _show_annotations}
