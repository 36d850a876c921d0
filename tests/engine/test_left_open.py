"""Code and searches directly before an end or a hold: what is still under way there, on both APIs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import InProcess

Step = dict[str, Any]

CODE: Step = {"code": {"input": "1/0", "logs": "Traceback"}}
SEARCH: Step = {"search": {"query": "soup", "results": [{"file": "menu.md", "text": "Soup.", "score": 0.5}]}}
TWO: Step = {"code": [{"input": "1"}, {"input": "2"}]}
GIVEN = {
    "files": [{"id": "file-1", "filename": "menu.md", "purpose": "assistants", "content": "Soup."}],
    "vector_stores": [{"id": "vs_1", "file_ids": ["file-1"]}],
}
FAIL: Step = {"fail": "server_error"}
CUT: Step = {"incomplete": "max_completion_tokens"}
#: The kind of the step, and which object of a call shows what it came to.
KINDS = pytest.mark.parametrize("step", [CODE, SEARCH, TWO], ids=["code", "search", "two"])


def begun(*steps: Step, **body: Any) -> tuple[InProcess, str, Any]:
    """An emulator with a run of these steps: its thread, and the reply to the request that created it."""
    api = InProcess({"given": GIVEN, "turns": [{"steps": list(steps)}]})
    tools = [{"type": "code_interpreter"}, {"type": "file_search"}]
    thread = api.thread("Hi")
    return api, thread, api.run(thread, api.assistant(tools=tools), **body)


def run_step(api: InProcess, thread: str) -> Any:
    """The only run step, without moving the run."""
    (run,) = api.turns
    (step,) = [one for _, one in _thread(api, thread).steps_of(run).newest_first()]
    return step


def _thread(api: InProcess, thread: str) -> Any:
    from emulator.apis.assistants.store import objects_of

    return objects_of(api.world).threads[thread]


def calls(step: Any) -> list[Any]:
    """What the calls of a run step show."""
    return [call[call["type"]] for call in step["step_details"]["tool_calls"]]


WHOLE = {
    "code": [{"input": "1/0", "outputs": [{"type": "logs", "logs": "Traceback"}]}],
    "two": [{"input": "1", "outputs": []}, {"input": "2", "outputs": []}],
}


@KINDS
@pytest.mark.parametrize(
    ("end", "status", "events"),
    [
        (FAIL, "failed", ["thread.run.step.failed", "thread.run.failed"]),
        (CUT, "completed", ["thread.run.step.completed", "thread.run.incomplete"]),
        ({"expire": True}, "expired", ["thread.run.step.expired", "thread.run.expired"]),
    ],
)
def test_what_is_under_way_at_an_end_ends_with_the_run(step: Step, end: Step, status: str, events: list[str]) -> None:
    api, thread, reply = begun(step, end, stream=True)
    last = run_step(api, thread)

    assert reply.event_names[-3:] == [*events, "done"]
    assert "thread.run.step.completed" not in reply.event_names[:-3]
    assert (last["status"], last["failed_at"] is not None) == (status, status == "failed")
    assert last["last_error"] == (
        {"code": "server_error", "message": "Sorry, something went wrong."} if status == "failed" else None
    )
    assert last["usage"]["total_tokens"] > 0
    if "search" in step:
        assert calls(last)[0]["results"][0]["file_id"] == "file-1"
    else:
        assert calls(last) == WHOLE["two" if step is TWO else "code"]
    assert api.world.check() == []


@KINDS
@pytest.mark.parametrize("end", [FAIL, CUT, {"hold": "x"}])
def test_done_completes_it_first(step: Step, end: Step) -> None:
    api, thread, _ = begun({**step, "done": True}, end)
    (run,) = api.turns
    api.poll(thread, run, times=3)

    assert run_step(api, thread)["status"] == "completed"


@KINDS
def test_it_is_under_way_while_the_run_is_held(step: Step) -> None:
    api, thread, reply = begun(step, {"hold": "x"}, {"say": "Done."})
    run = reply.json["id"]
    api.poll(thread, run, times=3)
    held = run_step(api, thread)
    assert (held["status"], held["usage"]) == ("in_progress", None)
    for call in calls(held):
        assert call.get("results", []) == call.get("outputs", []) == []
        assert call.get("input", "") == ""

    api.post("/_emulator/holds/x/release")
    assert api.poll(thread, run)[-1] == "completed"
    (step_done,) = [one for _, one in _thread(api, thread).steps_of(run).newest_first() if one["type"] == "tool_calls"]
    assert step_done["status"] == "completed"
    assert all(call.get("results") or call.get("input") for call in calls(step_done))


@KINDS
def test_it_is_cancelled_with_a_run_that_is_held(step: Step) -> None:
    api, thread, reply = begun(step, {"hold": "x"})
    run = reply.json["id"]
    api.poll(thread, run, times=3)

    api.post(f"/v1/threads/{thread}/runs/{run}/cancel")

    assert (api.poll(thread, run), run_step(api, thread)["status"]) == (["cancelled"], "cancelled")


# ---- On Responses ----

TOOLS = [
    {"type": "code_interpreter", "container": {"type": "auto"}},
    {"type": "file_search", "vector_store_ids": ["vs_1"]},
]


def response(*steps: Step, **more: Any) -> tuple[InProcess, Any]:
    api = InProcess({"given": GIVEN, "turns": [{"steps": list(steps)}]})
    return api, api.post("/v1/responses", {"model": "gpt-4o", "input": "Hi", "tools": TOOLS, **more})


@KINDS
@pytest.mark.parametrize(
    ("end", "ended", "status"), [(FAIL, "failed", "failed"), (CUT, "incomplete", "incomplete")], ids=["fail", "cut"]
)
def test_the_item_of_a_response_ends_with_it(step: Step, end: Step, ended: str, status: str) -> None:
    api, reply = response(step, end, stream=True)
    last = reply.events[-1].json()["response"]
    statuses = [item["status"] for item in last["output"]]

    assert (last["status"], statuses) == (ended, ["completed", status] if step is TWO else [status])
    completed = [name for name in reply.event_names if name.endswith("_call.completed")]
    assert len(completed) == (step is TWO)
    assert reply.event_names.count("response.output_item.done") == len(statuses)
    assert api.world.check() == []


@KINDS
def test_done_completes_the_item_first(step: Step) -> None:
    _, reply = response({**step, "done": True}, FAIL)

    assert (reply.json["status"], {item["status"] for item in reply.json["output"]}) == ("failed", {"completed"})


@KINDS
def test_the_item_of_a_held_response_is_done_when_it_is_released(step: Step) -> None:
    api, reply = response(step, {"hold": "x"}, {"say": "Done."}, background=True)
    id = reply.json["id"]
    path = f"/v1/responses/{id}"
    held = [api.get(path).json for _ in range(3)][-1]
    done_before = len(held["output"])
    api.post("/_emulator/holds/x/release")
    last = [api.get(path).json for _ in range(2)][-1]

    assert (held["status"], done_before) == ("in_progress", 1 if step is TWO else 0)
    assert {item["status"] for item in last["output"]} == {"completed"}
    assert last["output"][-1]["type"] == "message"
