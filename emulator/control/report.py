"""The history of a world as text, for reports of failed tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from emulator.base.operations import CREATES_TURN
from emulator.base.problems import Problem, near_misses_in_words
from emulator.base.text import plural, shorten
from emulator.control.client import Control
from emulator.control.records import Request, Run
from emulator.control.world_report import FittingTurn

#: The lines of a long list that are shown: at its beginning, at its end.
_FIRST: Final = 20
_LAST: Final = 40
#: Characters of an error that are shown.
_WIDTH: Final = 200


def report(control: Control, *, newest: int | None = None, refused: Sequence[str] = ()) -> str:
    """Requests, runs with their timelines, and problems, a line each, without secrets.

    ``newest``: the number of latest requests to show, with their runs; None for all. ``refused``: the hosts of the real
    service to which a connection was refused.
    """
    from emulator.base.secrets.texts import redact_text

    problems, warned, told = control.problems(), control.warnings(), control.report()
    requests = control.requests()
    if newest is not None:
        requests = _newest(requests, newest)
    run_ids = {request.run_id for request in requests}
    runs = [run for run in control.runs() if newest is None or not run_ids.isdisjoint({run.id, *run.responses})]
    ends = [str(end) for end in told.loose_ends if not (runs and end.kind == "unplayed")]
    parts = [
        _section("requests", _bounded([request_line(request, problems) for request in requests])),
        _section(
            "runs",
            _bounded([line for run in runs for line in run_lines(run, problems, told.also_fitted.get(run.id, ()))]),
        ),
        *([_section("refused connections to the real service", list(dict.fromkeys(refused)))] if refused else []),
        *([_section("warnings", list(map(str, warned)))] if warned else []),
        *([_section("loose ends", _bounded(ends))] if ends else []),
        _section("problems", [line for problem in problems for line in redact_text(str(problem)).splitlines()]),
    ]
    return "\n".join(parts)


def _newest(requests: list[Request], many: int) -> list[Request]:
    """The last entries that stand for ``many`` requests; an entry also counts its repetitions."""
    begin = len(requests)
    while begin and many > 0:
        begin -= 1
        many -= 1 + requests[begin].repeats
    return requests[begin:]


def _section(title: str, lines: list[str]) -> str:
    from emulator.base.secrets.texts import redact_text

    return "\n".join([f"{title}:", *(f"  {redact_text(line)}" for line in lines or ["none"])])


def _bounded(lines: list[str]) -> list[str]:
    left_out = len(lines) - _FIRST - _LAST
    if left_out <= 1:
        return lines
    return [*lines[:_FIRST], f"… {left_out} more …", *lines[-_LAST:]]


def request_line(request: Request, problems: Sequence[Problem] = ()) -> str:
    """``200 POST /v1/threads [create_thread] thread_…``: a request and its outcome, without secrets."""
    from emulator.base.secrets.texts import redact_text, redact_url

    url = redact_url(request.path, request.query)
    line = f"{request.status} {request.method} {url} [{request.operation or 'unknown'}]"
    notes = [
        "baseline" if request.baseline else "",
        outcome(request),
        _turn(request, problems) if request.operation in CREATES_TURN else "",
        f"fault {request.fault}" if request.fault else "",
        f"and {request.repeats} more like it" if request.repeats else "",
    ]
    words = error_words(request)
    ended = redact_text(", ".join(filter(None, notes)))
    return f"{line} {ended}".rstrip() + (f": {words}" if words else "")


def error_words(request: Request) -> str:
    """The message of an error response without secrets, shortened; empty for any other response."""
    from emulator.base.secrets.texts import redact_text

    error = request.answer.get("error") if isinstance(request.answer, dict) else None
    if request.status < 400 or not isinstance(error, dict):
        return ""
    words = " ".join(redact_text(str(error.get("message", ""))).split())
    return shorten(words, _WIDTH)


def outcome(request: Request) -> str:
    """The outcome in a word or two: a new id and a status, or a number of items or events."""
    answer = request.answer
    if isinstance(answer, list) and all(isinstance(one, dict) and "event" in one for one in answer):
        return plural(len(answer), "event")
    if not isinstance(answer, dict) or request.status >= 400:
        return ""
    if isinstance(answer.get("data"), list):
        return plural(len(answer["data"]), "item")
    words = [str(answer[key]) for key in ("id", "status") if isinstance(answer.get(key), str)]
    return " ".join(one for one in words if one not in request.path)


def _turn(request: Request, problems: Sequence[Problem]) -> str:
    if request.run_id and _unmatched(request.run_id, problems):
        return "no turn fits"
    return f"turn {request.turn!r}" if request.turn else ""


def _unmatched(run_id: str, problems: Sequence[Problem]) -> Problem | None:
    """The problem of a run that no turn matched; None for any other run."""
    return next((one for one in problems if one.kind == "unmatched" and one.run_id == run_id), None)


def run_lines(run: Run, problems: Sequence[Problem] = (), others: Sequence[FittingTurn] = ()) -> list[str]:
    """A run with its turn, the ``others`` that fitted too, or with the near misses, and its timeline."""
    problem = _unmatched(run.id, problems)
    if problem is None:
        also = [f"  also fitted: {', '.join(map(str, others))}"] if others else []
        return [f"{_place(run)}, turn {run.turn!r}: {run.status}", *also, *run.event_lines()]
    nearest = near_misses_in_words(problem.nearest)
    return [f"{_place(run)}, no turn fits: {run.status}", f"  nearest: {nearest}", *run.event_lines()]


def _place(run: Run) -> str:
    """A run on its thread, or the responses of a turn; those that continue a chain, with its beginning."""
    ids = ", ".join(run.responses or [run.id])
    return ids if run.thread_id == run.id else f"{ids} on {run.thread_id}"
