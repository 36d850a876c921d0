"""How a response ends other than complete, and what the parameters of its request bind the model to."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.engine.turn_engine import TurnEngine
from tests.apis.responses.driving import (
    CODE,
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
)
from tests.support import InProcess

DOORS = pytest.mark.parametrize("more", [{}, {"stream": True}, {"background": True, "stream": True}], ids=str)
FIND = function("find", n={"type": "integer"})


def world(*steps: Body, **turn: Any) -> InProcess:
    return InProcess({"turns": [{"steps": list(steps), **turn}]})


# ---- Ends ----


@DOORS
def test_a_failed_response_is_a_200_with_its_error(more: Body) -> None:
    api = world({"say": "Well,"}, {"fail": {"code": "rate_limit_exceeded", "message": "Slow down."}})
    response = made(api, **more)

    assert (response["status"], response["output"], response["usage"]) == ("failed", [], None)
    assert response["error"] == {"code": "rate_limit_exceeded", "message": "Slow down."}
    assert (response["completed_at"], response["incomplete_details"]) == (None, None)
    assert get(api, response["id"])["status"] == "failed"
    assert problems(api) == []


def test_what_was_done_before_a_failure_stays() -> None:
    api = world({"say": "Well.", "done": True}, {"fail": "server_error"})

    assert text(made(api)) == "Well."


@DOORS
@pytest.mark.parametrize(
    ("reason", "shown"), [("max_completion_tokens", "max_output_tokens"), ("content_filter", "content_filter")]
)
def test_an_incomplete_response_keeps_its_text(more: Body, reason: str, shown: str) -> None:
    api = world({"say": "Sure, I"}, {"incomplete": reason})
    response = made(api, **more)

    assert (response["status"], response["incomplete_details"]) == ("incomplete", {"reason": shown})
    assert (response["completed_at"], response["error"]) == (None, None)
    assert [(item["status"], item["content"][0]["text"]) for item in response["output"]] == [("incomplete", "Sure, I")]
    assert response["usage"]["output_tokens"] > 0


def test_a_text_that_was_done_stays_completed() -> None:
    api = world({"say": "Sure.", "done": True}, {"incomplete": "max_completion_tokens"})
    response = made(api)

    assert (response["status"], response["output"][0]["status"]) == ("incomplete", "completed")


@DOORS
def test_a_refusal_is_complete(more: Body) -> None:
    response = made(world({"refuse": "I can't."}), **more)

    assert response["status"] == "completed"
    assert response["output"][0]["content"] == [{"type": "refusal", "refusal": "I can't."}]


@DOORS
def test_reasoning_is_an_item_before_what_it_leads_to(more: Body) -> None:
    thought, said = made(world({"reason": "Hm."}, {"say": "Yes."}), **more)["output"]

    assert list(thought) == ["id", "type", "content", "encrypted_content", "summary"]
    assert thought["summary"] == [{"type": "summary_text", "text": "Hm."}]
    assert (said["type"], said["content"][0]["text"]) == ("message", "Yes.")


# ---- expire ----


def test_a_foreground_response_does_not_expire() -> None:
    response = made(world({"say": "Well."}, {"expire": True}))

    assert (response["status"], text(response)) == ("completed", "Well.")
    assert response["completed_at"] - response["created_at"] == 2


def test_a_background_response_fails_where_a_run_expires() -> None:
    api = world({"say": "Well."}, {"expire": True}, polls={"in_progress": 0})
    id = made(api, background=True)["id"]
    response = get(api, id)

    assert (response["status"], response["error"]["code"]) == ("failed", "server_error")


@pytest.mark.parametrize("background", [False, True])
def test_late_outputs_are_taken_and_the_rest_is_skipped(background: bool) -> None:
    api = world({"call": {"find": {}}}, {"expire": True})
    asked = made(api, tools=[FIND])
    api.world.clock.move_to(asked["created_at"] + 86_400)
    more = {"background": True, "stream": True} if background else {}
    told = made(api, outputs(asked, "late"), previous_response_id=asked["id"], **more)

    assert (asked["status"], told["status"]) == ("completed", "failed" if background else "completed")
    assert told["output"] == []


# ---- max_prompt_tokens ----

TOO_LONG = (
    400,
    "Your input exceeds the context window of this model. Please adjust your input and try again.",
    "invalid_request_error",
    "input",
    "context_length_exceeded",
)


@pytest.mark.parametrize("truncation", [None, "disabled"])
@pytest.mark.parametrize("stream", [True, False])
def test_a_context_that_is_too_long_is_refused(truncation: str | None, stream: bool) -> None:
    api = world({"say": "Well."}, {"incomplete": "max_prompt_tokens"})
    reply = respond(api, stream=stream, truncation=truncation)

    assert reply.error == TOO_LONG
    assert reply.headers["content-type"] == "application/json"
    assert store_of(api).responses == {}
    assert problems(api) == []


def test_a_context_that_is_too_long_fails_a_response_in_the_background() -> None:
    api = world({"incomplete": "max_prompt_tokens"}, polls={"in_progress": 0})
    response = get(api, made(api, background=True)["id"])

    assert (response["status"], response["error"]["code"]) == ("failed", "context_length_exceeded")


def test_a_context_that_grew_too_long_refuses_the_outputs() -> None:
    api = world({"call": {"find": {}}}, {"incomplete": "max_prompt_tokens"})
    asked = made(api, tools=[FIND])

    assert respond(api, outputs(asked, "x" * 99), previous_response_id=asked["id"]).error == TOO_LONG
    assert get(api, asked["id"]) == asked


@DOORS
def test_a_context_that_is_trimmed_is_no_reason_to_stop(more: Body) -> None:
    api = world({"say": "Well."}, {"incomplete": "max_prompt_tokens"})
    response = made(api, truncation="auto", **more)

    assert (response["status"], response["incomplete_details"], text(response)) == ("completed", None, "Well.")
    assert response["output"][0]["status"] == "completed"
    assert problems(api) == []


def test_a_trimmed_context_with_nothing_said_is_impossible() -> None:
    api = world({"incomplete": "max_prompt_tokens"})

    assert made(api, truncation="auto")["status"] == "failed"
    ((kind, message),) = problems(api)
    assert (kind, "truncation" in message) == ("impossible", True)


# ---- Holds ----


def test_a_hold_that_nobody_releases_fails_the_response() -> None:
    api = InProcess({"turns": [{"steps": [{"hold": "thinking"}]}]}, hold_limit=0)
    response = made(api)

    assert (response["status"], response["error"]["code"]) == ("failed", "server_error")
    assert [kind for kind, _ in problems(api)] == ["hold"]


def test_a_hold_that_is_open_stops_nobody() -> None:
    api = world({"say": "Well."}, {"hold": "thinking"}, {"say": "Done."})
    TurnEngine(api.world).release("thinking")

    assert text(made(api)) == "Well.|Done."


# ---- What parameters bind the model to ----

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
    response = made(api, tools=ALL, **more)
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


def test_each_response_of_a_turn_has_its_own_parameters() -> None:
    api = world(CALL, SAY)
    asked = made(api, tools=[FIND], tool_choice="required")
    told = made(api, outputs(asked, "x"), previous_response_id=asked["id"], tools=[FIND])
    assert (told["status"], problems(api)) == ("completed", [])

    asked = made(api, tools=[FIND], tool_choice="required")
    bring = {"previous_response_id": asked["id"], "tools": [FIND], "tool_choice": "required"}
    assert made(api, outputs(asked, "x"), **bring)["status"] == "failed"
    assert [kind for kind, _ in problems(api)] == ["impossible"]


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
