"""Run steps."""

from __future__ import annotations

from functools import partial

from emulator.apis.assistants.endpoints.polling import poll_thread, run_in_path, thread_in_path
from emulator.apis.assistants.store import Thread
from emulator.apis.assistants.views import view_of
from emulator.apis.http.lists import list_of, read_query
from emulator.apis.http.request import JsonResponse, Request, json_response


def list_run_steps(request: Request) -> JsonResponse:
    thread, status = _polled(request)
    page = thread.steps_of(request.path["run_id"]).page(read_query(request))
    return list_of(request, page, partial(view_of, request, run_status=status, content="include[]" in request.query))


def get_run_step(request: Request) -> JsonResponse:
    thread, status = _polled(request)
    step = thread.steps_of(request.path["run_id"]).find(request.path["step_id"], "step_id")
    return json_response(view_of(request, step, run_status=status, content="include[]" in request.query))


def _polled(request: Request) -> tuple[Thread, str]:
    """The thread, after the poll, and the status of the run that the path names."""
    thread = thread_in_path(request)
    run_id = run_in_path(request, thread)["id"]
    poll_thread(request, thread, run_id)
    return thread, thread.runs.find(run_id, "run_id")["status"]
