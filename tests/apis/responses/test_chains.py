"""Which turn a request goes on with: chains and their branches, own histories, and what does not go together."""

from __future__ import annotations

from typing import Any

import pytest

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
    text,
    user,
)
from tests.support import InProcess

DAY = 86_400

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


# ---- What does not go together ----


def refusal(api: InProcess, input: Any, **more: Any) -> tuple[int, str, str | None, str | None]:
    """Status, message, parameter and code."""
    status, message, type, param, code = respond(api, input, **more).error
    assert type == "invalid_request_error"
    return status, message, param, code


def test_a_call_without_an_output_is_refused(api: InProcess) -> None:
    asked = made(api, "my order", tools=FIND)
    call = asked["output"][0]
    expected = 400, f"No tool output found for function call {call['call_id']}.", "input", None

    assert refusal(api, "thanks", previous_response_id=asked["id"]) == expected
    assert refusal(api, [user("my order"), call]) == expected


def test_each_of_parallel_calls_needs_its_output() -> None:
    calls = [{"find": {"id": 1}}, {"find": {"id": 2}}]
    steps = [{"call": calls}, {"say": "{{ outputs | map(attribute='output') | join(' ') }}"}]
    api = InProcess({"turns": [{"steps": steps}]})
    asked = made(api, tools=FIND)
    first, second = outputs(asked, "a", "b")

    assert refusal(api, [first], previous_response_id=asked["id"]) == (
        400,
        f"No tool output found for function call {second['call_id']}.",
        "input",
        None,
    )
    assert text(made(api, [second, first], previous_response_id=asked["id"])) == "a b"


def test_an_output_without_a_call_is_refused(api: InProcess) -> None:
    lost = {"type": "function_call_output", "call_id": "call_lost", "output": ""}
    expected = 400, "No tool call found for function call output with call_id call_lost.", "input", None

    assert refusal(api, [user("hi"), lost]) == expected
    assert refusal(api, [lost], previous_response_id=made(api, "hello")["id"]) == expected


def test_an_item_that_is_there_twice_is_refused(api: InProcess) -> None:
    said = made(api, "hello")["output"][0]
    expected = (
        400,
        f"Duplicate item found with id {said['id']}. Remove duplicate items from your input and try again.",
        "input",
        None,
    )
    assert refusal(api, [said, said, user("hi")]) == expected


def test_an_item_that_the_chain_has_already_is_refused(api: InProcess) -> None:
    first = made(api, "hello")
    said = first["output"][0]
    for again in (said, {"type": "item_reference", "id": said["id"]}):
        status, message, _, _ = refusal(api, [again, user("hi")], previous_response_id=first["id"])
        assert (status, message.partition(".")[0]) == (400, f"Duplicate item found with id {said['id']}")


@pytest.mark.parametrize("gone", ["never there", "unstored", "deleted", "expired"])
def test_an_item_that_is_not_stored_cannot_be_referred_to(api: InProcess, gone: str) -> None:
    first = made(api, "hello", store=gone != "unstored")
    id = "msg_nowhere" if gone == "never there" else first["output"][0]["id"]
    if gone == "deleted":
        api.delete(f"/v1/responses/{first['id']}")
    if gone == "expired":
        api.world.clock.move_to(api.world.clock.now() + 30 * DAY)

    status, message, param, code = refusal(api, [{"type": "item_reference", "id": id}, user("hi")])

    assert (status, param, code) == (404, "input", None)
    assert message.startswith(f"Item with id '{id}' not found. Items are not persisted when `store` is set to false.")


def test_reasoning_is_followed_by_what_it_led_to() -> None:
    api = InProcess({"turns": [{"steps": [{"reason": "Hm."}, {"say": "Yes."}]}]})
    thought, said = made(api)["output"]

    assert refusal(api, [thought, user("hi")]) == (
        400,
        f"Item '{thought['id']}' of type 'reasoning' was provided without its required following item.",
        "input",
        None,
    )
    assert text(made(api, [thought, said, user("hi")])) == "Yes."


def test_what_a_thought_led_to_is_not_sent_without_it() -> None:
    api = InProcess({"turns": [{"steps": [{"reason": "Hm."}, {"say": "Yes."}]}]})
    _, said = made(api)["output"]

    for alone in (said, {"type": "item_reference", "id": said["id"]}):
        assert refusal(api, [alone, user("hi")]) == (
            400,
            f"Item '{said['id']}' of type 'message' was provided without its required preceding item of type "
            "'reasoning'.",
            "input",
            None,
        )
    without_id = {key: value for key, value in said.items() if key != "id"}
    assert text(made(api, [without_id, user("hi")])) == "Yes."


OF_NO_KIND = {
    "a message": ({"id": "item_3bc5", "role": "user", "content": "hi"}, "msg"),
    "a call": ({"type": "function_call", "id": "call_1", "call_id": "call_1", "name": "f", "arguments": "{}"}, "fc"),
    "a thought": ({"type": "reasoning", "id": "msg_1", "summary": []}, "rs"),
}


@pytest.mark.parametrize(("item", "prefix"), OF_NO_KIND.values(), ids=OF_NO_KIND)
def test_the_id_of_an_item_begins_as_its_kind_does(api: InProcess, item: Body, prefix: str) -> None:
    message = f"Invalid 'input[1].id': '{item['id']}'. Expected an ID that begins with '{prefix}'."
    assert refusal(api, [user("hi"), item]) == (400, message, "input[1].id", "invalid_value")


def test_an_id_of_strange_characters_is_refused(api: InProcess) -> None:
    message = (
        "Invalid 'input[0].id': 'msg_a:b'. Expected an ID that contains letters, numbers, underscores, or dashes, but "
        "this value contained additional characters."
    )
    assert refusal(api, [{**user("hi"), "id": "msg_a:b"}]) == (400, message, "input[0].id", "invalid_value")


@pytest.mark.parametrize("media_type", ["audio/mpeg", "video/mp4"])
def test_a_file_that_no_model_reads_is_refused(api: InProcess, media_type: str) -> None:
    part = {"type": "input_file", "filename": "x", "file_data": f"data:{media_type};base64,AAAA"}
    status, message, param, code = refusal(api, [{"role": "user", "content": [part]}])

    assert (status, param, code) == (400, "input[0].content[0].file_data", "invalid_value")
    assert f"but got unsupported MIME type '{media_type}'." in message


def test_a_previous_response_is_there_for_thirty_days(api: InProcess) -> None:
    first = made(api, "hello")
    api.world.clock.move_to(first["created_at"] + 30 * DAY - 1)
    assert get(api, first["id"])["id"] == first["id"]
    assert text(made(api, "and now?", previous_response_id=first["id"])) == "second"

    api.world.clock.move_to(first["created_at"] + 30 * DAY)
    assert refusal(api, "and now?", previous_response_id=first["id"]) == previous_is_gone(first["id"])
    assert api.get(f"/v1/responses/{first['id']}").error[:2] == (404, f"Response with id '{first['id']}' not found.")


def previous_is_gone(id: str) -> tuple[int, str, str, str]:
    message = f"Previous response with id '{id}' not found."
    return 400, message, "previous_response_id", "previous_response_not_found"


def test_a_previous_response_that_is_unknown_deleted_or_unstored_is_not_found(api: InProcess) -> None:
    deleted, unstored = made(api, "hello"), made(api, "hello", store=False)
    gone = api.delete(f"/v1/responses/{deleted['id']}")

    assert gone.json == {"id": deleted["id"], "object": "response.deleted", "deleted": True}
    for id in ("resp_nowhere", deleted["id"], unstored["id"]):
        assert refusal(api, "hi", previous_response_id=id) == previous_is_gone(id)
        assert api.get(f"/v1/responses/{id}").status == 404
        assert api.delete(f"/v1/responses/{id}").status == 404
        assert api.get(f"/v1/responses/{id}/input_items").status == 404
        assert api.post(f"/v1/responses/{id}/cancel").status == 404


def test_a_failed_or_cancelled_response_is_no_previous_one_and_an_incomplete_one_is() -> None:
    turns = [
        {"when": {"message": "fail"}, "steps": [{"fail": "server_error"}]},
        {"when": {"message": "short"}, "steps": [{"say": "Well"}, {"incomplete": "max_completion_tokens"}]},
        {"steps": [{"say": "yes"}]},
    ]
    api = InProcess({"turns": turns})
    failed, short = made(api, "fail"), made(api, "short")
    cancelled = api.post(f"/v1/responses/{made(api, background=True)['id']}/cancel").json

    assert [one["status"] for one in (failed, short, cancelled)] == ["failed", "incomplete", "cancelled"]
    for one in (failed, cancelled):
        assert refusal(api, "on", previous_response_id=one["id"]) == previous_is_gone(one["id"])
    assert text(made(api, "on", previous_response_id=short["id"])) == "yes"


def test_a_refused_request_leaves_the_turn_waiting(api: InProcess) -> None:
    asked = made(api, "my order", tools=FIND)
    refusal(api, "thanks", previous_response_id=asked["id"])
    refusal(api, [user("x"), {"type": "function_call_output", "call_id": "call_lost", "output": ""}])

    told = made(api, outputs(asked, SENT), previous_response_id=asked["id"], tools=FIND)
    assert text(told) == "It is sent."
    assert problems(api) == []
