"""What does not go together in a request: calls and outputs, items twice, and previous responses that are gone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apis.responses.driving import Body, get, made, outputs, problems, respond, text, user
from tests.apis.responses.test_chains import FIND, ORDERS, SENT
from tests.support import InProcess

DAY = 86_400


@pytest.fixture
def api() -> InProcess:
    return InProcess(ORDERS)


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
