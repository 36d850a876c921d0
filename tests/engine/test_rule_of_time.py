"""Who moves a run, and how far (DESIGN.md, the rule of time)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from emulator.engine.turn_engine import TurnEngine
from tests.support import Api, InProcess

WEATHER = {"type": "function", "function": {"name": "get_weather"}}
HELLO = [{"say": "Hello!"}]
CALL: dict[str, Any] = {"call": {"get_weather": {}}}


def started(steps: list[dict[str, Any]], *, tools: Any = (WEATHER,), **turn: Any) -> tuple[InProcess, str, str]:
    """An emulator with one run under way: the client, the thread's id and the run's."""
    api = InProcess({"turns": [{"steps": steps, **turn}]})
    thread = api.thread("Hi")
    run = api.run(thread, api.assistant(tools=list(tools))).json
    assert run["status"] == "queued"
    return api, thread, run["id"]


def get_run(api: Api, thread: str, run: str) -> Any:
    return api.get(f"/v1/threads/{thread}/runs/{run}").json


def submit(api: Api, thread: str, run: str, output: str = "{}") -> Any:
    calls = get_run(api, thread, run)["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = [{"tool_call_id": call["id"], "output": output} for call in calls]
    return api.post(f"/v1/threads/{thread}/runs/{run}/submit_tool_outputs", {"tool_outputs": outputs})


# ---- Polls, with the skip clock ----


@pytest.mark.parametrize(
    ("polls", "statuses"),
    [
        ({}, ["in_progress", "completed"]),
        ({"in_progress": 0}, ["completed"]),
        ({"in_progress": 3}, ["in_progress"] * 3 + ["completed"]),
        ({"queued": 1}, ["queued", "in_progress", "completed"]),
        ({"queued": 2, "in_progress": 0}, ["queued", "queued", "completed"]),
    ],
)
def test_the_turn_says_how_many_polls_see_a_status(polls: dict[str, int], statuses: list[str]) -> None:
    api, thread, run = started(HELLO, polls=polls)

    assert api.poll(thread, run) == statuses


def test_polls_count_anew_after_tool_outputs() -> None:
    api, thread, run = started([CALL, *HELLO], polls={"queued": 1, "in_progress": 2})
    first = api.poll(thread, run)
    submit(api, thread, run)

    assert (first, api.poll(thread, run)) == (
        ["queued", "in_progress", "in_progress", "requires_action"],
        ["queued", "in_progress", "in_progress", "completed"],
    )


def test_settings_give_the_polls_of_all_turns() -> None:
    api = InProcess({"settings": {"polls": {"in_progress": 0}}, "turns": [{"steps": HELLO}]})
    thread = api.thread("Hi")

    assert api.poll(thread, api.run(thread, api.assistant()).json["id"]) == ["completed"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/threads/{thread}/runs/{run}",
        "/v1/threads/{thread}/runs",
        "/v1/threads/{thread}/runs/{run}/steps",
        "/v1/threads/{thread}/messages",
    ],
)
def test_a_poll_moves_the_run_one_status_and_then_responds(path: str) -> None:
    api, thread, run = started(HELLO)

    api.get(path.format(thread=thread, run=run))
    after_one = api.turns[run].status
    api.get(path.format(thread=thread, run=run))

    assert (after_one, api.turns[run].status) == ("in_progress", "completed")


def test_polls_of_one_message_or_step_move_the_run_too() -> None:
    api, thread, run = started([{"say": "One"}, CALL, {"say": "Two"}])
    api.poll(thread, run)
    submit(api, thread, run)
    message = api.get(f"/v1/threads/{thread}/messages?order=asc").json["data"][0]["id"]
    step = api.get(f"/v1/threads/{thread}/runs/{run}/steps").json["data"][0]["id"]
    assert api.turns[run].status == "completed"
    api, thread, run = started([{"say": "One"}, CALL, {"say": "Two"}])
    api.poll(thread, run)
    submit(api, thread, run)

    api.get(f"/v1/threads/{thread}/messages/{message}")
    after_message = api.turns[run].status
    api.get(f"/v1/threads/{thread}/runs/{run}/steps/{step}")

    assert (after_message, api.turns[run].status) == ("in_progress", "completed")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/threads/{thread}"),
        ("POST", "/v1/threads/{thread}"),
        ("GET", "/v1/assistants"),
        ("GET", "/_emulator/runs"),
        ("GET", "/_emulator/state"),
        ("GET", "/_emulator/check"),
        ("GET", "/_emulator/requests"),
        ("POST", "/v1/threads/{thread}/messages"),
    ],
)
def test_nothing_else_moves_a_run(method: str, path: str) -> None:
    api, thread, run = started(HELLO)

    api.request(method, path.format(thread=thread))

    assert api.turns[run].status == "queued"


def test_a_list_of_runs_moves_only_those_on_its_page() -> None:
    api, thread, first = started(HELLO)
    api.poll(thread, first)
    second = api.run(thread, api.assistant()).json["id"]

    api.get(f"/v1/threads/{thread}/runs?order=asc&limit=1")
    before = api.turns[second].status
    shown = api.get(f"/v1/threads/{thread}/runs?limit=1").json["data"][0]

    assert (before, shown["id"], shown["status"]) == ("queued", second, "in_progress")


# ---- Time ----


def test_each_change_of_status_takes_a_second_and_a_wait_its_seconds() -> None:
    api, thread, run = started([{"wait": 30}, *HELLO])
    api.poll(thread, run)
    done = get_run(api, thread, run)
    start = done["created_at"]

    assert {key: done[key] - start for key in ("started_at", "completed_at")} == {"started_at": 1, "completed_at": 32}


def test_the_date_header_shows_the_worlds_clock() -> None:
    api = InProcess()

    assert api.get("/v1/models").headers["date"] == "Thu, 01 Jan 2026 00:00:00 GMT"


def test_a_runs_own_waits_can_expire_it() -> None:
    api, thread, run = started([{"wait": 599}, {"wait": 1}, *HELLO])
    statuses = api.poll(thread, run)

    assert statuses[-1] == "expired"
    assert api.world.clock.now() == get_run(api, thread, run)["created_at"] + 600


def test_jumps_of_other_runs_expire_nothing() -> None:
    api, thread, waiting = started([CALL], when={"message": "Hi"})
    api.poll(thread, waiting)
    api.world.clock.move_to(api.world.clock.now() + 10_000)

    assert get_run(api, thread, waiting)["status"] == "requires_action"


def test_advance_plays_and_expires_what_becomes_due_in_order_of_time() -> None:
    api, _, run = started([{"wait": 100}, *HELLO])
    other = api.thread("Hi")
    blocked = api.run(other, api.assistant(tools=[WEATHER])).json["id"]

    statuses = []
    for seconds in (0.5, 0.5, 99, 1, 1, 500):
        api.post("/_emulator/clock/advance", {"seconds": seconds})
        statuses.append(api.turns[run].status)

    assert statuses == ["queued", "in_progress", "in_progress", "in_progress", "completed", "completed"]
    assert api.turns[blocked].status == "completed"


@pytest.mark.parametrize("meanwhile", ["delete", "cancel", "poll", "advance", "another run", "nothing"])
def test_requests_between_two_things_that_become_due(meanwhile: str) -> None:
    """Where much becomes due at once, other requests of the key are handled before all has happened."""
    api, thread, run = started([{"wait": 100}, *HELLO])
    assistant, other = api.assistant(tools=[WEATHER]), api.thread("Hi")
    second = api.run(other, assistant).json["id"]
    engine, until = TurnEngine(api.world), api.world.clock.now() + 500
    playing = engine.playing_until(until)
    first_of_all = list(itertools.islice(playing, 4))
    assert len(first_of_all) == 4
    requests: dict[str, Callable[[], object]] = {
        "delete": lambda: api.delete(f"/v1/threads/{thread}"),
        "cancel": lambda: api.post(f"/v1/threads/{thread}/runs/{run}/cancel"),
        "poll": lambda: api.poll(thread, run),
        "advance": lambda: api.post("/_emulator/clock/advance", {"seconds": 1_000}),
        "another run": lambda: api.run(api.thread("Hi"), assistant),
        "nothing": lambda: None,
    }
    requests[meanwhile]()
    for _ in playing:
        continue
    assert api.turns[second].status == "completed"
    ended = {"delete": ("queued", "in_progress"), "cancel": ("cancelled", "cancelling")}
    assert api.turns[run].status in ended.get(meanwhile, ("completed",))
    assert api.world.check() == []


def test_a_run_that_ends_while_its_hold_is_opened() -> None:
    api, thread, run = started([*HELLO, {"hold": "x"}, *HELLO])
    api.poll(thread, run, times=2)
    opening = TurnEngine(api.world).releasing("x")
    next(opening)
    api.delete(f"/v1/threads/{thread}")
    for _ in opening:
        continue
    assert api.world.active == {}
    assert api.world.check() == []


def test_advance_expires_a_run_that_waits_for_outputs() -> None:
    api, thread, run = started([CALL, *HELLO])
    api.poll(thread, run)

    api.post("/_emulator/clock/advance", {"seconds": 597})
    before = api.turns[run].status
    api.post("/_emulator/clock/advance", {"seconds": 1})

    assert (before, api.turns[run].status) == ("requires_action", "expired")
    step = api.get(f"/v1/threads/{thread}/runs/{run}/steps").json["data"][0]
    assert (step["status"], step["expires_at"]) == ("expired", None)


def test_an_apps_own_sleeping_poll_loop_is_served_by_advance() -> None:
    api, thread, run = started([{"wait": 5}, *HELLO], polls={"in_progress": 1_000})
    slept = 0
    while get_run(api, thread, run)["status"] != "completed":
        api.post("/_emulator/clock/advance", {"seconds": 1})
        slept += 1

    assert slept == 6


def test_expire_after_a_call_is_found_by_the_next_request_that_names_the_run() -> None:
    api, thread, run = started([CALL, {"expire": True}])
    assert api.poll(thread, run)[-1] == "requires_action"
    api.get(f"/v1/threads/{thread}/messages")
    call = api.required_calls(run)[0]["id"]

    late = api.post(
        f"/v1/threads/{thread}/runs/{run}/submit_tool_outputs", {"tool_outputs": [{"tool_call_id": call, "output": ""}]}
    )

    assert late.error[1] == 'Runs in status "expired" do not accept tool outputs.'


# ---- Cancelling ----


@pytest.mark.parametrize("polls", [0, 1])
def test_a_cancelled_run_is_cancelling_and_at_the_next_poll_cancelled(polls: int) -> None:
    api, thread, run = started(HELLO)
    for _ in range(polls):
        get_run(api, thread, run)

    cancelling = api.post(f"/v1/threads/{thread}/runs/{run}/cancel").json

    assert (cancelling["status"], cancelling["cancelled_at"]) == ("cancelling", None)
    cancelled = get_run(api, thread, run)
    assert cancelled["status"] == "cancelled"
    assert cancelled["cancelled_at"] == api.world.clock.now()
    assert cancelled["expires_at"] is None


def test_a_run_that_waits_for_outputs_can_be_cancelled_with_its_step() -> None:
    api, thread, run = started([CALL, *HELLO])
    api.poll(thread, run)

    api.post(f"/v1/threads/{thread}/runs/{run}/cancel")

    assert get_run(api, thread, run)["status"] == "cancelled"
    assert api.get(f"/v1/threads/{thread}/runs/{run}/steps").json["data"][0]["status"] == "cancelled"


@pytest.mark.parametrize(
    ("steps", "rest"),
    [
        (HELLO, "completed"),
        ([{"fail": "server_error"}], "failed"),
        ([{"incomplete": "content_filter"}], "incomplete"),
        ([{"expire": True}], "expired"),
        ([CALL], "requires_action"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("polls", [0, 1])
def test_a_late_cancel_loses(steps: list[dict[str, Any]], rest: str, polls: int) -> None:
    api, thread, run = started(steps, cancel="late")
    for _ in range(polls):
        get_run(api, thread, run)

    cancelling = api.post(f"/v1/threads/{thread}/runs/{run}/cancel").json["status"]

    assert (cancelling, api.poll(thread, run)) == ("cancelling", [rest])
    assert get_run(api, thread, run)["started_at"] is not None


def test_a_cancelled_run_frees_its_thread() -> None:
    api, thread, run = started(HELLO)
    api.post(f"/v1/threads/{thread}/runs/{run}/cancel")
    busy = api.post(f"/v1/threads/{thread}/messages", {"role": "user", "content": "More"})
    get_run(api, thread, run)

    free = api.post(f"/v1/threads/{thread}/messages", {"role": "user", "content": "More"})

    assert (busy.status, free.status) == (400, 200)


# ---- Polled and streamed ----


@pytest.mark.parametrize(
    "steps",
    [
        HELLO,
        [{"say": "One"}, {"say": "Two"}],
        [{"wait": 3}, *HELLO],
        [{"refuse": "No."}],
        [{"say": "Well,"}, {"fail": "server_error"}],
        [{"say": {"text": "Well", "chunks": "chars"}}, {"incomplete": "max_completion_tokens"}],
        [{"say": "Well,"}, {"expire": True}],
        [{"say": "{{ fake.sentence() }} {{ message }}"}],
        [CALL, {"say": "{{ get_weather }}"}],
        [CALL, CALL, *HELLO],
    ],
    ids=str,
)
def test_polled_and_streamed_runs_end_in_the_same_objects(steps: list[dict[str, Any]]) -> None:
    ends = [_played(steps, stream=stream) for stream in (False, True)]

    assert ends[0] == ends[1]


def _played(steps: list[dict[str, Any]], *, stream: bool) -> list[Any]:
    """All that a client can read after a run, its tool outputs submitted as the run requires them."""
    api = InProcess({"turns": [{"steps": steps}]}, seed=3)
    thread, assistant = api.thread("Hi"), api.assistant(tools=[WEATHER])
    reply = api.run(thread, assistant, stream=stream)
    run = reply.events[0].json()["id"] if stream else reply.json["id"]
    for number in itertools.count():
        if not stream:
            api.poll(thread, run)
        if api.turns[run].status != "requires_action":
            break
        calls = api.required_calls(run)
        outputs = [{"tool_call_id": call["id"], "output": f"{number}"} for call in calls]
        path = f"/v1/threads/{thread}/runs/{run}/submit_tool_outputs"
        api.post(path, {"tool_outputs": outputs, "stream": stream})
    lists = (f"/v1/threads/{thread}/{rest}" for rest in ("messages", f"runs/{run}", f"runs/{run}/steps"))
    return [*(api.get(path).body for path in lists), api.turns[run].as_json(), api.world.clock.now()]


def test_usage_is_the_sum_over_the_run_steps() -> None:
    api, thread, run = started([{"say": "One"}, CALL, {"say": "Two"}])
    api.poll(thread, run)
    submit(api, thread, run)
    api.poll(thread, run)
    steps = api.get(f"/v1/threads/{thread}/runs/{run}/steps").json["data"]
    usage = get_run(api, thread, run)["usage"]

    for key in ("prompt_tokens", "completion_tokens", "total_tokens"):
        assert usage[key] == sum(step["usage"][key] for step in steps) > 0


@pytest.mark.parametrize(
    ("steps", "turn", "usage"),
    [
        ([{"say": "Hi"}], {"usage": {"prompt_tokens": 31, "completion_tokens": 12}}, (31, 12)),
        ([{"say": "Hi"}, {"say": "Ho"}], {"usage": {"prompt_tokens": 31, "completion_tokens": 12}}, (31, 12)),
        ([{"fail": "server_error"}], {"usage": {"prompt_tokens": 31, "completion_tokens": 12}}, (31, 12)),
        ([{"fail": "server_error"}], {}, (0, 0)),
        ([{"say": "Hi", "usage": {"prompt_tokens": 5, "completion_tokens": 1}}], {}, (5, 1)),
    ],
    ids=["of one step", "of two steps", "without a step", "nothing read", "beside the step"],
)
def test_stated_usage_is_shown(steps: Any, turn: Any, usage: tuple[int, int]) -> None:
    api, thread, run = started(steps, **turn)
    api.poll(thread, run)
    shown = get_run(api, thread, run)["usage"]

    assert (shown["prompt_tokens"], shown["completion_tokens"]) == usage
    assert shown["total_tokens"] == sum(usage)


@pytest.mark.parametrize("advanced", [0, 300, 500])
def test_a_wait_counts_from_where_it_began(advanced: int) -> None:
    api = InProcess({"turns": [{"steps": [{"wait": 400}, {"say": "Done"}]}]})
    thread = api.thread("Hi")
    run = api.run(thread, api.assistant()).json
    path = f"/v1/threads/{thread}/runs/{run['id']}"
    assert api.get(path).json["status"] == "in_progress"
    api.post("/_emulator/clock/advance", {"seconds": advanced})
    ended = next(one for one in (api.get(path).json for _ in range(3)) if one["status"] != "in_progress")
    assert (ended["status"], ended["completed_at"] - run["created_at"]) == ("completed", 402)
