"""What ``exec`` tells after its command: the problems of all worlds that the command has used."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from emulator.base.loose_ends import LooseEnd
from emulator.base.problems import EmulatorError, Problem
from emulator.base.text import plural
from emulator.cli.commands.output import print_stderr
from emulator.cli.terminal import Paint, printable
from emulator.control.client import Control
from emulator.control.records import Run
from emulator.control.world_report import WorldReport

#: The worlds without problems that a report shows.
_SHOWN: Final = 4
#: The loose ends that all worlds decide together.
_TOGETHER: Final = ("unplayed", "no_request")
#: Characters of a key of the command's own that a report shows: at its beginning, at its end.
_HEAD, _TAIL = 3, 4


@dataclass(frozen=True, slots=True)
class UsedWorld:
    """A world after the command: its problems and warnings, its runs, and the number of its requests."""

    control: Control
    problems: list[Problem]
    warnings: list[Problem]
    runs: list[Run]
    requests: int
    report: WorldReport

    @property
    def has_something(self) -> bool:
        """True if there is something to show, from before a reset too."""
        return bool(self.requests or self.problems or any(end.kind not in _TOGETHER for end in self.report.loose_ends))

    @classmethod
    def of(cls, control: Control) -> UsedWorld:
        return cls(
            control,
            control.problems(),
            control.warnings(),
            control.runs(),
            sum(1 + request.repeats for request in control.requests()),
            control.report(),
        )


def as_json(worlds: Sequence[UsedWorld], command: Sequence[str]) -> dict[str, Any]:
    """The command, and the requests, runs and problems of all worlds together, without secrets."""
    from emulator.base.secrets.texts import redact_value

    keys = ("id", "thread_id", "turn", "status", "responses")
    found = {
        "command": list(command),
        "requests": sum(one.requests for one in worlds),
        "worlds": sum(one.requests > 0 for one in worlds),
        "runs": [{key: getattr(run, key) for key in keys} for one in worlds for run in one.runs],
        "problems": [problem.as_json() for one in worlds for problem in one.problems],
        "warnings": [warning.as_json() for one in worlds for warning in one.warnings],
        "loose_ends": [end.as_json() for end in loose_ends(worlds)],
    }
    redacted: dict[str, Any] = redact_value(found)
    return redacted


def loose_ends(worlds: Sequence[UsedWorld]) -> list[LooseEnd]:
    """Those of all worlds together: of a scenario, that no world has played it; that none has got a request."""
    found = [end for one in worlds for end in one.report.loose_ends]
    played = {scenario.name for one in worlds for scenario in one.report.scenarios if scenario.played}
    together = {
        end: None
        for end in found
        if (end.kind == "unplayed" and end.scenario not in played) or (end.kind == "no_request" and is_unused(worlds))
    }
    return [*(end for end in found if end.kind not in _TOGETHER), *together]


def is_unused(worlds: Sequence[UsedWorld]) -> bool:
    """True if the command has sent no request, not even to worlds that were reset."""
    return all(any(end.kind == "no_request" for end in one.report.loose_ends) for one in worlds)


def show_loose_ends(ends: Sequence[LooseEnd], command: str) -> None:
    """Prints what a command that succeeded left undone."""
    from emulator.base.secrets.texts import redact_text

    paint = Paint(sys.stderr)
    print_stderr(paint(f"assistants-emulator: {command} succeeded, and left {plural(len(ends), 'loose end')}:", "bold"))
    for end in ends:
        print_stderr(printable(redact_text(f"  {end}")))


def write_files(worlds: Sequence[UsedWorld], folder: Path, title: str) -> Iterator[Path]:
    """Writes the inspector's page of each world that was used. Raises EmulatorError if the folder cannot be written."""
    from emulator.admin.inspector.report import report_of

    used = [one for one in worlds if one.has_something]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, one in enumerate(used, 1):
            path = folder / ("world.html" if len(used) == 1 else f"world-{number}.html")
            path.write_text(report_of(one.control, title), encoding="utf-8")
            yield path
    except OSError as error:
        raise EmulatorError(f"--report {folder}: the file cannot be written: {error.strerror}") from None


def show(worlds: Sequence[UsedWorld], command: str, code: int) -> None:
    """Prints the report of a failed test for each world; those with problems come first."""
    paint = Paint(sys.stderr)
    problems = sum(len(one.problems) for one in worlds)
    ended = f"exited with {code}" if code else "succeeded"
    found = f"the emulator found {plural(problems, 'problem') if problems else 'no problems'}"
    print_stderr(paint(f"assistants-emulator: {command} {ended}, {found}", "red"))
    used = [one for one in worlds if one.has_something]
    if not used:
        print_stderr("the command has reset the worlds that it used, so there is nothing to show")
    troubled = [one for one in used if one.problems]
    fine = [one for one in used if not one.problems]
    shown = troubled if problems and not code else [*troubled, *fine[:_SHOWN]]
    for one in shown:
        if len(used) > 1:
            print_stderr(paint(f"world of the key {shown_key(one.control.api_key)}", "bold"))
        _show_world(one.control, paint)
    if len(used) > len(shown):
        print_stderr(f"not shown: {plural(len(used) - len(shown), 'world')} without problems")


def _show_world(control: Control, paint: Paint) -> None:
    from emulator.control.report import report

    heading = ""
    for line in report(control).splitlines():
        heading = heading if line.startswith(" ") else line
        print_stderr(paint(printable(line), "bold" if line == heading else "red" if heading == "problems:" else ""))


def shown_key(key: str) -> str:
    """The emulator's own key and those derived from it as they are; of any other, which may be real, only the ends."""
    from emulator.server.emulator import API_KEY

    return key if key.startswith(API_KEY) else f"{key[:_HEAD]}…{key[-_TAIL:]}"
