"""Responses on a conversation: what they read, what they add to it, and who has to wait."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import orjson
import pytest

from emulator.engine.turn_engine import TurnEngine
from tests.apis.endpoints.words import error
from tests.apis.responses.driving import (
    Body,
    function,
    get,
    items,
    made,
    outputs,
    problems,
    respond,
    search,
    store_of,
    text,
    user,
)
from tests.apis.responses.test_conversations import CONVERSATIONS, conversation, listed, said
from tests.conftest import Emulate
from tests.support import InProcess

FIND = [function("find", id={"type": "integer"})]
SCENARIO: Body = {
    "turns": [
        {"when": {"message": "order"}, "steps": [{"call": {"find": {"id": 7}}}, {"say": "It is {{ find }}."}]},
        {"when": {"message": "short"}, "steps": [{"say": "Well"}, {"incomplete": "max_completion_tokens"}]},
        {"when": {"message": "fail"}, "steps": [{"say": "Oh"}, {"fail": "server_error"}]},
        {"when": {"message": "hold"}, "steps": [{"say": "Let me think"}, {"hold": "thinking"}, {"say": "Done."}]},
        {"when": {"message": "too long"}, "steps": [{"incomplete": "max_prompt_tokens"}]},
        {"when": {"thread": {"metadata": {"user": "7"}}}, "steps": [{"say": "seven"}]},
        {"when": {"thread": "thread_7"}, "steps": [{"say": "of the thread"}]},
        {"when": {"thread": "conv_ada"}, "steps": [{"say": "of Ada"}]},
        {"when": {"run": 3}, "steps": [{"say": "third"}]},
        {"steps": [{"say": "Yes."}]},
    ]
}
LOCKED = error(
    "Another process is currently operating on this conversation. Please retry in a few seconds.",
    "conversation",
    "conversation_locked",
)


@pytest.fixture
def api() -> InProcess:
    return InProcess(SCENARIO)


def key(id: str) -> str:
    return id.partition("_")[2][:16]


def poll(api: InProcess, id: str) -> Body:
    """A background response that has been polled to its end."""
    while (found := get(api, id))["status"] in ("queued", "in_progress"):
        continue
    return found


# ---- What is added ----


@pytest.mark.parametrize("named", [str, lambda conversation: {"id": conversation}], ids=["id", "object"])
@pytest.mark.parametrize("more", [{}, {"stream": True}], ids=["JSON", "stream"])
def test_a_response_is_bound_to_its_conversation(api: InProcess, named: Any, more: Body) -> None:
    id = conversation(api)
    response = made(api, "hi", conversation=named(id), **more)

    assert (response["conversation"], response["previous_response_id"]) == ({"id": id}, None)
    assert get(api, response["id"])["conversation"] == {"id": id}
    assert "conversation" not in made(api)


def test_a_response_adds_its_input_and_its_output_in_stored_form(api: InProcess) -> None:
    id = conversation(api, "before")
    response = made(api, [user("one"), user("two")], conversation=id)
    answer, two, one, before = listed(api, id)["data"]

    assert [answer] == response["output"]
    assert [item["content"][0]["text"] for item in (two, one, before)] == ["two", "one", "before"]
    assert list(one) == ["id", "type", "status", "content", "role"]
    assert api.get(f"/v1/responses/{response['id']}/input_items").json["data"] == [two, one, before]


def test_all_on_a_conversation_share_its_key(api: InProcess) -> None:
    id = conversation(api)
    response = made(api, "hi", conversation=id)
    again = made(api, "again", conversation=id)
    ids = [response["id"], again["id"], *(item["id"] for item in listed(api, id)["data"])]

    assert {key(one) for one in ids} == {id[-16:]}
    assert all(len(one.partition("_")[2]) == 50 for one in ids)
    assert len(set(ids)) == 6


def test_a_conversation_knows_what_was_said_on_it(api: InProcess) -> None:
    id = conversation(api, "my order", metadata={})
    asked = made(api, None, conversation=id, tools=FIND)

    assert [call["name"] for call in items(asked, "function_call")] == ["find"]
    assert [item["type"] for item in listed(api, id)["data"]] == ["function_call", "message"]


def test_an_incomplete_response_adds_its_items(api: InProcess) -> None:
    id = conversation(api)
    response = made(api, "short", conversation=id)

    assert response["status"] == "incomplete"
    assert said(listed(api, id)) == ["Well", "short"]
    assert listed(api, id)["data"][0]["status"] == "incomplete"


@pytest.mark.parametrize("stream", [False, True])
def test_a_failed_response_adds_nothing(api: InProcess, stream: bool) -> None:
    id = conversation(api)

    assert made(api, "fail", conversation=id, stream=stream)["status"] == "failed"
    assert listed(api, id)["data"] == []
    assert text(made(api, "hi", conversation=id)) == "Yes."


@pytest.mark.parametrize("stream", [False, True])
def test_a_response_that_is_refused_adds_nothing(api: InProcess, stream: bool) -> None:
    id = conversation(api)

    assert respond(api, "too long", conversation=id, stream=stream).error[-1] == "context_length_exceeded"
    assert listed(api, id)["data"] == []
    assert text(made(api, "hi", conversation=id)) == "Yes."


@pytest.mark.parametrize("more", [{}, {"stream": True}, {"background": True}], ids=str)
def test_a_response_that_is_not_stored_adds_nothing(api: InProcess, more: Body) -> None:
    id = conversation(api, "hi")
    response = made(api, "on", conversation=id, store=False, **more)
    if more.get("background"):
        response = poll(api, response["id"])

    assert (response["status"], response["conversation"]) == ("completed", {"id": id})
    assert said(listed(api, id)) == ["hi"]


def test_a_background_response_adds_its_items_when_it_ends(api: InProcess) -> None:
    id = conversation(api)
    response = made(api, "hi", conversation=id, background=True)
    get(api, response["id"])
    assert listed(api, id)["data"] == []

    poll(api, response["id"])
    assert said(listed(api, id)) == ["Yes.", "hi"]


@pytest.mark.parametrize("polls", [0, 2])
def test_a_cancelled_response_adds_nothing_and_frees_its_conversation(api: InProcess, polls: int) -> None:
    id = conversation(api)
    response = made(api, "hold", conversation=id, background=True)
    for _ in range(polls):
        get(api, response["id"])
    api.post(f"/v1/responses/{response['id']}/cancel")

    assert listed(api, id)["data"] == []
    assert text(made(api, "hi", conversation=id)) == "Yes."


@pytest.mark.parametrize("polls", [0, 2])
def test_a_deleted_response_adds_nothing_and_frees_its_conversation(api: InProcess, polls: int) -> None:
    id = conversation(api)
    response = made(api, "hold", conversation=id, background=True)
    for _ in range(polls):
        get(api, response["id"])
    api.delete(f"/v1/responses/{response['id']}")

    assert listed(api, id)["data"] == []
    assert text(made(api, "hi", conversation=id)) == "Yes."


def test_a_response_outlives_its_conversation(api: InProcess) -> None:
    """Neither items nor responses are deleted with it; nothing is added to what is not there."""
    id = conversation(api)
    before = made(api, "hi", conversation=id)
    response = made(api, "hold", conversation=id, background=True)
    api.delete(f"{CONVERSATIONS}/{id}")
    get(api, response["id"])
    TurnEngine(api.world).release("thinking")

    assert text(poll(api, response["id"])) == "Let me think|Done."
    assert api.get(f"{CONVERSATIONS}/{id}/items").status == 404
    assert get(api, before["id"]) == before
    assert text(made(api, "on", previous_response_id=before["id"])) == "Yes."


# ---- One at a time ----


def test_a_conversation_takes_one_response_at_a_time(api: InProcess) -> None:
    id = conversation(api)
    first = made(api, "hi", conversation=id, background=True)

    for more in ({}, {"stream": True}, {"background": True}, {"store": False}):
        assert respond(api, "me too", conversation=id, **more).error == LOCKED
    assert text(made(api, "hi", conversation=conversation(api))) == "Yes."
    poll(api, first["id"])
    assert text(made(api, "me too", conversation=id)) == "Yes."
    assert said(listed(api, id, "?order=asc")) == ["hi", "Yes.", "me too", "Yes."]
    assert problems(api) == []


async def send(api: InProcess, body: Body, receive: Any) -> bytes:
    """A request for a response, whose client is as ``receive`` says; the bytes that it was sent."""
    got: list[bytes] = []

    async def send(message: Any) -> None:
        got.append(message.get("body", b""))

    scope = {"type": "http", "method": "POST", "path": "/v1/responses", "raw_path": b"/v1/responses"}
    await api.app({**scope, "query_string": b"", "headers": [(b"authorization", b"Bearer sk-test")]}, receive, send)
    return b"".join(got)


def client(body: Body, leaves: asyncio.Event) -> Any:
    """What a client says that stays until an event."""
    sent = [{"type": "http.request", "body": orjson.dumps(body), "more_body": False}]

    async def receive() -> Any:
        if not sent:
            await leaves.wait()
            return {"type": "http.disconnect"}
        return sent.pop()

    return receive


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "JSON"])
def test_a_response_at_a_hold_keeps_its_conversation_until_its_client_leaves(api: InProcess, stream: bool) -> None:
    id = conversation(api)
    held: Body = {"model": "gpt-4o", "input": "hold", "conversation": id, "stream": stream}
    next_one: Body = {"model": "gpt-4o", "input": "hi", "conversation": id}

    async def play() -> tuple[bytes, bytes]:
        leaves, never = asyncio.Event(), asyncio.Event()
        waiting = asyncio.ensure_future(send(api, held, client(held, leaves)))
        while not any(turn.held for turn in api.turns.values()):
            await asyncio.sleep(0)
        refused = await send(api, next_one, client(next_one, never))
        leaves.set()  # nobody has noticed that yet
        taken = await send(api, next_one, client(next_one, never))
        await waiting
        return refused, taken

    refused, taken = asyncio.run(play())
    assert orjson.loads(refused)["error"]["code"] == "conversation_locked"
    assert text(orjson.loads(taken)) == "Yes."
    assert said(listed(api, id)) == ["Yes.", "hi"]
    assert api.world.active == {}


def test_who_closes_a_stream_at_a_hold_can_go_on_at_once(emulate: Emulate) -> None:
    """A stop button, then the next question: the server may not have noticed the first yet."""
    emulator = emulate(SCENARIO)
    with httpx.Client(base_url=emulator.base_url, headers={"Authorization": "Bearer sk-test"}) as client:
        for _ in range(20):
            body = {"model": "gpt-4o", "conversation": client.post("/conversations").json()["id"]}
            with client.stream("POST", "/responses", json={**body, "input": "hold", "stream": True}) as stream:
                next(stream.iter_bytes())
            assert client.post("/responses", json={**body, "input": "hi"}).status_code == 200


# ---- Functions ----


def test_a_function_goes_on_with_its_output_and_the_conversation_alone(api: InProcess) -> None:
    id = conversation(api)
    asked = made(api, "my order", conversation=id, tools=FIND)
    told = made(api, outputs(asked, "sent"), conversation=id, tools=FIND)

    assert text(told) == "It is sent."
    kinds = [item["type"] for item in listed(api, id, "?order=asc")["data"]]
    assert kinds == ["message", "function_call", "function_call_output", "message"]
    assert len(api.turns) == 1
    assert text(made(api, "thanks", conversation=id)) == "Yes."


def test_a_call_needs_its_output_before_anything_else(api: InProcess) -> None:
    id = conversation(api)
    asked = made(api, "my order", conversation=id, tools=FIND)
    call_id = items(asked, "function_call")[0]["call_id"]
    refused = respond(api, "thanks", conversation=id)

    assert refused.error == error(f"No tool output found for function call {call_id}.", "input")
    lost = {"type": "function_call_output", "call_id": "call_lost", "output": "x"}
    message = "No tool call found for function call output with call_id call_lost."
    assert respond(api, [lost], conversation=id).error == error(message, "input")
    assert text(made(api, outputs(asked, "sent"), conversation=id, tools=FIND)) == "It is sent."


def test_an_output_can_be_put_into_the_conversation_beforehand(api: InProcess) -> None:
    id = conversation(api)
    asked = made(api, "my order", conversation=id, tools=FIND)
    api.post(f"{CONVERSATIONS}/{id}/items", {"items": outputs(asked, "sent")})

    assert respond(api, "thanks", conversation=id).status == 200


# ---- Chains ----


def test_two_parents_are_refused(api: InProcess) -> None:
    id = conversation(api)
    previous = made(api)["id"]
    refused = respond(api, conversation=id, previous_response_id=previous)

    message = "Mutually exclusive parameters: 'previous_response_id' and 'conversation'."
    assert refused.error == error(message, None, "mutually_exclusive_parameters")
    assert listed(api, id)["data"] == []


def test_a_chain_can_branch_off_a_conversation(api: InProcess) -> None:
    id = conversation(api)
    bound = made(api, "hi", conversation=id)
    branch = made(api, "on", previous_response_id=bound["id"])

    assert (branch["previous_response_id"], "conversation" in branch) == (bound["id"], False)
    assert said(listed(api, id)) == ["Yes.", "hi"]
    context = api.get(f"/v1/responses/{branch['id']}/input_items?order=asc").json
    assert said(context) == ["hi", "Yes.", "on"]
    assert text(made(api, "on", previous_response_id=branch["id"])) == "third"


def test_stored_items_can_be_brought_to_a_request_of_its_own(api: InProcess) -> None:
    id = conversation(api)
    made(api, "hi", conversation=id)
    history = listed(api, id, "?order=asc")["data"]

    assert text(made(api, [*history, user("on")])) == "Yes."
    references = [{"type": "item_reference", "id": item["id"]} for item in history]
    response = made(api, [*references, user("on")])
    assert said(api.get(f"/v1/responses/{response['id']}/input_items?order=asc").json) == ["hi", "Yes.", "on"]


# ---- Conditions ----


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({}, "Yes."),
        ({"metadata": {"user": "7", "x": "y"}}, "seven"),
        ({"metadata": {"user": "8"}}, "Yes."),
        ({"metadata": {"thread_id": "thread_7"}}, "of the thread"),
        ({"metadata": {"legacy_thread_id": "thread_7"}}, "of the thread"),
        ({"metadata": {"legacy_thread_id": "thread_8"}}, "Yes."),
    ],
)
def test_the_thread_of_a_condition_is_the_conversation(api: InProcess, body: Body, answer: str) -> None:
    id = conversation(api, **body)

    assert text(made(api, "hi", conversation=id, metadata={"user": "9"})) == answer
    assert {turn.thread_id for turn in api.turns.values()} == {id}


def test_a_condition_can_name_a_given_conversation() -> None:
    api = InProcess({**SCENARIO, "given": {"conversations": [{"id": "conv_ada"}]}})

    assert text(made(api, "hi", conversation="conv_ada")) == "of Ada"


def test_turns_are_counted_by_conversation(api: InProcess) -> None:
    left, right = conversation(api), conversation(api)
    answers = [text(made(api, "hi", conversation=id)) for id in (left, right, left, right, left)]

    assert answers == ["Yes.", "Yes.", "Yes.", "Yes.", "third"]


def test_two_rounds_of_a_turn_count_once(api: InProcess) -> None:
    id = conversation(api)
    asked = made(api, "my order", conversation=id, tools=FIND)
    made(api, outputs(asked, "sent"), conversation=id, tools=FIND)

    assert [text(made(api, "hi", conversation=id)) for _ in range(2)] == ["Yes.", "third"]


def test_instructions_are_the_requests_and_the_conversations_system_items() -> None:
    turns = [
        {"when": {"instructions": {"equals": "now\nrule"}}, "steps": [{"say": "both"}]},
        {"when": {"instructions": {"equals": "rule"}}, "steps": [{"say": "items only"}]},
    ]
    api = InProcess({"turns": turns})
    id = conversation(api, items=[{"role": "developer", "content": "rule"}])

    assert text(made(api, "hi", conversation=id, instructions="now")) == "both"
    assert text(made(api, "hi", conversation=id)) == "items only"


# ---- The journal ----


def test_requests_are_found_by_their_conversation(api: InProcess) -> None:
    id = conversation(api)
    made(api, "hi", conversation=id, tools=[search()])
    listed(api, id)
    api.get(f"{CONVERSATIONS}/{conversation(api)}")

    found = api.get(f"/_emulator/requests?thread={id}").json["requests"]
    operations = ["create_conversation", "create_response", "list_conversation_items"]
    assert [one["operation"] for one in found] == operations


def test_an_empty_input_needs_a_conversation(api: InProcess) -> None:
    assert respond(api, []).error[-1] == "missing_required_parameter"
    assert respond(api, [], conversation=conversation(api)).status == 200
    assert store_of(api).is_empty() is False


def test_a_fault_can_be_of_one_conversation() -> None:
    fault = {"operation": "create_run", "kind": "error", "status": 429, "when": {"thread": {"metadata": {"user": "7"}}}}
    api = InProcess({**SCENARIO, "faults": [fault]})
    of_seven, other = conversation(api, metadata={"user": "7"}), conversation(api)

    assert [respond(api, conversation=id).status for id in (other, of_seven, other)] == [200, 429, 200]
    assert listed(api, of_seven)["data"] == []
