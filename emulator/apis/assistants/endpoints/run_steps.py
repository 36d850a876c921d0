"""Run steps."""

from __future__ import annotations

from emulator.apis.assistants.endpoints.polling import look_at_thread, named_run
from emulator.apis.http.lists import list_of, read_query
from emulator.apis.http.request import Answer, Call, answer
from emulator.apis.http.showing import view_of
from emulator.world.state.store import Thread


def _looked_at(call: Call) -> tuple[Thread, str]:
    """The thread, after the look, and the status of the run that the path names."""
    thread = call.world.store.thread(call.path["thread_id"])
    run_id = named_run(call, thread)["id"]
    look_at_thread(call, thread)
    status: str = thread.runs.find(run_id, "run_id")["status"]
    return thread, status


def list_run_steps(call: Call) -> Answer:
    thread, status = _looked_at(call)
    page = thread.steps[call.path["run_id"]].page(read_query(call))
    return list_of(call, page, run_status=status, content="include[]" in call.query)


def get_run_step(call: Call) -> Answer:
    thread, status = _looked_at(call)
    step = thread.steps[call.path["run_id"]].find(call.path["step_id"], "step_id")
    content = "include[]" in call.query
    return answer(view_of(call, step, run_status=status, content=content))
