"""What the doors tell of responses: the turns that they play, the journal, the state, reports and exports."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from emulator import Emulator
from emulator.cli.request_log import short_line
from emulator.control.report import report
from tests.conftest import Emulate
from tests.server.test_server import Connect
from tests.support import Api

FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}
SCENARIO: dict[str, Any] = {
    "turns": [
        {"name": "asks", "when": {"message": "ask"}, "steps": [{"call": {"f": {}}}, {"say": "Told."}]},
        {"name": "hello", "when": {"message": "hi"}, "steps": [{"say": "One two three"}]},
    ],
}
RESPONSES = "/v1/responses"


def ask(api: Api, text: Any, **more: Any) -> Any:
    reply = api.post(RESPONSES, {"model": "gpt-4o", "input": text, "tools": [FUNCTION], **more})
    assert reply.status == 200, reply.body
    return reply.json


def answer(api: Api, response: Any) -> Any:
    """Goes on with a turn that waits for the output of a function."""
    output = {"type": "function_call_output", "call_id": response["output"][0]["call_id"], "output": "o"}
    return ask(api, [output], previous_response_id=response["id"])


@pytest.fixture
def played(emulate: Emulate, connect: Connect) -> tuple[Emulator, list[str]]:
    """An emulator after a turn of two responses, one that continues their chain, and one that no turn fits."""
    emulator = emulate(SCENARIO)
    api = connect(emulator)
    asked = ask(api, "Ask")
    told = answer(api, asked)
    more = ask(api, "Hi", previous_response_id=told["id"])
    unmatched = ask(api, "Bye")
    return emulator, [one["id"] for one in (asked, told, more, unmatched)]


def test_the_responses_of_a_turn_are_one_run(played: tuple[Emulator, list[str]]) -> None:
    emulator, (asked, told, more, unmatched) = played
    assert [(run.id, run.thread_id, run.turn, run.status, run.responses) for run in emulator.runs()] == [
        (asked, asked, "asks", "completed", (asked, told)),
        (more, asked, "hello", "completed", (more,)),
        (unmatched, unmatched, "unmatched", "failed", (unmatched,)),
    ]
    created = [event.times for event in emulator.runs()[0].timeline if event == "response.created"]
    assert created == [1, 1]
    state = emulator.state()
    assert (state["objects"]["responses"], state["objects"]["runs"], state["active_runs"]) == (4, 0, [])


def test_a_run_has_no_responses(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate(SCENARIO)
    api = connect(emulator)
    api.run(api.thread("Hi"), api.assistant())
    assert [run.responses for run in emulator.runs()] == [()]


def test_requests_are_found_by_their_response(played: tuple[Emulator, list[str]], connect: Connect) -> None:
    emulator, (_, told, *_) = played
    api = connect(emulator)
    api.get(f"{RESPONSES}/{told}")
    api.get(f"{RESPONSES}/{told}/input_items")
    found = emulator.requests(run=told)
    assert [one.operation for one in found] == ["create_response", "get_response", "list_input_items"]
    assert {one.turn for one in found} == {"asks"}


def test_a_turn_that_waits_is_active(emulate: Emulate, connect: Connect) -> None:
    emulator = emulate(SCENARIO)
    asked = ask(connect(emulator), "Ask")["id"]
    (active,) = emulator.state()["active_runs"]
    assert (active["id"], active["status"]) == (asked, "requires_action")


def test_timelines_name_conversations_by_number(played: tuple[Emulator, list[str]]) -> None:
    emulator, _ = played
    heads = [line for line in emulator.timelines().splitlines() if line.startswith("run")]
    assert heads == [
        "run 1 in conversation 1, turn 'asks': completed",
        "run 2 in conversation 1, turn 'hello': completed",
        "run 3 in conversation 2, turn 'unmatched': failed",
    ]


def test_a_report_shows_the_responses_of_each_turn(played: tuple[Emulator, list[str]]) -> None:
    emulator, (asked, told, more, unmatched) = played
    lines = [line.strip() for line in report(emulator).splitlines()]
    for line in (
        f"200 POST /v1/responses [create_response] {asked} completed, turn 'asks'",
        f"200 POST /v1/responses [create_response] {told} completed, turn 'asks'",
        f"200 POST /v1/responses [create_response] {unmatched} failed, no turn fits",
        f"{asked}, {told}, turn 'asks': completed",
        f"{more} on {asked}, turn 'hello': completed",
        f"{unmatched}, no turn fits: failed",
    ):
        assert line in lines
    newest = report(emulator, newest=3)
    assert f"{asked}, {told}, turn 'asks': completed" in newest
    assert f"{told}, turn 'asks'" not in report(emulator, newest=2)


def test_a_terminal_shows_the_end_of_a_response_s_id(played: tuple[Emulator, list[str]]) -> None:
    emulator, (asked, told, *_) = played
    first, second = [
        "".join(text for text, _ in short_line(one, "completed", [], 120)) for one in emulator.requests()[:2]
    ]
    assert first.endswith(f"resp_…{asked[-4:]} completed, turn 'asks'")
    assert second.endswith(f"resp_…{told[-4:]} completed, turn 'asks'")


def test_a_scenario_says_that_responses_are_left_out_and_a_recording_has_them(
    played: tuple[Emulator, list[str]],
) -> None:
    emulator, _ = played
    exported = emulator.export("scenario")
    assert "4 responses: a scenario gives none; a recording has their requests" in exported
    assert yaml.safe_load(exported) == {"version": 1, "name": "exported"}
    assert emulator.export("recording").count('"/v1/responses"') == 4
