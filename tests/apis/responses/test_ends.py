"""How a response ends other than complete, and what comes of holds."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.engine.turn_engine import TurnEngine
from tests.apis.responses.driving import (
    Body,
    function,
    get,
    made,
    outputs,
    problems,
    respond,
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
