"""What the parameters of a request bind the model to: ``tool_choice``, counts of calls, and the format of its text."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apis.responses.driving import CODE, Body, function, items, made, outputs, problems, search
from tests.apis.responses.test_ends import DOORS, FIND, world
from tests.support import InProcess

SEARCH: Body = {"search": {"query": "x", "results": [{"file": "a.md", "text": "A", "score": 0.5}]}}
RUN: Body = {"code": {"input": "1"}}
SAY: Body = {"say": "Done."}
CALL: Body = {"call": {"find": {"n": 1}}}
TWICE: Body = {"call": [{"find": {"n": 1}}, {"find": {"n": 2}}]}
ALL = [FIND, function("other"), search("vs_a"), CODE]
STORE = {
    "files": [{"id": "file-a", "filename": "a.md", "purpose": "assistants", "content": "A"}],
    "vector_stores": [{"id": "vs_a", "file_ids": ["file-a"]}],
}
NAMED = {"type": "function", "name": "find"}


def allowed(mode: str, *tools: Body) -> Body:
    return {"type": "allowed_tools", "mode": mode, "tools": list(tools)}


def bound(*steps: Body, **more: Any) -> tuple[str, list[tuple[str, str]]]:
    """The status of a response with all tools, and the world's problems."""
    api = InProcess({"given": STORE, "turns": [{"steps": list(steps)}]})
    response = made(api, **{"tools": ALL, **more})
    return response["status"], problems(api)


@pytest.mark.parametrize(
    ("steps", "more"),
    [
        ([CALL], {"parallel_tool_calls": False}),
        ([RUN, RUN, CALL], {"parallel_tool_calls": False}),
        ([TWICE], {}),
        ([SAY], {"tool_choice": "none"}),
        ([{"reason": "Hm."}, SAY], {"tool_choice": "none"}),
        ([CALL], {"tool_choice": "required"}),
        ([SAY, CALL], {"tool_choice": "required"}),
        ([RUN, SAY], {"tool_choice": "required"}),
        ([SEARCH, SAY], {"tool_choice": "required"}),
        ([SAY, {"fail": "server_error"}], {"tool_choice": "required"}),
        ([SAY, {"incomplete": "content_filter"}], {"tool_choice": "required"}),
        ([CALL], {"tool_choice": NAMED}),
        ([TWICE], {"tool_choice": NAMED}),
        ([RUN, SAY], {"tool_choice": {"type": "code_interpreter"}}),
        ([SEARCH, SAY], {"tool_choice": {"type": "file_search"}}),
        ([SAY], {"tool_choice": allowed("auto", NAMED)}),
        ([CALL], {"tool_choice": allowed("auto", NAMED, {"type": "code_interpreter"})}),
        ([CALL], {"tool_choice": allowed("required", NAMED)}),
        ([SAY], {"tool_choice": {"type": "web_search_preview"}, "tools": [{"type": "web_search_preview"}]}),
        ([SAY], {"tool_choice": {"type": "web_search_preview"}, "tools": [{"type": "web_search"}]}),
        ([RUN, SEARCH, SAY], {"max_tool_calls": 2}),
        ([RUN, TWICE], {"max_tool_calls": 1}),
    ],
)
def test_steps_that_keep_to_the_parameters_are_played(steps: list[Body], more: Body) -> None:
    status, found = bound(*steps, **more)

    assert found == []
    assert status == {"fail": "failed", "incomplete": "incomplete"}.get(next(iter(steps[-1])), "completed")


@pytest.mark.parametrize(
    ("steps", "more", "why"),
    [
        ([TWICE], {"parallel_tool_calls": False}, "cannot make 2 calls at once: parallel_tool_calls is false"),
        ([CALL], {"tool_choice": "none"}, "cannot use 'find': tool_choice is none"),
        ([RUN, SAY], {"tool_choice": "none"}, "cannot use 'code_interpreter': tool_choice is none"),
        ([SEARCH, SAY], {"tool_choice": "none"}, "cannot use 'file_search': tool_choice is none"),
        ([SAY], {"tool_choice": "required"}, "has to use a tool before it is done: tool_choice requires it"),
        ([{"refuse": "No."}], {"tool_choice": "required"}, "has to use a tool before it is done"),
        ([SAY], {"tool_choice": NAMED}, "has to use 'find' before it is done: tool_choice requires it"),
        ([{"call": {"other": {}}}], {"tool_choice": NAMED}, "cannot use 'other': tool_choice allows only 'find'"),
        ([RUN, SAY], {"tool_choice": NAMED}, "cannot use 'code_interpreter': tool_choice allows only 'find'"),
        ([CALL], {"tool_choice": {"type": "file_search"}}, "cannot use 'find': tool_choice allows only 'file_search'"),
        ([RUN, SAY], {"tool_choice": allowed("auto", NAMED)}, "tool_choice allows only 'find'"),
        ([SAY], {"tool_choice": allowed("required", NAMED)}, "has to use 'find' before it is done"),
        ([RUN, SEARCH, SAY], {"max_tool_calls": 1}, "cannot use tools 2 times: max_tool_calls is 1"),
        ([{"code": [RUN["code"]] * 3}, SAY], {"max_tool_calls": 2}, "cannot use tools 3 times: max_tool_calls is 2"),
    ],
)
def test_steps_that_break_the_parameters_are_impossible(steps: list[Body], more: Body, why: str) -> None:
    status, found = bound(*steps, **more)

    ((kind, message),) = found
    assert (status, kind) == ("failed", "impossible")
    assert why in message


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "mcp", "server_label": {}},
        {"type": "custom", "name": []},
        {"type": "image_generation", "function": "x"},
        {"type": "shell", "function": {"name": {}}},
    ],
    ids=str,
)
def test_a_hosted_tool_may_have_anything_for_a_name(tool: Body) -> None:
    """Nobody has published its schema, so it is echoed, and a choice by name does not find it."""
    body = {"model": "gpt-4o", "input": "Hi", "tools": [tool]}

    assert InProcess().post("/v1/responses", {**body, "tool_choice": {"type": "function", "name": "f"}}).status == 400
    assert InProcess().post("/v1/responses", {**body, "tool_choice": "auto"}).json["tools"] == [tool]


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        ({"type": "function", "name": "lose"}, "lose"),
        ({"type": "web_search"}, "web_search"),
        ({"type": "mcp", "server_label": "wiki"}, "wiki"),
        (allowed("auto", NAMED, {"type": "image_generation"}), "image_generation"),
    ],
)
def test_a_choice_of_a_tool_that_the_request_does_not_have_is_refused(choice: Body, name: str) -> None:
    reply = InProcess().post("/v1/responses", {"model": "gpt-4o", "input": "Hi", "tools": ALL, "tool_choice": choice})

    words = f"Tool choice '{name}' not found in 'tools' parameter."
    assert reply.error == (400, words, "invalid_request_error", "tool_choice", None)


def test_each_response_of_a_turn_has_its_own_parameters() -> None:
    api = world(CALL, SAY)
    asked = made(api, tools=[FIND], tool_choice="required")
    told = made(api, outputs(asked, "x"), previous_response_id=asked["id"], tools=[FIND])
    assert (told["status"], problems(api)) == ("completed", [])

    asked = made(api, tools=[FIND], tool_choice="required")
    bring = {"previous_response_id": asked["id"], "tools": [FIND], "tool_choice": "required"}
    assert made(api, outputs(asked, "x"), **bring)["status"] == "failed"
    assert [kind for kind, _ in problems(api)] == ["impossible"]


def test_a_tool_that_no_step_uses_is_not_required() -> None:
    api = world(SAY)

    assert made(api, tools=[{"type": "web_search"}], tool_choice="required")["status"] == "completed"
    assert problems(api) == []


def test_a_response_that_ends_without_a_word_has_to_use_a_tool_as_well() -> None:
    api = world(CALL)
    asked = made(api, tools=[FIND])
    bring = {"previous_response_id": asked["id"], "tools": [FIND], "tool_choice": "required"}

    assert made(api, outputs(asked, "x"), **bring)["status"] == "failed"


# ---- text.format ----

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
STRICT = {"type": "json_schema", "name": "number", "schema": SCHEMA, "strict": True}


@pytest.mark.parametrize(
    ("step", "format", "why"),
    [
        ({"say": {"json": {"n": 1}}}, STRICT, None),
        ({"say": '{"n": 1}'}, STRICT, None),
        ({"say": '{"n": "1"}'}, STRICT, "n"),
        ({"say": "One."}, STRICT, "it is no JSON"),
        ({"say": "One."}, {"type": "text"}, None),
        ({"say": "One."}, {"type": "json_object"}, "it is no JSON"),
        ({"say": "[]"}, {"type": "json_object"}, "object"),
        ({"say": "{}"}, {"type": "json_object"}, None),
        ({"refuse": "No."}, STRICT, None),
        ({"say": {"text": "Let me see.", "phase": "commentary"}}, STRICT, None),
    ],
)
@DOORS
def test_an_answer_that_breaks_its_format_is_a_problem(step: Body, format: Body, why: str | None, more: Body) -> None:
    api = world(step)
    response = made(api, "as JSON", text={"format": format}, **more)

    assert response["status"] == "completed"
    assert items(response, "message")
    found = problems(api)
    if why is None:
        assert found == []
    else:
        ((kind, message),) = found
        assert kind == "response_format"
        assert "the answer breaks the request's text.format: " in message
        assert why in message


def test_a_text_that_is_cut_off_does_not_break_its_format() -> None:
    api = world({"say": '{"n": '}, {"incomplete": "max_completion_tokens"})

    assert made(api, text={"format": STRICT})["status"] == "incomplete"
    assert problems(api) == []
