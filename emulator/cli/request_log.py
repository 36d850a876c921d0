"""The request log of ``serve``: a line for each request when it is answered."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from emulator.apis.responses.store import responses_of
from emulator.base.operations import CREATES_TURN
from emulator.base.problems import Problem
from emulator.cli.terminal import Cell, CountingLines, Style
from emulator.control.records import Request
from emulator.control.report import error_words, outcome, request_line
from emulator.world.journal import Entry
from emulator.world.world import World

#: Called with each request: when a stream begins (its status is 0 then), and when a response has ended.
Watch = Callable[[World, Entry], object]

#: An id; its kind and its first characters are shown.
_ID: Final = re.compile(r"\b([a-z]+[_-][A-Za-z0-9]{4})[A-Za-z0-9]{9,}")
#: The id of a response, which shares its first characters with its whole chain: its last ones are shown.
_RESPONSE_ID: Final = re.compile(r"\b(resp_)[0-9a-f]{46}([0-9a-f]{4})\b")
#: Columns for the shortened path of a run, and for most operations.
_PATH_WIDTH: Final = 39
_OPERATION_WIDTH: Final = 16
#: Columns of a terminal that is wide enough for all of them.
_WIDE: Final = 110
#: The fields of a request in JSON lines.
_FIELDS: Final = ("operation", "method", "path", "query", "status", "thread_id", "run_id", "turn", "fault", "time")


class RequestLog:
    """Shows each request and its problems. It is a ``Watch`` for ``emulator.server.app.Application``."""

    def __init__(self, lines: CountingLines) -> None:
        self._lines = lines
        self._new_problems = NewProblems()
        #: The lines of streams that have begun and not ended.
        self._streaming: dict[Entry, list[Cell]] = {}

    def __call__(self, world: World, entry: Entry) -> None:
        from emulator.base.secrets.texts import redact_text

        request, problems = Request(**entry.as_json()), self._new_problems(world)
        if not self._lines.is_interactive:
            if entry.status:
                self._lines.write_line([(request_line(request, problems), "")])  # whole ids, to search a log for
        else:
            line = short_line(request, run_status(world, entry), problems, self._lines.width)
            self._lines.write_line(line, self._streaming.pop(entry, ()))
            if not entry.status:
                self._streaming[entry] = line
        for problem in problems:
            self._lines.write_text(f"problem: {redact_text(str(problem))}", "red")


class NewProblems:
    """The problems that a world has found since the last call."""

    def __init__(self) -> None:
        self._seen: WeakKeyDictionary[World, int] = WeakKeyDictionary()

    def __call__(self, world: World) -> list[Problem]:
        new = world.problems[self._seen.get(world, 0) :]
        self._seen[world] = len(world.problems)
        return new


def as_json(world: World, entry: Entry, problems: list[Problem]) -> dict[str, Any]:
    """A request as JSON, with the status of its run and the problems that it caused, without secrets."""
    from emulator.base.secrets.texts import redact_query, redact_url, redact_value

    fields = entry.as_json()
    redacted: dict[str, Any] = redact_value(
        {
            **{key: fields[key] for key in _FIELDS},
            "path": redact_url(fields["path"]),
            "query": redact_query(fields["query"]),
            "run_status": run_status(world, entry),
            "problems": [problem.as_json() for problem in problems],
        }
    )
    return redacted


def run_status(world: World, entry: Entry) -> str | None:
    """The present status of the request's run or response."""
    if stored := responses_of(world).responses.get(entry.run_id or ""):
        return stored.object["status"]
    turn = world.turns.get(entry.run_id or "")
    return turn.status if turn else None


def short_line(request: Request, status: str | None, problems: list[Problem], width: int) -> list[Cell]:
    """A line for a terminal: columns and shortened ids. A narrow one shows the operation in place of the path."""
    from emulator.base.secrets.texts import redact_text, redact_url

    result = _shortened(redact_text(", ".join(filter(None, _result(request, status, problems)))))
    path = _shortened(unquote(redact_url(request.path)))
    operation = request.operation or "unknown"
    cells: list[Cell] = [
        (f"{request.status or '…':<3} ", _colour(request.status)),
        (f"{request.method:<6} ", "dim"),
        (f"{path:<{_PATH_WIDTH}}  ", ""),
        (f"{operation:<{_OPERATION_WIDTH}}  ", "cyan" if request.operation else "yellow"),
        (result, "red" if problems else _colour(request.status) if request.status >= 400 else ""),
    ]
    if width < _WIDE:
        del cells[2 if request.operation else 3]
    return cells


def _shortened(text: str) -> str:
    """A text with shortened ids."""
    return _ID.sub(r"\1…", _RESPONSE_ID.sub(r"\1…\2", text))


def _result(request: Request, status: str | None, problems: list[Problem]) -> list[str]:
    """The outcome; for a stream the run and its status."""
    if request.status == 0 or isinstance(request.answer, list):
        run = request.run_id if request.run_id and request.run_id not in request.path else ""
        words = [f"{run} {status or ''}".strip(), outcome(request) if request.status else "streaming"]
    else:
        words = [error_words(request) if request.status >= 400 else outcome(request)]
    if any(problem.kind == "unmatched" for problem in problems):
        words.append("no turn fits")
    elif request.operation in CREATES_TURN and request.turn:
        words.append(f"turn {request.turn!r}")
    if request.fault:
        words.append(f"fault {request.fault}")
    return words


def _colour(status: int) -> Style:
    return "green" if status < 400 else "yellow" if status < 500 else "red"
