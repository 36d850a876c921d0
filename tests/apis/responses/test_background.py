"""Responses in the background: polled from status to status, cancelled, and streamed again."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.engine.turn_engine import TurnEngine
from tests.apis.responses.driving import Body, function, get, made, outputs, problems, respond, text
from tests.support import InProcess

SAY: Body = {"turns": [{"steps": [{"say": "Hello, you."}]}]}
HELD: Body = {"turns": [{"steps": [{"say": "Let me think"}, {"hold": "thinking"}, {"say": "Done."}]}]}


def poll(api: InProcess, id: str, times: int = 12) -> list[str]:
    """The statuses that polls see, until the response is over."""
    seen: list[str] = []
    for _ in range(times):
        seen.append(get(api, id)["status"])
        if seen[-1] not in ("queued", "in_progress"):
            break
    return seen


# ---- Polls ----


def test_a_background_response_moves_by_polls() -> None:
    api = InProcess(SAY)
    queued = made(api, background=True)

    assert (queued["status"], queued["output"], queued["usage"], queued["completed_at"]) == ("queued", [], None, None)
    assert (queued["service_tier"], "billing" in queued) == ("auto", False)
    running = get(api, queued["id"])
    assert running == {**queued, "status": "in_progress"}
    done = get(api, queued["id"])
    assert (done["status"], done["service_tier"], text(done)) == ("completed", "default", "Hello, you.")
    assert done["billing"] == {"payer": "developer"}
    assert done["usage"]["output_tokens"] > 0
    assert done["completed_at"] == queued["created_at"] + 2
    assert get(api, queued["id"]) == done


@pytest.mark.parametrize(
    ("polls", "seen"),
    [
        ({}, ["in_progress", "completed"]),
        ({"in_progress": 0}, ["completed"]),
        ({"queued": 2}, ["queued", "queued", "in_progress", "completed"]),
        ({"queued": 1, "in_progress": 3}, ["queued", *["in_progress"] * 3, "completed"]),
    ],
)
def test_polls_are_as_the_turn_says(polls: Body, seen: list[str]) -> None:
    api = InProcess({"turns": [{**SAY["turns"][0], "polls": polls}]})

    assert poll(api, made(api, background=True)["id"]) == seen


def test_the_settings_say_polls_for_all_turns() -> None:
    api = InProcess({"settings": {"polls": {"queued": 1}}, **SAY})

    assert poll(api, made(api, background=True)["id"]) == ["queued", "in_progress", "completed"]


def test_a_poll_of_one_response_moves_no_other() -> None:
    api = InProcess(SAY)
    first, second = made(api, background=True), made(api, background=True)

    assert poll(api, first["id"]) == ["in_progress", "completed"]
    assert poll(api, second["id"]) == ["in_progress", "completed"]


def test_other_requests_do_not_move_a_response() -> None:
    api = InProcess(SAY)
    id = made(api, background=True)["id"]
    for _ in range(5):
        api.get(f"/v1/responses/{id}/input_items")

    assert poll(api, id) == ["in_progress", "completed"]


def test_a_call_in_the_background_completes_its_response() -> None:
    steps = [{"call": {"find": {}}}, {"say": "{{ find }}"}]
    api = InProcess({"turns": [{"steps": steps}]})
    asked = made(api, background=True, tools=[function("find")])
    assert poll(api, asked["id"]) == ["in_progress", "completed"]
    asked = get(api, asked["id"])
    told = made(api, outputs(asked, "found"), background=True, previous_response_id=asked["id"])
    assert told["status"] == "queued"

    assert poll(api, asked["id"]) == ["completed"]
    assert poll(api, told["id"]) == ["in_progress", "completed"]
    assert text(get(api, told["id"])) == "found"


@pytest.mark.parametrize("first", [True, False], ids=["background first", "foreground first"])
def test_a_turn_can_go_from_background_to_foreground_and_back(first: bool) -> None:
    steps = [{"call": {"find": {}}}, {"call": {"find": {}}}, {"say": "{{ find }}"}]
    api = InProcess({"turns": [{"steps": steps}]})
    response: Body = {}
    for number in range(3):
        more: Body = {"background": first == (number % 2 == 0), "tools": [function("find")]}
        if response:
            more["previous_response_id"] = response["id"]
        response = made(api, outputs(response, str(number)) if response else "hi", **more)
        poll(api, response["id"])
        response = get(api, response["id"])
        assert response["status"] == "completed"

    assert text(response) == "2"


def test_a_response_that_is_still_running_is_no_previous_one() -> None:
    api = InProcess(SAY)
    id = made(api, background=True)["id"]

    assert respond(api, previous_response_id=id).error[-1] == "previous_response_not_found"
    poll(api, id)
    assert text(made(api, previous_response_id=id)) == "Hello, you."


def test_an_answer_in_the_background_can_be_polled_without_being_stored() -> None:
    """As recorded: the response says that it is not stored, and can be fetched all the same."""
    api = InProcess(SAY)
    queued = made(api, background=True, store=False)

    assert queued["store"] is False
    assert poll(api, queued["id"]) == ["in_progress", "completed"]


# ---- Holds, waits, and the real clock ----


def test_polls_see_a_held_response_until_it_is_released() -> None:
    api = InProcess(HELD)
    id = made(api, background=True)["id"]

    assert poll(api, id, 4) == ["in_progress"] * 4
    assert [problem for problem, _ in problems(api)] == ["hold"]
    TurnEngine(api.world).release("thinking")
    assert poll(api, id) == ["completed"]
    assert text(get(api, id)) == "Let me think|Done."
    assert problems(api) == []


def test_a_wait_takes_its_seconds_and_no_response_expires() -> None:
    api = InProcess({"turns": [{"steps": [{"wait": 86_400}, {"say": "Done."}]}]})
    response = made(api)

    assert (text(response), response["completed_at"] - response["created_at"]) == ("Done.", 86_402)


def test_advancing_the_clock_plays_what_is_due() -> None:
    api = InProcess({"turns": [{"steps": [{"wait": 60}, {"say": "Done."}], "polls": {"in_progress": 9}}]})
    id = made(api, background=True)["id"]
    get(api, id)
    engine = TurnEngine(api.world)

    engine.play_until(api.world.clock.now() + 59)
    assert api.turns[id].status == "in_progress"
    engine.play_until(api.world.clock.now() + 62)
    assert get(api, id)["status"] == "completed"


def test_with_the_real_clock_a_response_is_there_when_it_is_due() -> None:
    api = InProcess(SAY, clock="real")

    assert text(made(api)) == text(made(api, stream=True)) == "Hello, you."
    id = made(api, background=True)["id"]
    assert poll(api, id)[-1] == "completed"


def test_with_the_real_clock_a_response_is_cancelled_at_once() -> None:
    api = InProcess(HELD, clock="real")
    id = made(api, background=True)["id"]
    get(api, id)

    assert api.post(f"/v1/responses/{id}/cancel").json["status"] == "cancelled"


# ---- Cancelling ----


def cancel(api: InProcess, id: str) -> Body:
    reply = api.post(f"/v1/responses/{id}/cancel")
    assert reply.status == 200, reply.body
    body: Body = reply.json
    return body


@pytest.mark.parametrize("polls", [0, 1])
def test_a_response_is_cancelled_at_once(polls: int) -> None:
    api = InProcess(SAY)
    id = made(api, background=True)["id"]
    for _ in range(polls):
        get(api, id)
    cancelled = cancel(api, id)

    assert (cancelled["status"], cancelled["output"], cancelled["usage"]) == ("cancelled", [], None)
    assert (cancelled["completed_at"], cancelled["service_tier"], "billing" in cancelled) == (None, "auto", False)
    assert get(api, id) == cancel(api, id) == cancelled
    assert api.world.active == {}


def test_a_held_response_can_be_cancelled() -> None:
    api = InProcess(HELD)
    id = made(api, background=True)["id"]
    poll(api, id, 2)

    assert cancel(api, id)["status"] == "cancelled"
    assert problems(api) == []


@pytest.mark.parametrize("polls", [0, 1])
def test_a_late_cancel_loses(polls: int) -> None:
    api = InProcess({"turns": [{**HELD["turns"][0], "cancel": "late"}]})
    id = made(api, background=True)["id"]
    for _ in range(polls):
        get(api, id)
    cancel(api, id)

    done = get(api, id)
    assert (done["status"], text(done)) == ("completed", "Let me think|Done.")
    assert cancel(api, id) == done


def test_what_is_over_stays_as_it_is() -> None:
    turns = [
        {"when": {"message": "fail"}, "steps": [{"fail": "server_error"}]},
        {"when": {"message": "short"}, "steps": [{"say": "Well"}, {"incomplete": "max_completion_tokens"}]},
        {"when": {"message": "call"}, "steps": [{"call": {"find": {}}}, {"say": "{{ find }}"}]},
    ]
    api = InProcess({"turns": turns})
    for said, status in [("fail", "failed"), ("short", "incomplete"), ("call", "completed")]:
        id = made(api, said, background=True, tools=[function("find")])["id"]
        assert poll(api, id) == ["in_progress", status]
        over = get(api, id)
        assert cancel(api, id) == over
    told = made(api, outputs(over, "found"), previous_response_id=over["id"])
    assert text(told) == "found"


def test_a_foreground_response_cannot_be_cancelled() -> None:
    api = InProcess(SAY)
    id = made(api)["id"]

    expected = (400, "Cannot cancel a synchronous response.", "invalid_request_error", None, None)
    assert api.post(f"/v1/responses/{id}/cancel").error == expected


# ---- Resuming a stream ----


def sequence(reply: Any) -> list[int]:
    return [event.json()["sequence_number"] for event in reply.events]


def test_a_background_stream_can_be_read_again_from_any_event() -> None:
    api = InProcess(SAY)
    whole = respond(api, background=True, stream=True)
    id = whole.events[0].json()["response"]["id"]
    path = f"/v1/responses/{id}?stream=true"
    last = len(whole.events) - 1

    assert sequence(whole) == list(range(last + 1))
    assert api.get(path).body == whole.body
    for number in range(last):
        reply = api.get(f"{path}&starting_after={number}")
        assert sequence(reply) == list(range(number + 1, last + 1))
        assert whole.body.endswith(reply.body)
    assert api.get(f"{path}&starting_after={last}").body == b""
    assert api.get(f"{path}&starting_after={last + 7}").body == b""


@pytest.mark.parametrize("more", [{}, {"stream": True}, {"background": True}])
def test_no_other_response_can_be_streamed_again(more: Body) -> None:
    api = InProcess(SAY)
    id = made(api, **more)["id"]
    status, message, type, _, _ = api.get(f"/v1/responses/{id}?stream=true").error

    assert (status, type) == (400, "invalid_request_error")
    assert message == f"Response with id '{id}' cannot be streamed: it was not created with background and stream."


def test_a_stream_can_be_read_again_for_five_minutes() -> None:
    api = InProcess(SAY)
    response = made(api, background=True, stream=True)
    path = f"/v1/responses/{response['id']}?stream=true"
    api.world.clock.move_to(response["created_at"] + 300)
    assert api.get(path).status == 200

    api.world.clock.move_to(response["created_at"] + 301)
    message = "This response can no longer be streamed because it is more than 5 minutes old"
    assert api.get(path).error == (400, message, "invalid_request_error", None, None)
    assert get(api, response["id"])["status"] == "completed"


# ---- Deleting ----


def test_a_response_that_runs_can_be_deleted() -> None:
    api = InProcess(SAY)
    id = made(api, background=True)["id"]
    get(api, id)

    assert api.delete(f"/v1/responses/{id}").json["deleted"] is True
    assert api.get(f"/v1/responses/{id}").status == 404
    assert api.world.active == {}
