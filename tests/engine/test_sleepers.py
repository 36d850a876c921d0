"""Applications that sleep instead of polling, and runs by the real clock: who moves them, and when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import emulator.engine.loose_ends  # noqa: F401  # registers the kinds of turns
from emulator.engine import turn_engine
from emulator.world.loose_ends import loose_ends_of
from tests.support import InProcess

Step = dict[str, Any]

SAY: Step = {"say": "Hello!"}
CALL: Step = {"call": {"ask": {}}}
TOOLS = [{"type": "function", "function": {"name": "ask"}}]


class Seconds:
    """Real seconds, which pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Seconds:
    clock = Seconds()
    monkeypatch.setattr(turn_engine, "monotonic", clock)
    monkeypatch.setitem(emulator_machine(), "monotonic", clock)
    return clock


def emulator_machine() -> dict[str, Callable[[], float]]:
    from emulator.base import clock

    return clock._MACHINE


def started(*steps: Step, settings: dict[str, Any], **turn: Any) -> tuple[InProcess, str, str]:
    api = InProcess({"settings": settings, "turns": [{"steps": list(steps), **turn}]})
    thread = api.thread("Hi")
    return api, thread, api.run(thread, api.assistant(tools=TOOLS)).json["id"]


def texts(api: InProcess, thread: str) -> list[str]:
    """What the assistant has said, as a poll lists it."""
    listed = api.get(f"/v1/threads/{thread}/messages").json["data"]
    return [one["content"][0]["text"]["value"] for one in listed if one["role"] == "assistant"]


# ---- Sleepers ----


@pytest.mark.parametrize(("slept", "said"), [(0.9, []), (1.0, ["Hello!"]), (10.0, ["Hello!"])])
def test_a_poll_after_a_second_finds_the_run_at_rest(seconds: Seconds, slept: float, said: list[str]) -> None:
    api, thread, _ = started({"wait": 60}, SAY, settings={"sleepers": True}, polls={"in_progress": 9})
    seconds.now += slept

    assert texts(api, thread) == said


def test_a_sleeper_finds_each_rest_of_its_run(seconds: Seconds) -> None:
    api, thread, run = started(CALL, SAY, settings={"sleepers": True})
    seconds.now += 2
    path = f"/v1/threads/{thread}/runs/{run}"
    assert api.get(path).json["status"] == "requires_action"
    outputs = [{"tool_call_id": one["id"], "output": "1"} for one in api.required_calls(run)]
    api.post(f"{path}/submit_tool_outputs", {"tool_outputs": outputs})
    seconds.now += 2

    assert texts(api, thread) == ["Hello!"]


def test_nothing_but_a_poll_moves_the_run_of_a_sleeper(seconds: Seconds) -> None:
    api, thread, run = started(SAY, settings={"sleepers": True})
    seconds.now += 2
    api.get(f"/v1/threads/{thread}")

    assert api.turns[run].status == "queued"


def test_a_sleeper_waits_for_a_hold(seconds: Seconds) -> None:
    api, thread, _ = started({"hold": "x"}, SAY, settings={"sleepers": True})
    seconds.now += 2
    assert texts(api, thread) == []
    api.post("/_emulator/holds/x/release")

    assert texts(api, thread) == ["Hello!"]


def test_a_sleeper_finds_a_background_response_at_rest(seconds: Seconds) -> None:
    api = InProcess({"settings": {"sleepers": True}, "turns": [{"steps": [SAY], "polls": {"in_progress": 9}}]})
    id = api.post("/v1/responses", {"model": "gpt-4o", "input": "Hi", "background": True}).json["id"]
    seconds.now += 1

    assert api.get(f"/v1/responses/{id}").json["status"] == "completed"


def test_without_the_setting_real_time_decides_nothing(seconds: Seconds) -> None:
    api, thread, _ = started(SAY, settings={})
    seconds.now += 10

    assert texts(api, thread) == []


def test_an_option_beats_the_setting(seconds: Seconds) -> None:
    api = InProcess({"settings": {"sleepers": True}, "turns": [{"steps": [SAY]}]}, sleepers=False)
    thread = api.thread("Hi")
    api.run(thread, api.assistant())
    seconds.now += 10

    assert texts(api, thread) == []


# ---- Why there is no answer ----

WAYS_OUT = (
    'if the application sleeps instead of polling, use monkeypatch.setattr("time.sleep", emulator.advance), '
    "or settings: {sleepers: true} where it sleeps for real"
)


@pytest.mark.parametrize(
    ("polls", "line"),
    [
        (0, "{run} is queued: it moves by polls, and nobody polled"),
        (1, "{run} is in_progress: it moves by polls, and nobody polled again"),
    ],
)
def test_the_report_names_runs_that_nobody_polled(polls: int, line: str) -> None:
    api, thread, run = started(SAY, settings={})
    for _ in range(polls):
        texts(api, thread)

    ends = [end.message for end in loose_ends_of(api.world) if end.kind == "unpolled"]
    assert ends == [f"{line.format(run=run)}; {WAYS_OUT}"]


@pytest.mark.parametrize("steps", [[SAY], [CALL], [{"hold": "x"}]], ids=["rest", "call", "hold"])
def test_runs_at_rest_or_at_a_hold_wait_for_no_poll(steps: list[Step]) -> None:
    api, thread, _ = started(*steps, settings={})
    for _ in range(3):
        texts(api, thread)

    assert [end for end in loose_ends_of(api.world) if end.kind == "unpolled"] == []


# ---- The real clock ----


def test_the_real_clock_keeps_the_polls_of_a_run() -> None:
    api, thread, run = started(SAY, settings={"clock": "real"}, polls={"queued": 1, "in_progress": 2})

    assert api.poll(thread, run) == ["queued", "in_progress", "in_progress", "completed"]


def test_by_the_real_clock_nobodys_answer_is_there_before_a_first_poll(seconds: Seconds) -> None:
    api, thread, _ = started(SAY, settings={"clock": "real"})
    seconds.now += 60

    assert (texts(api, thread), texts(api, thread)) == ([], ["Hello!"])


def test_by_the_real_clock_a_wait_is_over_when_it_is_over_however_often_one_polls(seconds: Seconds) -> None:
    api, thread, run = started({"wait": 30}, SAY, settings={"clock": "real"})
    assert set(api.poll(thread, run, times=20)) == {"in_progress"}
    seconds.now += 31

    assert api.poll(thread, run) == ["completed"]


def test_by_the_real_clock_a_run_that_nobody_polls_expires(seconds: Seconds) -> None:
    api, thread, run = started(SAY, settings={"clock": "real"})
    seconds.now += 601

    assert api.poll(thread, run) == ["expired"]


def test_by_the_real_clock_a_cancel_takes_its_polls() -> None:
    api, thread, run = started(SAY, settings={"clock": "real"}, polls={"cancelling": 2})
    api.post(f"/v1/threads/{thread}/runs/{run}/cancel")

    assert api.poll(thread, run) == ["cancelling", "cancelling", "cancelled"]


def test_the_real_clock_starts_where_a_scenario_says_and_wall_clock_jumps_change_nothing(
    seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, thread, run = started({"wait": 5}, SAY, settings={"clock": "real", "start": "2026-01-01T00:00:00Z"})
    created = api.stored_run(run)["created_at"]
    monkeypatch.setitem(emulator_machine(), "time", lambda: 0.0)
    api.poll(thread, run, times=2)
    seconds.now += 6
    api.poll(thread, run)

    assert created == 1767225600
    assert api.stored_run(run)["completed_at"] == created + 6


def test_a_reset_to_a_baseline_does_not_turn_the_real_clock_back(seconds: Seconds) -> None:
    api = InProcess(clock="real", start="2026-01-01T00:00:00Z")
    seconds.now += 100
    thread = api.thread("Hi")
    api.post("/_emulator/reset", {})
    assert api.get(f"/v1/threads/{thread}").status == 404
    kept = api.thread("Hi")
    made = api.get(f"/v1/threads/{kept}").json["created_at"]
    seconds.now += 50
    assert api.post("/_emulator/baseline").status == 200
    api.post("/_emulator/reset", {})

    assert api.get(f"/v1/threads/{kept}").json["created_at"] == made
    assert api.world.now >= made + 50


# ---- Polls of a cancel ----


@pytest.mark.parametrize(("polls", "statuses"), [(0, []), (1, ["cancelling"]), (3, ["cancelling"] * 3)])
@pytest.mark.parametrize(("cancel", "last"), [({}, "cancelled"), ({"cancel": "late"}, "completed")])
def test_polls_see_a_run_cancelling(polls: int, statuses: list[str], cancel: dict[str, str], last: str) -> None:
    api, thread, run = started(SAY, settings={}, polls={"cancelling": polls}, **cancel)
    api.post(f"/v1/threads/{thread}/runs/{run}/cancel")

    assert api.poll(thread, run) == [*statuses, last]


@pytest.mark.parametrize("clock", ["skip", "real"])
def test_a_response_is_cancelled_at_once_all_the_same(clock: str) -> None:
    api = InProcess({"settings": {"clock": clock, "polls": {"cancelling": 3}}, "turns": [{"steps": [SAY]}]})
    id = api.post("/v1/responses", {"model": "gpt-4o", "input": "Hi", "background": True}).json["id"]

    assert api.post(f"/v1/responses/{id}/cancel").json["status"] == "cancelled"
