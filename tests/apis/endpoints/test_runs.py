"""Runs (docs/wire.md §2): 29 keys, their values by status, echo rules, what a look moves, cancel, outputs, modify."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apis.endpoints.given import WEATHER, begin, given, is_pretty, run_path
from tests.support import InProcess

START = 1767225600
KEYS = [
    "id", "object", "created_at", "assistant_id", "thread_id", "status", "started_at", "expires_at", "cancelled_at",
    "failed_at", "completed_at", "required_action", "last_error", "model", "instructions", "tools", "tool_resources",
    "metadata", "temperature", "top_p", "reasoning_effort", "max_completion_tokens", "max_prompt_tokens",
    "truncation_strategy", "incomplete_details", "usage", "response_format", "tool_choice", "parallel_tool_calls",
]  # fmt: skip
USAGE = ["prompt_tokens", "completion_tokens", "total_tokens", "prompt_token_details", "completion_tokens_details"]


def test_a_new_run_has_every_field() -> None:
    api = given()
    thread = api.thread("say")
    reply = api.run(thread, "asst_told")
    assert is_pretty(reply)
    assert reply.json == dict.fromkeys(KEYS) | {
        "id": reply.json["id"],
        "object": "thread.run",
        "created_at": START,
        "assistant_id": "asst_told",
        "thread_id": thread,
        "status": "queued",
        "expires_at": START + 600,
        "model": "gpt-4o",
        "instructions": "Be kind.",
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "get_weather",
                    "parameters": {"type": "object", "properties": {}},
                    "strict": False,
                },
            }
        ],
        "tool_resources": {},
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "truncation_strategy": {"type": "auto", "last_messages": None},
        "response_format": "auto",
        "tool_choice": "auto",
        "parallel_tool_calls": True,
    }
    assert list(reply.json) == KEYS


TIMES = ("started_at", "cancelled_at", "failed_at", "completed_at")

#: The message; then, of the run it leads to: status, which times are set, whether it still expires, has usage.
BY_STATUS = [
    ("hold", "in_progress", ["started_at"], True, False),
    ("call", "requires_action", ["started_at"], True, False),
    ("say", "completed", ["started_at", "completed_at"], False, True),
    ("fail", "failed", ["started_at", "failed_at"], False, True),
    ("short", "incomplete", ["started_at", "completed_at"], False, True),
    ("expire", "expired", ["started_at"], False, True),
]


@pytest.mark.parametrize(("message", "status", "times", "expires", "has_usage"), BY_STATUS)
def test_the_fields_by_status(message: str, status: str, times: list[str], expires: bool, has_usage: bool) -> None:
    api = given()
    thread, run = begin(api, message)
    reply = api.get(f"/v1/threads/{thread}/runs/{run}")
    got = reply.json
    assert is_pretty(reply)
    assert list(got) == KEYS
    assert got["status"] == status
    assert [key for key in KEYS if key in TIMES and got[key] is not None] == times
    assert (got["expires_at"] == START + 600, got["expires_at"] is None) == (expires, not expires)
    assert (list(got["usage"]) == USAGE) if has_usage else (got["usage"] is None)


def test_a_cancelled_run_has_its_times() -> None:
    api = given()
    path = run_path(api, "hold")
    cancelling = api.post(f"{path}/cancel").json
    assert (cancelling["status"], cancelling["cancelled_at"], cancelling["expires_at"]) == (
        "cancelling",
        None,
        START + 600,
    )
    cancelled = api.get(path).json
    assert (cancelled["status"], cancelled["expires_at"], cancelled["completed_at"]) == ("cancelled", None, None)
    assert cancelled["cancelled_at"] > cancelled["started_at"]


def test_a_queued_run_can_be_cancelled() -> None:
    api = given()
    path = run_path(api, "queued")
    cancelling = api.post(f"{path}/cancel", content=b"").json
    assert (cancelling["status"], cancelling["started_at"]) == ("cancelling", None)
    assert api.get(path).json["status"] == "cancelled"


@pytest.mark.parametrize(
    ("message", "key", "value"),
    [
        ("fail", "last_error", {"code": "server_error", "message": "Sorry, something went wrong."}),
        ("short", "incomplete_details", {"reason": "max_completion_tokens"}),
        ("say", "last_error", None),
        ("say", "incomplete_details", None),
    ],
)
def test_a_run_says_why_it_ended(message: str, key: str, value: Any) -> None:
    api = given()
    assert api.get(run_path(api, message)).json[key] == value


@pytest.mark.parametrize(
    ("field", "sent", "shown"),
    [
        ("model", "gpt-4o-mini", "gpt-4o-mini"),
        ("model", None, "gpt-4o"),
        ("instructions", "Be brief.", "Be brief."),
        ("instructions", None, "Be kind."),
        ("tools", [], []),
        ("metadata", {"k": "v"}, {"k": "v"}),
        ("temperature", 0, 0.0),
        ("top_p", 1, 1.0),
        ("reasoning_effort", None, None),
        ("max_completion_tokens", 16, 16),
        ("max_prompt_tokens", 256, 256),
        ("truncation_strategy", {"type": "last_messages", "last_messages": 3},
         {"type": "last_messages", "last_messages": 3}),
        ("truncation_strategy", {"type": "auto"}, {"type": "auto", "last_messages": None}),
        ("response_format", {"type": "text"}, {"type": "text"}),
        ("tool_choice", {"type": "function", "function": {"name": "get_weather"}},
         {"type": "function", "function": {"name": "get_weather"}}),
        ("tool_choice", None, "auto"),
        ("parallel_tool_calls", False, False),
    ],
)  # fmt: skip
def test_what_a_run_shows_of_its_request(field: str, sent: Any, shown: Any) -> None:
    api = given()
    run = api.run("thread_old", "asst_told", **{field: sent}).json
    assert (type(run[field]), run[field]) == (type(shown), shown)


def test_a_run_has_its_assistants_tools_unless_it_brings_some() -> None:
    api = given()
    told = api.get("/v1/assistants/asst_told").json
    assert api.run("thread_old", "asst_told", tools=None).json["tools"] == told["tools"]


@pytest.mark.parametrize(
    ("assistant", "body", "shown"),
    [
        ("asst_told", {"additional_instructions": "Be brief."}, "Be kind. Be brief."),
        ("asst_bare", {"additional_instructions": "Be brief."}, "Be brief."),
        ("asst_bare", {"instructions": "A.", "additional_instructions": "B."}, "A. B."),
        ("asst_bare", {}, None),
        ("asst_told", {"instructions": ""}, ""),
    ],
)
def test_the_instructions_of_a_run(assistant: str, body: Any, shown: str | None) -> None:
    assert given().run("thread_old", assistant, **body).json["instructions"] == shown


def test_the_metadata_of_a_run_is_its_own() -> None:
    api = given()
    api.post("/v1/assistants/asst_told", {"metadata": {"of": "the assistant"}})
    assert api.run("thread_old", "asst_told").json["metadata"] == {}


def test_additional_messages_are_added_before_the_run() -> None:
    api = given()
    more = [{"role": "user", "content": "one more"}, {"role": "user", "content": "hold"}]
    run = api.run("thread_old", "asst_told", additional_messages=more).json["id"]
    texts = [one["content"][0]["text"]["value"] for one in api.get("/v1/threads/thread_old/messages").json["data"]]
    assert texts == ["hold", "one more", "say"]
    assert api.poll("thread_old", run, times=2) == ["in_progress", "in_progress"]


def test_a_thread_and_its_run_at_once() -> None:
    api = given()
    thread = {"messages": [{"role": "user", "content": "say"}], "metadata": {"k": "v"}}
    reply = api.post("/v1/threads/runs", {"assistant_id": "asst_bare", "thread": thread, "metadata": {"of": "run"}})
    run = reply.json
    assert is_pretty(reply)
    assert list(run) == KEYS
    assert (run["status"], run["metadata"]) == ("queued", {"of": "run"})
    made = api.get(f"/v1/threads/{run['thread_id']}").json
    assert made["metadata"] == {"k": "v"}
    assert api.poll(run["thread_id"], run["id"]) == ["in_progress", "completed"]


@pytest.mark.parametrize("thread", [None, {}, {"messages": []}])
def test_instructions_are_enough_to_run_on(thread: Any) -> None:
    body = {"assistant_id": "asst_bare", "instructions": "Say hello.", "thread": thread}
    assert given().post("/v1/threads/runs", body).json["status"] == "queued"


def test_a_poll_moves_one_status_and_then_nothing() -> None:
    api = given()
    thread = api.thread("say")
    run = api.run(thread, "asst_told").json["id"]
    path = f"/v1/threads/{thread}/runs/{run}"
    assert api.poll(thread, run) == ["in_progress", "completed"]
    assert api.get(path).body == api.get(path).body


def test_outputs_queue_the_run_again() -> None:
    api = given()
    path = run_path(api, "call")
    waiting = api.get(path).json
    (call,) = waiting["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert call == {"id": call["id"], "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    outputs = [{"tool_call_id": call["id"], "output": "dry"}]
    queued = api.post(f"{path}/submit_tool_outputs", {"tool_outputs": outputs}).json
    assert (queued["status"], queued["required_action"], queued["usage"]) == ("queued", None, None)
    assert (queued["started_at"], queued["expires_at"]) == (waiting["started_at"], START + 600)
    again = api.get(path).json
    assert again["status"] == "in_progress"
    assert again["started_at"] > waiting["started_at"]
    assert api.get(path).json["status"] == "completed"


def test_modify_of_a_finished_run() -> None:
    api = given()
    path = run_path(api, "say")
    before = api.get(path).json
    modified = api.post(path, {"metadata": {"k": "v"}})
    assert is_pretty(modified)
    assert modified.json == {**before, "metadata": {"k": "v"}}
    assert list(modified.json) == KEYS
    assert api.get(path).body == modified.body
    assert api.post(path, {"metadata": None}).json["metadata"] == {"k": "v"}


def test_a_list_of_runs_moves_them_first() -> None:
    api = given()
    thread = api.thread("say")
    api.run(thread, "asst_told")
    path = f"/v1/threads/{thread}/runs"
    seen = [api.get(path) for _ in range(3)]
    assert [reply.json["data"][0]["status"] for reply in seen] == ["in_progress", "completed", "completed"]
    assert all(is_pretty(reply) for reply in seen)
    assert [list(reply.json["data"][0]) for reply in seen] == [KEYS] * 3


@pytest.mark.parametrize(("message", "after"), [("queued", "1"), ("call", "1"), ("hold", "50"), ("say", "1")])
def test_the_header_that_polling_helpers_obey(message: str, after: str) -> None:
    api = given()
    assert api.get(run_path(api, message)).headers["openai-poll-after-ms"] == after


def test_tools_of_the_run_are_echoed_as_an_assistants() -> None:
    api = given()
    run = api.run("thread_old", "asst_bare", tools=[WEATHER, {"type": "code_interpreter"}]).json
    made = api.post("/v1/assistants", {"model": "gpt-4o", "tools": [WEATHER, {"type": "code_interpreter"}]}).json
    assert run["tools"] == made["tools"]
    assert run["tool_resources"] == {}


def test_runs_of_other_worlds_do_not_show() -> None:
    api = InProcess()
    assert api.get("/v1/threads/thread_old/runs").status == 404
