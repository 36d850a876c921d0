"""What the state of a run forbids (docs/wire.md §4), and that a refused request changes nothing."""

from __future__ import annotations

import pytest

from tests.apis.endpoints.given import begin, given, run_path
from tests.apis.endpoints.words import error
from tests.support import InProcess, Reply

OVER = {"say": "completed", "fail": "failed", "short": "incomplete", "expire": "expired"}
ALIVE = {"queued": "queued", "hold": "in_progress", "call": "requires_action"}


def _submit(api: InProcess, path: str, *ids: str) -> Reply:
    outputs = [{"tool_call_id": id, "output": "{}"} for id in ids]
    return api.post(f"{path}/submit_tool_outputs", {"tool_outputs": outputs})


@pytest.mark.parametrize("message", ALIVE)
def test_a_thread_has_one_active_run(message: str) -> None:
    api = given()
    thread, run = begin(api, message)
    again = api.run(thread, "asst_told")
    assert again.error == error(f"Thread {thread} already has an active run {run}.")
    more = api.post(f"/v1/threads/{thread}/messages", {"role": "user", "content": "more"})
    assert more.error == error(f"Can't add messages to {thread} while a run {run} is active.")
    assert len(api.get(f"/v1/threads/{thread}/messages").json["data"]) == 1


def test_a_run_that_is_being_cancelled_is_active_still() -> None:
    api = given()
    thread, run = begin(api, "hold")
    api.post(f"/v1/threads/{thread}/runs/{run}/cancel")
    assert api.run(thread, "asst_told").error == error(f"Thread {thread} already has an active run {run}.")


@pytest.mark.parametrize(("message", "status"), OVER.items())
def test_a_finished_run_is_not_cancelled_and_takes_no_outputs(message: str, status: str) -> None:
    api = given()
    path = run_path(api, message)
    assert api.post(f"{path}/cancel").error == error(f"Cannot cancel run with status '{status}'.")
    assert _submit(api, path).error == error(f'Runs in status "{status}" do not accept tool outputs.')


@pytest.mark.parametrize("message", OVER)
def test_after_a_finished_run_the_thread_is_free(message: str) -> None:
    api = given()
    thread, _ = begin(api, message)
    assert api.post(f"/v1/threads/{thread}/messages", {"role": "user", "content": "more"}).status == 200
    assert api.run(thread, "asst_told").status == 200


def test_a_cancelled_run_is_not_cancelled_again() -> None:
    api = given()
    path = run_path(api, "hold")
    assert api.post(f"{path}/cancel").status == 200
    assert api.post(f"{path}/cancel").error == error("Cannot cancel run with status 'cancelling'.")
    assert _submit(api, path).error == error('Runs in status "cancelling" do not accept tool outputs.')
    assert api.get(path).json["status"] == "cancelled"
    assert api.post(f"{path}/cancel").error == error("Cannot cancel run with status 'cancelled'.")


@pytest.mark.parametrize(("message", "status"), ALIVE.items())
def test_a_live_run_is_not_modified(message: str, status: str) -> None:
    api = given()
    path = run_path(api, message)
    assert api.post(path, {"metadata": {"k": "v"}}).error == error(f"Cannot update run with status '{status}'.")
    assert api.get(path).json["metadata"] == {}


@pytest.mark.parametrize("message", ["queued", "hold"])
def test_a_run_that_asks_for_nothing_takes_no_outputs(message: str) -> None:
    api = given()
    refused = _submit(api, run_path(api, message))
    assert refused.error == error(f'Runs in status "{ALIVE[message]}" do not accept tool outputs.')


def test_outputs_answer_exactly_the_calls_that_wait() -> None:
    api = given()
    path = run_path(api, "parallel")
    a, b = [one["id"] for one in api.get(path).json["required_action"]["submit_tool_outputs"]["tool_calls"]]
    for got in ([a], [], [a, a], [a, "call_unknown"], [a, b, "call_unknown"]):
        assert _submit(api, path, *got).error == error(f"Expected tool outputs for call_ids {[a, b]}, got {got}")
        assert api.get(path).json["status"] == "requires_action"
    assert _submit(api, path, b, a).json["status"] == "queued"


def test_a_run_that_is_refused_leaves_nothing_behind() -> None:
    api = given()
    before = api.get("/_emulator/state").json["objects"]
    sent = [
        ("/v1/threads/runs", {"assistant_id": "asst_bare"}),
        ("/v1/threads/runs", {"assistant_id": "asst_none", "thread": {"messages": [{"role": "user", "content": "x"}]}}),
        ("/v1/threads/thread_old/runs", {"assistant_id": "asst_told", "additional_messages": [{"role": "user"}]}),
        ("/v1/threads/thread_old/runs", {"assistant_id": "asst_told", "temperature": 3}),
    ]
    assert {api.post(path, body).status for path, body in sent} == {400, 404}
    assert api.get("/_emulator/state").json["objects"] == before
