"""What happened in a world, as text: for reports of failed tests and for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from emulator.base.operations import CREATE_RUN
from emulator.base.problems import Problem
from emulator.control.client import Control, Request, Run

#: Lines of a long list that are shown, at its beginning and at its end.
_FIRST: Final = 20
_LAST: Final = 40
#: Characters of an error that are shown.
_WIDTH: Final = 200


def report(control: Control, *, newest: int | None = None, refused: Sequence[str] = ()) -> str:
    """Requests, runs with their timelines, and problems; a line each.

    ``newest``: only what the newest so many requests asked. ``refused``: hosts of the real service that were asked for.
    """
    problems = control.problems()
    requests = control.requests()
    if newest is not None:
        requests = _newest(requests, newest)
    asked_of = {request.run_id for request in requests}
    runs = [run for run in control.runs() if newest is None or run.id in asked_of]
    parts = [
        _section("requests", _bounded([request_line(request, problems) for request in requests])),
        _section("runs", _bounded([line for run in runs for line in run_lines(run, problems)])),
        *([_section("refused, as it is the real service", list(dict.fromkeys(refused)))] if refused else []),
        _section("problems", [line for problem in problems for line in str(problem).splitlines()]),
    ]
    return "\n".join(parts)


def _newest(requests: list[Request], many: int) -> list[Request]:
    """The last entries that stand for so many requests, repetitions counted."""
    begin = len(requests)
    while begin and many > 0:
        begin -= 1
        many -= 1 + requests[begin].repeats
    return requests[begin:]


def _section(title: str, lines: list[str]) -> str:
    return "\n".join([f"{title}:", *(f"  {line}" for line in lines or ["none"])])


def _bounded(lines: list[str]) -> list[str]:
    left_out = len(lines) - _FIRST - _LAST
    if left_out <= 1:
        return lines
    return [*lines[:_FIRST], f"… {left_out} more …", *lines[-_LAST:]]


def request_line(request: Request, problems: Sequence[Problem] = ()) -> str:
    """``200 POST /v1/threads [create_thread] thread_…``: what was asked, and what there is to say of the answer."""
    query = f"?{urlencode(request.query, doseq=True)}" if request.query else ""
    asked = f"{request.status} {request.method} {request.path}{query} [{request.operation or 'unknown'}]"
    said = [
        outcome(request),
        _turn(request, problems) if request.operation in CREATE_RUN else "",
        f"fault {request.fault}" if request.fault else "",
        f"and {request.repeats} more like it" if request.repeats else "",
    ]
    words = error_words(request)
    return f"{asked} {', '.join(filter(None, said))}".rstrip() + (f": {words}" if words else "")


def error_words(request: Request) -> str:
    """The words of an error, cut where they are long."""
    error = request.answer.get("error") if isinstance(request.answer, dict) else None
    if request.status < 400 or not isinstance(error, dict):
        return ""
    words = " ".join(str(error.get("message", "")).split())
    return words if len(words) <= _WIDTH else words[: _WIDTH - 1] + "…"


def outcome(request: Request) -> str:
    """What came of it, in a word or two: an id that is new and a status, or how many there are."""
    answer = request.answer
    if isinstance(answer, list) and all(isinstance(one, dict) and "event" in one for one in answer):
        return _many(len(answer), "event")
    if not isinstance(answer, dict) or request.status >= 400:
        return ""
    if isinstance(answer.get("data"), list):
        return _many(len(answer["data"]), "item")
    said = [str(answer[key]) for key in ("id", "status") if isinstance(answer.get(key), str)]
    return " ".join(one for one in said if one not in request.path)


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'s'[: number != 1]}"


def _turn(request: Request, problems: Sequence[Problem]) -> str:
    if request.run_id and _nearest(request.run_id, problems) is not None:
        return "no turn fits"
    return f"turn {request.turn!r}" if request.turn else ""


def _nearest(run_id: str, problems: Sequence[Problem]) -> str | None:
    """The turns that nearly fitted a run; None for a run that has one."""
    missed = f"no turn fits {run_id} (nearest first): "
    return next((one.message.removeprefix(missed) for one in problems if one.message.startswith(missed)), None)


def run_lines(run: Run, problems: Sequence[Problem] = ()) -> list[str]:
    """A run's head with its turn, or with the nearest miss below it, and its timeline."""
    why = _nearest(run.id, problems)
    if why is None:
        return [f"{run.id} on {run.thread_id}, turn {run.turn!r}: {run.status}", *run.event_lines()]
    return [f"{run.id} on {run.thread_id}, no turn fits: {run.status}", f"  nearest: {why}", *run.event_lines()]
