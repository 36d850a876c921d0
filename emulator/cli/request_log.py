"""A line for each request as it is answered: what a person sees who watches ``serve``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from emulator.base.operations import CREATE_RUN
from emulator.base.problems import Problem
from emulator.cli.terminal import Cell, CountingLines, Style
from emulator.control.client import Request
from emulator.control.report import error_words, outcome, request_line
from emulator.world.journal import Entry
from emulator.world.world import World

#: An id, of which its kind and beginning are shown.
_ID: Final = re.compile(r"\b([a-z]+[_-][A-Za-z0-9]{4})[A-Za-z0-9]{9,}")
#: Columns for the shortened path of a run, and for most operations.
_PATH_WIDTH: Final = 39
_OPERATION_WIDTH: Final = 16
#: Columns of a terminal that has room for all.
_WIDE: Final = 110
#: What a machine is told of a request.
_TOLD: Final = ("operation", "method", "path", "query", "status", "thread_id", "run_id", "turn", "fault", "time")


class LiveRequests:
    """Told of each request (``app.build``); shows it, and the problems that came with it."""

    def __init__(self, lines: CountingLines) -> None:
        self._lines = lines
        self._new_problems = NewProblems()
        #: What was shown of streams as they began.
        self._begun: dict[Entry, list[Cell]] = {}

    def __call__(self, world: World, entry: Entry) -> None:
        request, problems = Request(**entry.as_json()), self._new_problems(world)
        if not self._lines.is_watched:
            if entry.status:
                self._lines.tell([(request_line(request, problems), "")])  # as in reports: ids are searched for in logs
        else:
            line = short_line(request, run_status(world, entry), problems, self._lines.width)
            self._lines.tell(line, self._begun.pop(entry, ()))
            if not entry.status:
                self._begun[entry] = line
        for problem in problems:
            self._lines.tell_whole(f"problem: {problem}", "red")


class NewProblems:
    """The problems that a world has had since it was asked the last time."""

    def __init__(self) -> None:
        self._seen: WeakKeyDictionary[World, int] = WeakKeyDictionary()

    def __call__(self, world: World) -> list[Problem]:
        new = world.problems[self._seen.get(world, 0) :]
        self._seen[world] = len(world.problems)
        return new


def as_json(world: World, entry: Entry, problems: list[Problem]) -> dict[str, Any]:
    """A request for a machine, with its run's status and the problems that came with it."""
    told = entry.as_json()
    return {
        **{key: told[key] for key in _TOLD},
        "run_status": run_status(world, entry),
        "problems": [problem.as_json() for problem in problems],
    }


def run_status(world: World, entry: Entry) -> str | None:
    """The status that the request's run has now."""
    turn = world.turns.get(entry.run_id or "")
    return turn.status if turn else None


def short_line(request: Request, status: str | None, problems: list[Problem], width: int) -> list[Cell]:
    """For a terminal: columns, and the beginnings of ids. A narrow one has the operation in place of the path."""
    said = _ID.sub(r"\1…", ", ".join(filter(None, _said(request, status, problems))))
    path = _ID.sub(r"\1…", unquote(request.path))
    operation = request.operation or "unknown"
    cells: list[Cell] = [
        (f"{request.status or '…':<3} ", _colour(request.status)),
        (f"{request.method:<6} ", "dim"),
        (f"{path:<{_PATH_WIDTH}}  ", ""),
        (f"{operation:<{_OPERATION_WIDTH}}  ", "cyan" if request.operation else "yellow"),
        (said, "red" if problems else _colour(request.status) if request.status >= 400 else ""),
    ]
    if width < _WIDE:
        del cells[2 if request.operation else 3]
    return cells


def _said(request: Request, status: str | None, problems: list[Problem]) -> list[str]:
    """What came of it; of a stream the run and its status."""
    if request.status == 0 or isinstance(request.answer, list):
        run = request.run_id if request.run_id and request.run_id not in request.path else ""
        said = [f"{run} {status or ''}".strip(), outcome(request) if request.status else "streaming"]
    else:
        said = [error_words(request) if request.status >= 400 else outcome(request)]
    if any(problem.kind == "unmatched" for problem in problems):
        said.append("no turn fits")
    elif request.operation in CREATE_RUN and request.turn:
        said.append(f"turn {request.turn!r}")
    if request.fault:
        said.append(f"fault {request.fault}")
    return said


def _colour(status: int) -> Style:
    return "green" if status < 400 else "yellow" if status < 500 else "red"


Watch = Callable[[World, Entry], object]
