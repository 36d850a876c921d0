"""What happened in a world, as text: for reports of failed tests and for people."""

from __future__ import annotations

from emulator.control import Control, Request, Run


def report(control: Control) -> str:
    """Requests, runs with their timelines, and problems; a line each."""
    parts = [
        _section("requests", [request_line(request) for request in control.requests()]),
        _section("runs", [line for run in control.runs() for line in run_lines(run)]),
        _section("problems", [str(problem) for problem in control.problems()]),
    ]
    return "\n".join(parts)


def _section(title: str, lines: list[str]) -> str:
    return "\n".join([f"{title}:", *(f"  {line}" for line in lines or ["none"])])


def request_line(request: Request) -> str:
    """``create_run  POST /v1/threads/…/runs  200``, with the error's words where there is one."""
    more = f" (and {request.repeats} more like it)" if request.repeats else ""
    said = ""
    if request.status >= 400 and isinstance(request.answer, dict):
        said = f": {request.answer.get('error', {}).get('message', '')}"
    return f"{request.status} {request.method} {request.path} [{request.operation or 'unknown'}]{more}{said}"


def run_lines(run: Run) -> list[str]:
    """A run's head and its timeline. World seconds count from the run's first event."""
    start = run.timeline[0].time if run.timeline else 0
    lines = [f"{run.id} on {run.thread_id}, turn {run.turn!r}: {run.status}"]
    for event in run.timeline:
        times = f" ×{event.times}" if event.times > 1 else ""
        lines.append(f"  {event.time - start:>4}s {event}{times}")
    return lines
