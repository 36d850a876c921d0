"""Which turn a request goes on with: chains and their branches, and the client's own history."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.base.problems import ScenarioError
from tests.apis.responses.driving import (
    Body,
    function,
    items,
    made,
    outputs,
    search,
    text,
    user,
)
from tests.support import InProcess

ORDERS: Body = {
    "turns": [
        {
            "name": "order",
            "when": {"message": "order"},
            "steps": [
                {"call": {"find": {"id": 7}}},
                {"say": "It is {{ find.state }}."},
            ],
        },
        {"name": "thanks", "when": {"message": "thanks"}, "steps": [{"say": "You are welcome."}]},
        {"name": "first", "when": {"run": 1}, "steps": [{"say": "first"}]},
        {"name": "second", "when": {"run": 2}, "steps": [{"say": "second"}]},
        {"name": "third", "when": {"run": 3}, "steps": [{"say": "third"}]},
    ]
}
FIND = [function("find", id={"type": "integer"})]
SENT = '{"state": "sent"}'


@pytest.fixture
def api() -> InProcess:
    return InProcess(ORDERS)


# ---- Chains ----


def test_a_chain_knows_what_was_said_and_does_not_carry_instructions(api: InProcess) -> None:
    first = made(api, "hello", instructions="Be brief.")
    second = made(api, "and now?", previous_response_id=first["id"])

    assert (text(first), text(second)) == ("first", "second")
    assert (second["previous_response_id"], second["instructions"]) == (first["id"], None)
    listed = api.get(f"/v1/responses/{second['id']}/input_items?order=asc").json["data"]
    assert [item["content"][0]["text"] for item in listed] == ["hello", "first", "and now?"]


def test_all_of_a_chain_have_the_same_key_in_their_ids(api: InProcess) -> None:
    first = made(api, "hello")
    second = made(api, "and now?", previous_response_id=first["id"])
    other = made(api, "hello")

    def key(id: str) -> str:
        return id.partition("_")[2][:16]

    assert key(first["id"]) == key(second["id"]) == key(second["output"][0]["id"]) != key(other["id"])


def test_two_children_of_one_response_are_two_chains(api: InProcess) -> None:
    root = made(api, "hello")
    left = made(api, "left", previous_response_id=root["id"])
    right = made(api, "right", previous_response_id=root["id"])
    grandchild = made(api, "on", previous_response_id=left["id"])

    assert [text(one) for one in (left, right, grandchild)] == ["second", "second", "third"]
    listed = api.get(f"/v1/responses/{grandchild['id']}/input_items?order=asc").json["data"]
    assert [item["content"][0]["text"] for item in listed] == ["hello", "first", "left", "second", "on"]


def test_an_output_goes_on_with_the_turn_of_its_call(api: InProcess) -> None:
    asked = made(api, "my order", tools=FIND)
    told = made(api, outputs(asked, SENT), previous_response_id=asked["id"], tools=FIND)

    assert (asked["status"], text(asked)) == ("completed", "")
    assert text(told) == "It is sent."
    assert [run.turn.name for run in api.turns.values()] == ["order"]


def test_a_sibling_that_brings_the_output_again_chooses_a_turn(api: InProcess) -> None:
    """The call was answered before: its output does not count any more."""
    asked = made(api, "my order", tools=FIND)
    bring = {"previous_response_id": asked["id"], "tools": FIND}
    made(api, outputs(asked, SENT), **bring)
    again = made(api, outputs(asked, SENT), **bring)

    assert [item["name"] for item in items(again, "function_call")] == ["find"]
    assert [run.turn.name for run in api.turns.values()] == ["order", "order"]


@pytest.mark.parametrize("last", ["thanks", [{"type": "input_text", "text": "thanks"}]])
def test_a_text_of_the_user_behind_the_outputs_interrupts_the_turn(api: InProcess, last: Any) -> None:
    asked = made(api, "my order", tools=FIND)
    body = [*outputs(asked, SENT), {"role": "user", "content": last}]
    told = made(api, body, previous_response_id=asked["id"], tools=FIND)

    assert text(told) == "You are welcome."
    order, thanks = api.turns.values()
    assert (order.status, order.log.timeline[-1].event) == ("cancelled", "interrupted by the user")
    assert thanks.status == "completed"
    assert api.world.active == {}


def test_a_text_that_no_turn_fits_does_not_interrupt() -> None:
    api = InProcess({"turns": ORDERS["turns"][:2]})
    asked = made(api, "my order", tools=FIND)
    told = made(api, [*outputs(asked, SENT), user("well?")], previous_response_id=asked["id"], tools=FIND)

    assert text(told) == "It is sent."


def test_an_image_beside_the_outputs_does_not_interrupt(api: InProcess) -> None:
    asked = made(api, "my order", tools=FIND)
    image = {"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,aGk="}]}
    told = made(api, [*outputs(asked, SENT), image], previous_response_id=asked["id"], tools=FIND)

    assert text(told) == "It is sent."


def test_a_text_before_the_outputs_does_not_interrupt(api: InProcess) -> None:
    asked = made(api, "my order", tools=FIND)
    told = made(api, [user("thanks"), *outputs(asked, SENT)], previous_response_id=asked["id"], tools=FIND)

    assert text(told) == "It is sent."


def test_a_request_of_its_own_chooses_a_turn_however_many_calls_wait(api: InProcess) -> None:
    asked = made(api, "my order", tools=FIND)
    assert text(made(api, "hello")) == "first"
    told = made(api, outputs(asked, SENT), previous_response_id=asked["id"], tools=FIND)

    assert text(told) == "It is sent."


def test_after_a_handoff_the_tools_of_the_request_apply() -> None:
    steps = [{"call": {"hand_over": {}}}, {"call": {"find": {"id": 7}}}, {"say": "{{ find }}"}]
    api = InProcess({"turns": [{"steps": steps}]})
    asked = made(api, tools=[function("hand_over")])
    handed = made(api, outputs(asked, "done"), previous_response_id=asked["id"], tools=FIND)
    told = made(api, outputs(handed, "found"), previous_response_id=handed["id"])

    assert [item["name"] for item in items(handed, "function_call")] == ["find"]
    assert text(told) == "found"


def test_after_a_handoff_the_stores_of_the_request_are_searched() -> None:
    names = ["apples", "pears"]
    files = [{"id": f"file-{n}", "filename": f"{n}.txt", "purpose": "assistants", "content": n} for n in names]
    stores = [{"id": f"vs_{n}", "file_ids": [f"file-{n}"]} for n in names]
    steps = [{"search": "auto"}, {"call": {"find": {"id": 7}}}, {"search": "auto"}, {"say": "done"}]
    api = InProcess({"given": {"files": files, "vector_stores": stores}, "turns": [{"steps": steps}]})
    shown = {"include": ["file_search_call.results"]}

    def found(response: Body) -> list[str]:
        return [one["filename"] for item in items(response, "file_search_call") for one in item["results"]]

    def tools(store: str) -> list[Body]:
        return [*FIND, search(store)]

    asked = made(api, "apples and pears", tools=tools("vs_apples"), **shown)
    told = made(api, outputs(asked, SENT), previous_response_id=asked["id"], tools=tools("vs_pears"), **shown)

    assert (found(asked), found(told)) == (["apples.txt"], ["pears.txt"])


# ---- The client's own history ----


@pytest.mark.parametrize("has_ids", [True, False], ids=["with ids", "without ids"])
@pytest.mark.parametrize("store", [True, False], ids=["stored", "not stored"])
def test_an_own_history_goes_on_with_the_turn(api: InProcess, has_ids: bool, store: bool) -> None:
    history: list[Body] = [user("my order")]
    asked = made(api, history, tools=FIND, store=store)
    history += [{key: value for key, value in item.items() if has_ids or key != "id"} for item in asked["output"]]
    history += outputs(asked, SENT)
    told = made(api, history, tools=FIND, store=store)
    history += [{"role": "assistant", "content": text(told)}, user("thanks")]
    last = made(api, history, tools=FIND, store=store)

    assert (text(told), text(last)) == ("It is sent.", "You are welcome.")
    assert [run.turn.name for run in api.turns.values()] == ["order", "thanks"]
    assert api.get(f"/v1/responses/{last['id']}").status == (200 if store else 404)


def test_a_history_without_ids_beside_a_previous_response_that_carries_it_is_taken(api: InProcess) -> None:
    asked = made(api, "my order", tools=FIND)
    call = {key: value for key, value in asked["output"][0].items() if key != "id"}
    body = [user("my order"), call, *outputs(asked, SENT)]
    told = made(api, body, previous_response_id=asked["id"], tools=FIND)

    assert text(told) == "It is sent."


def test_an_item_can_be_referred_to(api: InProcess) -> None:
    asked = made(api, "my order", tools=FIND)
    reference = {"type": "item_reference", "id": asked["output"][0]["id"]}
    told = made(api, [user("my order"), reference, *outputs(asked, SENT)], tools=FIND)

    assert text(told) == "It is sent."


# ---- Given responses ----


BEFORE: Body = {
    "id": "resp_before",
    "model": "gpt-4o",
    "input": "order 7",
    "instructions": "Be brief.",
    "output": [
        {"id": "fc_1", "type": "function_call", "status": "completed", "arguments": "{}", "call_id": "call_1",
         "name": "find"},
    ],
    "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
}  # fmt: skip


def test_a_given_response_is_read_and_continued() -> None:
    api = InProcess({**ORDERS, "given": {"responses": [BEFORE]}})

    shown = api.get("/v1/responses/resp_before").json
    read = api.get("/v1/responses/resp_before/input_items").json["data"]
    sent: Body = {"type": "function_call_output", "call_id": "call_1", "output": SENT}
    answer = made(api, input=[sent, user("thanks")], previous_response_id="resp_before")

    assert (shown["status"], shown["instructions"], shown["service_tier"]) == ("completed", "Be brief.", "default")
    assert (shown["usage"]["total_tokens"], shown["output"]) == (3, BEFORE["output"])
    assert [item["content"][0]["text"] for item in read] == ["order 7"]
    assert text(answer) == "You are welcome."
    assert api.delete("/v1/responses/resp_before").json["deleted"] is True


@pytest.mark.parametrize("status", ["failed", "incomplete", "cancelled"])
def test_a_given_response_may_have_ended_otherwise(status: str) -> None:
    api = InProcess({"given": {"responses": [{**BEFORE, "status": status, "output": []}]}})

    shown = api.get("/v1/responses/resp_before").json

    assert (shown["status"], shown["completed_at"]) == (status, None)


def test_a_given_response_with_parameters_that_no_request_has_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"given\.responses\[0\]: temperature: "):
        InProcess({"given": {"responses": [{**BEFORE, "temperature": 9}]}}).world  # noqa: B018
