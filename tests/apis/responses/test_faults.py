"""Faults on responses: those that name a counterpart, their conditions, and what ``after`` counts."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.base.operations import BY_NAME, COUNTERPARTS
from tests.support import InProcess, Reply

FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}
SCENARIO: dict[str, Any] = {
    "given": {
        "assistants": [{"id": "asst_1", "name": "Ada", "model": "gpt-4o", "instructions": "Be kind."}],
        "threads": [{"id": "thread_1", "messages": [{"role": "user", "content": "Hi"}]}],
    },
    "turns": [
        {"name": "asks", "when": {"message": "ask"}, "steps": [{"call": {"f": {}}}, {"say": "Told."}]},
        {"name": "hello", "steps": [{"say": "One two three"}]},
    ],
}
RESPONSES = "/v1/responses"
BODY: dict[str, Any] = {"model": "gpt-4o", "input": "Hi"}
RUN = {"assistant_id": "asst_1"}


def names_of(reply: Reply) -> list[str]:
    """The names of all events of a stream."""
    return [event.event for event in reply.events]


def api_with(**fault: Any) -> InProcess:
    return InProcess({**SCENARIO, "faults": [{"kind": "error", "operation": "*", **fault}]})


# ---- Counterparts ----


def requests_of(api: InProcess) -> dict[str, Reply]:
    """The operations that have a counterpart, each requested once."""
    run = api.post("/v1/threads/thread_1/runs", RUN)
    id = run.json.get("id", "run_1")
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "o"}]}
    message: dict[str, Any] = {"role": "user", "content": "Hi"}
    conversation = api.post("/v1/conversations", {})
    items = f"/v1/conversations/{conversation.json.get('id', 'conv_1')}/items"
    created = api.post(RESPONSES, BODY)
    return {
        "create_run": run,
        "get_run": api.get(f"/v1/threads/thread_1/runs/{id}"),
        "submit_tool_outputs_to_run": api.post(f"/v1/threads/thread_1/runs/{id}/submit_tool_outputs", outputs),
        "create_thread_and_run": api.post("/v1/threads/runs", RUN),
        "create_response": created,
        "get_response": api.get(f"{RESPONSES}/{created.json.get('id', 'resp_1')}"),
        "create_thread": api.post("/v1/threads", {}),
        "create_conversation": conversation,
        "create_message": api.post("/v1/threads/thread_2/messages", message),
        "create_conversation_items": api.post(items, {"items": [message]}),
        "list_messages": api.get("/v1/threads/thread_1/messages"),
        "list_conversation_items": api.get(items),
    }


@pytest.mark.parametrize(
    ("named", "played_on"),
    [
        ("create_run", {"create_run", "create_response"}),
        ("create_thread_and_run", {"create_thread_and_run", "create_response"}),
        ("submit_tool_outputs_to_run", {"submit_tool_outputs_to_run", "create_response"}),
        ("get_run", {"get_run", "get_response"}),
        ("create_response", {"create_response", "create_run", "create_thread_and_run", "submit_tool_outputs_to_run"}),
        ("get_response", {"get_response", "get_run"}),
        (["get_run", "create_run"], {"get_run", "get_response", "create_run", "create_response"}),
        ("create_thread", {"create_thread", "create_conversation"}),
        ("create_conversation", {"create_thread", "create_conversation"}),
        ("create_message", {"create_message", "create_conversation_items"}),
        ("create_conversation_items", {"create_message", "create_conversation_items"}),
        ("list_messages", {"list_messages", "list_conversation_items"}),
        ("list_conversation_items", {"list_messages", "list_conversation_items"}),
        ("list_runs", set()),
    ],
)
def test_a_fault_plays_on_the_counterparts_of_the_operations_it_names(named: Any, played_on: set[str]) -> None:
    replies = requests_of(api_with(operation=named, status=418))
    assert {name for name, reply in replies.items() if reply.status == 418} == played_on


def test_counterparts_are_operations_of_different_apis() -> None:
    for name, others in COUNTERPARTS.items():
        assert {BY_NAME[other].api for other in others} == {"assistants", "responses"} - {BY_NAME[name].api}
        assert all(name in COUNTERPARTS[other] for other in others)


def test_one_count_holds_for_both_apis() -> None:
    api = api_with(operation="create_run", status=429, skip=1, times=1)
    assert [api.post(RESPONSES, BODY).status, api.post("/v1/threads/thread_1/runs", RUN).status] == [200, 429]
    assert api.post(RESPONSES, BODY).status == 200
    assert api.get("/_emulator/check").json["ok"]


# ---- Conditions ----


@pytest.mark.parametrize(
    ("when", "body", "fits"),
    [
        ({"message": "hi"}, {}, True),
        ({"message": "bye"}, {}, False),
        ({"message": "bye"}, {"input": [{"role": "user", "content": "Hi"}, {"role": "user", "content": "Bye"}]}, True),
        ({"message": "hi"}, {"input": [{"role": "user", "content": "Hi"}, {"role": "user", "content": "Bye"}]}, False),
        ({"model": "gpt-4o"}, {}, True),
        ({"model": "o3"}, {}, False),
        ({"instructions": "kind"}, {"instructions": "Be kind."}, True),
        ({"instructions": "kind"}, {"input": [{"role": "developer", "content": "Be kind."}]}, True),
        ({"instructions": "kind"}, {}, False),
        ({"tools": "f"}, {"tools": [FUNCTION]}, True),
        ({"tools": "f"}, {}, False),
        ({"assistant": "Ada"}, {"instructions": "Be kind."}, True),
        ({"assistant": "Ada"}, {}, False),
        ({"thread": {"metadata": {"user": "ada"}}}, {"metadata": {"user": "ada"}}, True),
        ({"metadata": {"k": "v"}}, {"metadata": {"k": "v", "l": "w"}}, True),
        ({"metadata": {"k": "v"}}, {}, False),
        ({"run": 1}, {}, True),
        ({"run": 2}, {}, False),
    ],
)  # fmt: skip
def test_the_condition_of_a_response_that_is_to_be_created(
    when: dict[str, Any], body: dict[str, Any], fits: bool
) -> None:
    assert api_with(when=when).post(RESPONSES, {**BODY, **body}).status == (500 if fits else 200)


def test_the_condition_of_a_response_that_continues_another() -> None:
    api = api_with(when={"run": 2, "message": "hi"}, operation="create_run")
    first = api.post(RESPONSES, BODY).json["id"]
    assert api.post(RESPONSES, {**BODY, "previous_response_id": first, "input": "Bye"}).status == 200
    assert api.post(RESPONSES, {**BODY, "previous_response_id": first}).status == 500
    assert api.post(RESPONSES, BODY).status == 200


@pytest.mark.parametrize(
    ("last", "run", "fits"), [([], 1, True), ([], 2, False), ([{"role": "user", "content": "Hm"}], 2, True)]
)
def test_outputs_go_on_with_a_turn_and_a_new_text_begins_one(last: list[Any], run: int, fits: bool) -> None:
    api = InProcess(SCENARIO)
    first = api.post(RESPONSES, {**BODY, "input": "Ask", "tools": [FUNCTION]}).json
    output = {"type": "function_call_output", "call_id": first["output"][0]["call_id"], "output": "o"}
    fault = {"operation": "submit_tool_outputs_to_run", "kind": "error", "when": {"run": run}}
    assert api.post("/_emulator/faults", fault).status == 200
    body = {"model": "gpt-4o", "previous_response_id": first["id"], "input": [output, *last]}
    assert api.post(RESPONSES, body).status == (500 if fits else 200)


@pytest.mark.parametrize(
    ("message", "operation", "status"), [("hi", "get_run", 500), ("bye", "get_run", 200), ("hi", "*", 500)]
)
def test_the_condition_of_a_response_that_is_named(message: str, operation: str, status: int) -> None:
    api = InProcess(SCENARIO)
    id = api.post(RESPONSES, BODY).json["id"]
    api.post("/_emulator/faults", {"operation": operation, "kind": "error", "when": {"message": message}})
    assert api.get(f"{RESPONSES}/{id}").status == status


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"nonsense": 1}, 400),
        ({"model": None}, 400),
        ({"input": []}, 400),
        ({"previous_response_id": "resp_unknown"}, 400),
        ({"input": [{"type": "function_call_output", "call_id": "call_1", "output": "o"}]}, 400),
    ],
)
def test_a_request_that_cannot_create_a_response_is_refused_as_ever(changes: dict[str, Any], status: int) -> None:
    plain, api = InProcess(SCENARIO), api_with(when={"run": 1})
    assert api.post(RESPONSES, {**BODY, **changes}).error == plain.post(RESPONSES, {**BODY, **changes}).error
    assert api.post(RESPONSES, {**BODY, **changes}).status == status


def test_no_json_and_no_such_response_are_refused_as_without_the_fault() -> None:
    api = api_with(when={"run": 1})
    assert api.post(RESPONSES, content=b"{").status == 400
    assert api.get(f"{RESPONSES}/resp_unknown").status == 404


def test_finding_the_turn_makes_nothing() -> None:
    """No id is used up, no turn is counted: the response is the one that would have been made without the condition."""
    plain, api = InProcess(SCENARIO), api_with(when={"message": "never"})
    for body in (BODY, {**BODY, "input": [{"role": "user", "content": "Hi"}]}):
        made, expected = api.post(RESPONSES, body), plain.post(RESPONSES, body)
        assert made.body == expected.body
        items = [one.get(f"{RESPONSES}/{made.json['id']}/input_items").body for one in (api, plain)]
        assert items[0] == items[1]


# ---- What ``after`` counts ----

BEFORE_TEXT = ["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"]
DELTA = "response.output_text.delta"
RUN_DELTA = "thread.message.delta"


@pytest.mark.parametrize("named", ["create_run", "create_response", "*"])
@pytest.mark.parametrize(
    ("after", "passed"), [(0, []), (1, [*BEFORE_TEXT, DELTA]), (3, [*BEFORE_TEXT, DELTA, DELTA, DELTA])]
)
def test_it_counts_the_deltas_of_a_response(named: str, after: int, passed: list[str]) -> None:
    api = api_with(operation=named, after=after)
    names = names_of(api.post(RESPONSES, {**BODY, "stream": True}))
    assert names == [*passed, "error"]


@pytest.mark.parametrize(
    ("named", "after", "events", "deltas"),
    [("create_run", 2, 2, 0), ("*", 2, 2, 0), ("create_response", 1, 8, 1), ("create_response", 2, 9, 2)],
)
def test_of_a_run_it_counts_events_unless_the_fault_names_a_response(
    named: str, after: int, events: int, deltas: int
) -> None:
    names = names_of(api_with(operation=named, after=after).post("/v1/threads/thread_1/runs", {**RUN, "stream": True}))
    assert (names.index("error"), names.count(RUN_DELTA)) == (events, deltas)


def test_more_deltas_than_there_are_is_a_fault_that_was_never_applied() -> None:
    api = api_with(operation="create_run", after=4, times=1)
    assert names_of(api.post(RESPONSES, {**BODY, "stream": True}))[-1] == "response.completed"
    (problem,) = api.get("/_emulator/check").json["problems"]
    assert problem["kind"] == "times"


def test_the_error_that_ends_a_stream_has_a_type_and_a_number() -> None:
    body = {"code": "overloaded", "message": "Later."}
    for sent in (body, {"error": body}):
        last = api_with(operation="create_run", after=1, body=sent).post(RESPONSES, {**BODY, "stream": True}).events[-1]
        assert last.json() == {"type": "error", "error": body, "sequence_number": 5}


def test_truncate_leaves_out_the_event_that_ends_a_response() -> None:
    plain = names_of(InProcess(SCENARIO).post(RESPONSES, {**BODY, "stream": True}))
    assert plain[-1] == "response.completed"
    assert names_of(api_with(kind="truncate").post(RESPONSES, {**BODY, "stream": True})) == plain[:-1]
    assert names_of(api_with(kind="truncate", after=2).post(RESPONSES, {**BODY, "stream": True})) == plain[:6]


def test_events_that_are_read_again_are_a_stream_too() -> None:
    api = InProcess(SCENARIO)
    streamed = api.post(RESPONSES, {**BODY, "stream": True, "background": True})
    id = streamed.events[0].json()["response"]["id"]
    api.post("/_emulator/faults", {"operation": "get_response", "kind": "truncate", "after": 1})
    again = api.get(f"{RESPONSES}/{id}?stream=true").event_names
    assert again == names_of(streamed)[: 1 + names_of(streamed).index(DELTA)]
