"""The ``when`` of a fault is compared with the run that a request is about, before the request is handled."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.base.operations import BY_NAME, OF_A_TURN
from tests.support import InProcess, Reply

SCENARIO: dict[str, Any] = {
    "given": {
        "assistants": [
            {
                "id": "asst_1",
                "name": "Ada",
                "model": "gpt-4o",
                "tools": [{"type": "function", "function": {"name": "f"}}],
            }
        ],
        "threads": [{"id": "thread_1", "messages": [{"role": "user", "content": "Hi"}], "metadata": {"user": "ada"}}],
    },
    "turns": [{"steps": [{"call": {"f": {}}}, {"say": "Hello."}]}],
}
RUNS = "/v1/threads/thread_1/runs"
RUN = {"assistant_id": "asst_1"}
TEXT = [{"type": "text", "text": "Bye"}]


def api_with(when: dict[str, Any], operation: Any = "*") -> InProcess:
    """Its requests fail with 500 when their run fits."""
    return InProcess({**SCENARIO, "faults": [{"operation": operation, "kind": "error", "when": when}]})


@pytest.mark.parametrize(
    ("when", "body", "fits"),
    [
        ({"message": "hi"}, {}, True),
        ({"message": "bye"}, {}, False),
        ({"message": "bye"}, {"additional_messages": [{"role": "user", "content": "Bye"}]}, True),
        ({"message": "hi"}, {"additional_messages": [{"role": "user", "content": "Bye"}]}, False),
        ({"message": "hi"}, {"additional_messages": [{"role": "assistant", "content": "Bye"}]}, True),
        ({"message": "bye"}, {"additional_messages": [{"role": "user", "content": TEXT}]}, True),
        ({"model": "gpt-4o"}, {}, True),
        ({"model": "o3"}, {"model": "o3"}, True),
        ({"instructions": "kind"}, {"instructions": "Be kind."}, True),
        ({"instructions": "kind"}, {}, False),
        ({"tools": "f"}, {}, True),
        ({"tools": "f"}, {"tools": []}, False),
        ({"assistant": "Ada"}, {}, True),
        ({"assistant": "Bob"}, {}, False),
        ({"thread": "thread_1"}, {}, True),
        ({"thread": {"metadata": {"user": "ada"}}}, {}, True),
        ({"thread": {"metadata": {"user": "bob"}}}, {}, False),
        ({"metadata": {"k": "v"}}, {"metadata": {"k": "v", "l": "w"}}, True),
        ({"run": 1}, {}, True),
        ({"run": 2}, {}, False),
        ({"message": "hi", "run": 2}, {}, False),
    ],
)  # fmt: skip
def test_a_run_that_is_to_be_created(when: dict[str, Any], body: dict[str, Any], fits: bool) -> None:
    assert api_with(when).post(RUNS, {**RUN, **body}).status == (500 if fits else 200)


@pytest.mark.parametrize(
    ("when", "thread", "fits"),
    [
        ({"message": "hey"}, {"messages": [{"role": "user", "content": "Hey"}]}, True),
        ({"message": "hey"}, {"messages": [{"role": "user", "content": "Ho"}]}, False),
        ({"thread": {"metadata": {"a": "b"}}}, {"messages": [], "metadata": {"a": "b"}}, True),
        ({"run": 1}, {"messages": [{"role": "user", "content": "x"}]}, True),
        ({"assistant": "asst_1"}, None, True),
    ],
)  # fmt: skip
def test_a_thread_that_is_to_be_created_with_it(when: dict[str, Any], thread: Any, fits: bool) -> None:
    reply = api_with(when).post("/v1/threads/runs", {**RUN, "instructions": "x", "thread": thread})
    assert reply.status == (500 if fits else 200)


def requests_of(api: InProcess, run: str) -> dict[str, Reply]:
    """Every operation that names a run; submitting and cancelling come last."""
    path = f"{RUNS}/{run}"
    steps = api.get(f"{path}/steps")
    (call,) = api.required_calls(run)
    outputs = {"tool_outputs": [{"tool_call_id": call["id"], "output": "1"}]}
    return {
        "list_run_steps": steps,
        "get_run": api.get(path),
        "modify_run": api.post(path, {}),
        "get_run_step": api.get(f"{path}/steps/step_x"),
        "submit_tool_outputs_to_run": api.post(f"{path}/submit_tool_outputs", outputs),
        "cancel_run": api.post(f"{path}/cancel"),
    }


def test_a_run_that_is_named() -> None:
    api = InProcess(SCENARIO)
    run = api.post(RUNS, RUN).json["id"]
    assert api.poll("thread_1", run)[-1] == "requires_action"
    for message in ("bye", "hi"):
        api.post("/_emulator/faults", {"operation": "*", "kind": "error", "when": {"message": message}})
        api.post(
            "/_emulator/faults",
            {"operation": "get_run", "kind": "error", "status": 418, "when": {"message": message}, "skip": 1},
        )

    came = {name: reply.status for name, reply in requests_of(api, run).items()}

    assert set(came) == {name for name in OF_A_TURN if "{run_id}" in BY_NAME[name].path}
    assert set(came.values()) == {500}
    assert api.get(f"{RUNS}/{run}").status == 418


def test_a_condition_leaves_other_requests_alone() -> None:
    api = api_with({"message": "hi"})
    assert api.get("/v1/threads/thread_1").status == 200
    assert api.get("/v1/threads/thread_1/messages").status == 200
    assert api.get(RUNS).status == 200
    assert api.post("/v1/threads/thread_1/messages", {"role": "user", "content": "hi"}).status == 200


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (RUNS, {"assistant_id": "asst_unknown"}, 404),
        (RUNS, {}, 400),
        (RUNS, {**RUN, "nonsense": 1}, 400),
        ("/v1/threads/thread_unknown/runs", RUN, 404),
        ("/v1/threads/runs", {"assistant_id": "asst_unknown"}, 404),
    ],
)
def test_a_request_that_cannot_create_a_run_is_refused_as_ever(path: str, body: dict[str, Any], status: int) -> None:
    plain, api = InProcess(SCENARIO), api_with({"run": 1})
    assert api.post(path, body).error == plain.post(path, body).error
    assert api.post(path, body).status == status


def test_no_json_and_no_such_run_are_refused_as_without_the_fault() -> None:
    api = api_with({"run": 1})
    assert api.post(RUNS, content=b"{").status == 400
    assert api.get(f"{RUNS}/run_unknown").status == 404


def test_finding_the_run_makes_nothing() -> None:
    """No id is used up, no turn is counted: the run is the one that would have been made without the condition."""
    plain, api = InProcess(SCENARIO), api_with({"message": "never"})
    assert api.post(RUNS, RUN).body == plain.post(RUNS, RUN).body
