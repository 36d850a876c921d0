"""What ``when`` compares on Responses, and the words of near misses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apis.responses.driving import CODE, Body, function, made, outputs, problems, search, text, user
from tests.support import InProcess

FIND = function("find")
IMAGE: Body = {"type": "input_image", "image_url": "data:image/png;base64,aGk="}


def say(role: str, text: str) -> Body:
    return {"role": role, "content": text}


def fits(when: Body, input: Any = "hi", **more: Any) -> bool:
    """True if a turn with these conditions is chosen."""
    api = InProcess({"turns": [{"when": when, "steps": [{"say": "yes"}]}, {"steps": [{"say": "no"}]}]})
    return text(made(api, input, **more)) == "yes"


def parts(*texts: str) -> Body:
    return {"role": "user", "content": [{"type": "input_text", "text": one} for one in texts]}


@pytest.mark.parametrize(
    ("when", "input", "more"),
    [
        ({"message": "WEATHER"}, "the weather?", {}),
        ({"message": {"equals": "a\nb"}}, [parts("a", "b")], {}),
        ({"message": {"equals": "b"}}, [user("a"), {"role": "assistant", "content": "x"}, user("b")], {}),
        ({"message": {"equals": ""}}, [{"role": "user", "content": [IMAGE]}], {}),
        ({"message": {"equals": ""}}, [{"role": "system", "content": "a"}], {}),
        ({"instructions": "brief"}, "hi", {"instructions": "Be brief."}),
        ({"instructions": {"equals": "a\nb\nc"}}, [say("developer", "b"), say("system", "c")], {"instructions": "a"}),
        ({"instructions": {"equals": ""}}, "hi", {}),
        ({"model": {"equals": "gpt-4o"}}, "hi", {}),
        ({"model": {"equals": "my-own"}}, "hi", {"model": "my-own"}),
        ({"tools": "find"}, "hi", {"tools": [FIND]}),
        ({"tools": ["find", "code_interpreter"]}, "hi", {"tools": [FIND, CODE]}),
        ({"metadata": {"user": "7"}}, "hi", {"metadata": {"user": "7", "x": "y"}}),
        ({"thread": {"metadata": {"user": "7"}}}, "hi", {"metadata": {"user": "7"}}),
        ({"run": 1}, "hi", {}),
    ],
)
def test_conditions_that_fit(when: Body, input: Any, more: Body) -> None:
    assert fits(when, input, **more)


@pytest.mark.parametrize(
    ("when", "input", "more"),
    [
        ({"message": "weather"}, [user("the weather?"), user("hi")], {}),
        ({"message": "brief"}, "hi", {"instructions": "Be brief."}),
        ({"instructions": "brief"}, "brief", {}),
        ({"model": "gpt-5"}, "hi", {}),
        ({"model": "gpt-4o-2024-08-06"}, "hi", {}),
        ({"tools": ["find", "other"]}, "hi", {"tools": [FIND]}),
        ({"tools": "file_search"}, "hi", {"tools": [FIND]}),
        ({"metadata": {"user": "7"}}, "hi", {"metadata": {"user": "77"}}),
        ({"thread": {"metadata": {"user": "7"}}}, "hi", {}),
        ({"run": 2}, "hi", {}),
    ],
)
def test_conditions_that_do_not_fit(when: Body, input: Any, more: Body) -> None:
    assert not fits(when, input, **more)


# ---- In a chain ----


def test_in_a_chain_instructions_are_those_of_the_request_and_items_stay() -> None:
    turns = [
        {"when": {"instructions": {"equals": "rule"}}, "steps": [{"say": "items only"}]},
        {"when": {"instructions": {"equals": "now\nrule"}}, "steps": [{"say": "both"}]},
        {"steps": [{"say": "other"}]},
    ]
    api = InProcess({"turns": turns})
    first = made(api, [say("developer", "rule"), user("hi")], instructions="then")
    second = made(api, "hi", previous_response_id=first["id"])
    third = made(api, "hi", previous_response_id=second["id"], instructions="now")

    assert [text(one) for one in (first, second, third)] == ["other", "items only", "both"]


def test_the_thread_of_a_chain_is_its_first_response() -> None:
    turns = [
        {"when": {"thread": {"metadata": {"user": "7"}}}, "steps": [{"say": "seven"}]},
        {"steps": [{"say": "other"}]},
    ]
    api = InProcess({"turns": turns})
    first = made(api, metadata={"user": "7"})
    second = made(api, previous_response_id=first["id"], metadata={"user": "8"})
    third = made(api, previous_response_id=second["id"])

    assert [text(one) for one in (first, second, third, made(api))] == ["seven", "seven", "seven", "other"]
    assert {turn.thread_id for turn in list(api.turns.values())[:3]} == {first["id"]}


def test_turns_are_counted_and_not_their_responses() -> None:
    turns = [
        {"when": {"run": 1}, "steps": [{"call": {"find": {}}}, {"call": {"find": {}}}, {"say": "one"}]},
        {"when": {"run": 2}, "steps": [{"say": "two"}]},
    ]
    api = InProcess({"turns": turns})
    response = made(api, tools=[FIND])
    for _ in range(2):
        response = made(api, outputs(response, "x"), previous_response_id=response["id"], tools=[FIND])
    assert text(response) == "one"

    assert text(made(api, previous_response_id=response["id"])) == "two"
    assert problems(api) == []


def test_times_are_counted_by_turns() -> None:
    turn = {"times": 1, "steps": [{"call": {"find": {}}}, {"say": "once"}]}
    api = InProcess({"turns": [turn, {"steps": [{"say": "again"}]}]})
    asked = made(api, tools=[FIND])
    told = made(api, outputs(asked, "x"), previous_response_id=asked["id"])

    assert [text(told), text(made(api))] == ["once", "again"]
    assert problems(api) == []


def test_messages_of_the_chain_count_when_the_request_brings_none() -> None:
    turns = [{"when": {"message": "weather"}, "steps": [{"say": "sunny"}]}]
    api = InProcess({"turns": turns})
    first = made(api, "the weather?")

    assert text(made(api, [say("developer", "Go on.")], previous_response_id=first["id"])) == "sunny"


# ---- The assistant whose configuration is carried ----

GIVEN: Body = {
    "files": [{"id": "file-a", "filename": "a.md", "purpose": "assistants", "content": "A"}],
    "vector_stores": [{"id": "vs_a", "file_ids": ["file-a"]}],
    "assistants": [
        {
            "id": "asst_desk",
            "model": "gpt-4o",
            "name": "Desk",
            "instructions": "You run the desk.",
            "tools": [{"type": "function", "function": {"name": "find"}}, {"type": "file_search"}],
            "tool_resources": {"file_search": {"vector_store_ids": ["vs_a"]}},
        }
    ],
}
DESK: Body = {"instructions": "Hello. You run the desk. Be brief.", "tools": [FIND, search("vs_a")]}


def desk(name: str = "Desk", **changes: Any) -> InProcess:
    """A world with a turn for an assistant, and a request that carries its configuration but for the changes."""
    turn = {"name": "desk", "when": {"assistant": name}, "steps": [{"say": "yes"}]}
    api = InProcess({"given": GIVEN, "settings": {"unmatched": "fail"}, "turns": [turn]})
    made(api, **{**DESK, **changes})
    return api


@pytest.mark.parametrize("name", ["Desk", "asst_desk"])
def test_a_request_that_carries_the_configuration_fits(name: str) -> None:
    assert problems(desk(name)) == []


def test_developer_items_carry_instructions_as_well() -> None:
    assert problems(desk(instructions=None, input=[say("developer", "You run the desk."), user("hi")])) == []


@pytest.mark.parametrize(
    ("changes", "lacking"),
    [
        ({"instructions": None}, "instructions"),
        ({"instructions": "You run the shop."}, "instructions"),
        ({"tools": [search("vs_a")]}, "function find"),
        ({"tools": [function("other"), search("vs_a")]}, "function find"),
        ({"tools": [FIND]}, "tools.file_search, vector store vs_a"),
        ({"tools": []}, "function find, tools.file_search, vector store vs_a"),
        ({"tools": [], "instructions": None}, "instructions, function find, tools.file_search, vector store vs_a"),
    ],
)
def test_a_near_miss_says_what_is_not_carried(changes: Body, lacking: str) -> None:
    api = desk(**changes)

    ((kind, message),) = problems(api)
    assert kind == "unmatched"
    assert message.endswith(f"'desk': assistant: expected 'Desk', got 'a request that lacks {lacking}'")


def test_a_store_that_is_not_named_is_not_carried() -> None:
    turn = {"name": "desk", "when": {"assistant": "Desk"}, "steps": [{"say": "yes"}]}
    stores = [*GIVEN["vector_stores"], {"id": "vs_b"}]
    api = InProcess({"given": {**GIVEN, "vector_stores": stores}, "settings": {"unmatched": "fail"}, "turns": [turn]})
    made(api, **{**DESK, "tools": [FIND, search("vs_b")]})

    assert "a request that lacks vector store vs_a" in problems(api)[0][1]


def test_a_response_that_no_turn_fits_fails_and_says_why() -> None:
    turns = [{"name": "weather", "when": {"message": "weather"}, "steps": [{"say": "sunny"}]}]
    api = InProcess({"turns": turns})
    response = made(api)

    assert (response["status"], response["error"]["code"]) == ("failed", "server_error")
    why = "message: expected 'weather', got 'hi'"
    assert why in response["error"]["message"]
    ((kind, message),) = problems(api)
    assert (kind, why in message) == ("unmatched", True)
    assert f"no turn fits {response['id']}" in message


def test_a_world_without_turns_improvises_the_same_on_every_run() -> None:
    first, second = made(InProcess()), made(InProcess())

    assert text(first) == text(second) != ""
