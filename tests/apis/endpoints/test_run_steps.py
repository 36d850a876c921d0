"""Run steps (docs/wire.md §2): 15 keys, ``expires_at`` while the run lives, function calls before and after."""

from __future__ import annotations

import pytest

from tests.apis.endpoints.given import begin, given, is_pretty, run_path
from tests.support import InProcess

START = 1767225600
KEYS = [
    "id", "object", "created_at", "run_id", "assistant_id", "thread_id", "type", "status", "cancelled_at",
    "completed_at", "expires_at", "failed_at", "last_error", "step_details", "usage",
]  # fmt: skip
USAGE = ["prompt_tokens", "completion_tokens", "total_tokens", "prompt_token_details", "completion_tokens_details"]


def test_the_step_of_a_message() -> None:
    api = given()
    thread, run = begin(api, "say")
    reply = api.get(f"/v1/threads/{thread}/runs/{run}/steps")
    (step,) = reply.json["data"]
    message = api.get(f"/v1/threads/{thread}/messages").json["data"][0]
    assert is_pretty(reply)
    assert list(step) == KEYS
    assert step == dict.fromkeys(KEYS) | {
        "id": step["id"],
        "object": "thread.run.step",
        "created_at": step["created_at"],
        "run_id": run,
        "assistant_id": "asst_told",
        "thread_id": thread,
        "type": "message_creation",
        "status": "completed",
        "completed_at": step["completed_at"],
        "step_details": {"type": "message_creation", "message_creation": {"message_id": message["id"]}},
        "usage": step["usage"],
    }
    assert list(step["usage"]) == USAGE
    assert step["usage"] == api.get(f"/v1/threads/{thread}/runs/{run}").json["usage"]
    assert api.get(f"/v1/threads/{thread}/runs/{run}/steps/{step['id']}").json == step


def test_the_step_of_a_call_before_and_after_its_output() -> None:
    api = given()
    path = run_path(api, "call")
    (pending,) = api.get(f"{path}/steps").json["data"]
    (call,) = pending["step_details"]["tool_calls"]
    assert (pending["type"], pending["status"], pending["usage"]) == ("tool_calls", "in_progress", None)
    assert (pending["expires_at"], pending["completed_at"]) == (START + 600, None)
    assert call == {
        "id": call["id"],
        "type": "function",
        "function": {"name": "get_weather", "arguments": "{}", "output": None},
    }
    api.post(f"{path}/submit_tool_outputs", {"tool_outputs": [{"tool_call_id": call["id"], "output": "dry"}]})
    (answered,) = api.get(f"{path}/steps?order=asc&limit=1").json["data"]
    assert (answered["id"], answered["status"]) == (pending["id"], "completed")
    assert answered["step_details"]["tool_calls"][0]["function"]["output"] == "dry"
    assert list(answered["usage"]) == USAGE


def test_steps_expire_with_the_run_only_while_it_lives() -> None:
    api = given()
    path = run_path(api, "call")
    (step,) = api.get(f"{path}/steps").json["data"]
    assert api.get(f"{path}/steps/{step['id']}").json["expires_at"] == START + 600
    api.post(f"{path}/cancel")
    api.get(path)
    over = api.get(f"{path}/steps/{step['id']}").json
    assert (over["expires_at"], over["status"], over["usage"]) == (None, "cancelled", None)
    assert over["cancelled_at"] is not None


def test_the_newest_step_comes_first() -> None:
    api = given()
    path = run_path(api, "call")
    (call,) = api.get(path).json["required_action"]["submit_tool_outputs"]["tool_calls"]
    api.post(f"{path}/submit_tool_outputs", {"tool_outputs": [{"tool_call_id": call["id"], "output": "dry"}]})
    while api.get(path).json["status"] != "completed":
        continue
    kinds = [step["type"] for step in api.get(f"{path}/steps").json["data"]]
    assert kinds == ["message_creation", "tool_calls"]
    assert [step["type"] for step in api.get(f"{path}/steps?order=asc").json["data"]] == kinds[::-1]


def test_usage_of_the_run_is_the_sum_over_its_steps() -> None:
    turn = {"steps": [{"say": "one"}, {"say": "two, and more"}, {"say": "three"}]}
    api = InProcess({"version": 1, "turns": [turn]})
    thread = api.thread("count")
    run = api.run(thread, api.assistant()).json["id"]
    api.poll(thread, run)
    steps = api.get(f"/v1/threads/{thread}/runs/{run}/steps").json["data"]
    total = api.get(f"/v1/threads/{thread}/runs/{run}").json["usage"]
    for key in USAGE[:3]:
        assert total[key] == sum(step["usage"][key] for step in steps)


@pytest.mark.parametrize("message", ["queued", "hold", "fail"])
def test_a_run_without_steps_has_an_empty_list(message: str) -> None:
    api = given()
    reply = api.get(f"{run_path(api, message)}/steps?order=asc")
    assert (reply.json["data"], reply.json["first_id"], reply.json["has_more"]) == ([], None, False)


@pytest.mark.parametrize(
    ("include", "status"),
    [
        ("include[]=step_details.tool_calls%5B%2A%5D.file_search.results%5B%2A%5D.content", 200),
        ("include%5B%5D=step_details.tool_calls%5B*%5D.file_search.results%5B*%5D.content", 200),
        ("include[]=everything", 400),
    ],
)
def test_include_adds_the_content_of_results(include: str, status: int) -> None:
    api = given()
    path = run_path(api, "say")
    (step,) = api.get(f"{path}/steps").json["data"]
    assert api.get(f"{path}/steps?{include}").status == status
    assert api.get(f"{path}/steps/{step['id']}?{include}").status == status
    assert api.post(f"/v1/threads/thread_old/runs?{include}", {"assistant_id": "asst_told"}).status == status


def test_the_spec_shape_adds_what_the_schema_requires() -> None:
    api = given(shapes="spec")
    (step,) = api.get(f"{run_path(api, 'say')}/steps").json["data"]
    assert set(step) - set(KEYS) == {"expired_at", "metadata"}
    assert (step["expired_at"], step["metadata"]) == (None, {})
