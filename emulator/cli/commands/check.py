"""``check``: validates scenario files and previews their turns."""

from __future__ import annotations

import argparse
import gc
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from emulator.base.problems import Problem, ScenarioError
from emulator.base.text import plural
from emulator.cli.commands.exits import FOUND_PROBLEMS, OK
from emulator.cli.commands.options import add_json_option
from emulator.cli.commands.output import describe_os_error, show_json
from emulator.cli.terminal import Cell, Paint, Style, in_columns, is_interactive

if TYPE_CHECKING:
    from emulator.cli.rehearsal import Rehearsal
    from emulator.scenarios.model import Scenario

SUMMARY = "validate scenario files and preview their turns"
EXAMPLES = """\
  assistants-emulator check weather.yaml               list every mistake with its line and a suggestion
  assistants-emulator check scenarios/ --play          also show the events that each turn would produce
  assistants-emulator check scenarios/ --json          print one JSON document: ok, files, problems
"""

_PLACED: Final = re.compile(r"(.*?):(\d+):(\d+): (.*)", re.DOTALL)


@dataclass(slots=True)
class _Checked:
    """A file, or a directory without scenarios."""

    file: str
    scenario: Scenario | None = None
    problems: list[str] = field(default_factory=list)
    rehearsals: list[Rehearsal] = field(default_factory=list)

    @property
    def played_problems(self) -> list[Problem]:
        return [problem for one in self.rehearsals for problem in one.problems]

    @property
    def number_of_problems(self) -> int:
        return len(self.problems) + len(self.played_problems)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenarios", nargs="+", metavar="SCENARIO|DIR", help="scenario files that are served together")
    parser.add_argument("--play", action="store_true", help="play each turn on its own and show its events")
    add_json_option(parser, "print one document with ok, files (each with its problems and rehearsals) and problems")


def run(options: argparse.Namespace) -> int:
    with _paused_collector():
        checked = [one for source in options.scenarios for one in _checked(source)]
    problems = _problems_together(checked)
    if options.play:
        from emulator.cli.rehearsal import rehearse

        for one in checked:
            one.rehearsals = rehearse(one.scenario) if one.scenario else []
    (_show_json if options.json else _show)(checked, problems)
    return FOUND_PROBLEMS if _number(checked, problems) else OK


@contextmanager
def _paused_collector() -> Iterator[None]:
    """Pauses the garbage collector while values are read, of which none is garbage: it would look at all of them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _checked(source: str) -> Iterator[_Checked]:
    """Checks a file, or each file of a directory."""
    from emulator.recordings.sources import is_recording
    from emulator.scenarios.loading import load_scenario, scenario_files

    try:
        files = scenario_files(source)
    except ScenarioError as error:
        yield _Checked(source, problems=error.problems)
        return
    except OSError as error:
        yield _Checked(source, problems=[describe_os_error(error)])
        return
    for file in files:
        found = _Checked(str(file))
        try:
            if is_recording(file.read_bytes()):
                found.problems.append(_is_recording(file))
            else:
                found.scenario = load_scenario(file)
        except ScenarioError as error:
            found.problems += error.problems
        except OSError as error:
            found.problems.append(describe_os_error(error))
        yield found


def _is_recording(file: Path) -> str:
    scenario = file.with_suffix(".yaml") if file.suffix != ".yaml" else file.with_name(f"{file.stem}.scenario.yaml")
    return (
        f"{file}:1:1: this is a recording, which `serve`, `exec` and `replay` accept; "
        f"to check it, convert it to a scenario: `assistants-emulator import {file} --out {scenario}`"
    )


def _problems_together(checked: list[_Checked]) -> list[str]:
    """The conflicts between the scenarios, if each file is valid by itself."""
    scenarios = [one.scenario for one in checked if one.scenario]
    if any(one.problems for one in checked):
        return []
    if len(scenarios) == 1 and not scenarios[0].given and not scenarios[0].settings:
        return []  # nothing that could disagree, so no world is made for it
    import emulator.apis.given  # noqa: F401  # registers how the APIs make given objects
    from emulator.scenarios.loading import refuse_namesakes
    from emulator.world.options import Options
    from emulator.world.world import World

    try:
        refuse_namesakes(scenarios)
        World(Options(), tuple(scenarios))
    except ScenarioError as error:
        return error.problems
    return []


def _number(checked: list[_Checked], problems: list[str]) -> int:
    return len(problems) + sum(one.number_of_problems for one in checked)


def _show(checked: list[_Checked], problems: list[str]) -> None:
    paint = Paint(sys.stdout)
    if is_interactive(sys.stdout):
        for row in in_columns([_row(one) for one in checked]):
            print(paint.line(row))
        print()
    for line in [*(line for one in checked for line in one.problems), *problems]:
        print(_painted(line, paint))
    for rehearsal in (rehearsal for one in checked for rehearsal in one.rehearsals):
        print(f"{_rehearsed(rehearsal, paint)}\n")
    number = _number(checked, problems)
    words = f"{len(checked)} checked, {plural(number, 'problem') if number else 'no problems'}"
    print(paint(words, "red" if number else "green"))


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


def _row(one: _Checked) -> list[Cell]:
    """A file and a summary of its contents, for the table."""
    if one.number_of_problems or one.scenario is None:
        return [(one.file, "bold"), (plural(one.number_of_problems, "problem"), "red")]
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


def _painted(problem: str, paint: Paint) -> str:
    found = _PLACED.fullmatch(problem)
    if found is None:
        return paint(problem, "red")
    file, line, column, message = found.groups()
    return paint(f"{file}:{line}:{column}:", "bold") + " " + paint(message, "red")


def _show_json(checked: list[_Checked], problems: list[str]) -> None:
    show_json(
        {
            "ok": not _number(checked, problems),
            "files": [
                {
                    "file": one.file,
                    "name": one.scenario.name if one.scenario else None,
                    "turns": len(one.scenario.turns) if one.scenario else 0,
                    "problems": [_as_json(problem) for problem in one.problems],
                    "rehearsals": [rehearsal.as_json() for rehearsal in one.rehearsals],
                }
                for one in checked
            ],
            "problems": [_as_json(problem) for problem in problems],
        }
    )


def _as_json(problem: str) -> dict[str, Any]:
    found = _PLACED.fullmatch(problem)
    if found is None:
        return {"message": problem, "file": None, "line": None, "column": None}
    file, line, column, message = found.groups()
    return {"message": message, "file": file, "line": int(line), "column": int(column)}
