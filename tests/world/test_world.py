"""Worlds: one or one a key, their settings, the choice of turns, and what ``check()`` reports."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from openai import AsyncOpenAI

from emulator import Emulator
from emulator.base.problems import EmulatorError, Problem, ScenarioError
from emulator.scenarios.loading import load_scenario, parse_scenario
from emulator.world.options import Options
from emulator.world.world import World
from emulator.world.worlds import Worlds
from tests.conftest import Emulate
from tests.support import Api, InProcess

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def problems(api: InProcess) -> list[Problem]:
    return api.world.check()


def played(api: Api, text: str = "Hi", **run: Any) -> Any:
    """A run on a new thread, polled to its rest."""
    thread = api.thread(text)
    id = api.run(thread, api.assistant(tools=[WEATHER], name="Bot"), **run).json["id"]
    api.poll(thread, id)
    return api.get(f"/v1/threads/{thread}/runs/{id}").json


def submitted(api: Api, run: Any, output: str) -> Any:
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = [{"tool_call_id": call["id"], "output": output} for call in calls]
    path = f"/v1/threads/{run['thread_id']}/runs/{run['id']}"
    api.post(f"{path}/submit_tool_outputs", {"tool_outputs": outputs})
    api.poll(run["thread_id"], run["id"])
    return api.get(path).json


def said(api: Api, run: Any) -> str:
    text: str = api.get(f"/v1/threads/{run['thread_id']}/messages").json["data"][0]["content"][0]["text"]["value"]
    return text


# ---- Worlds ----


@pytest.mark.parametrize(("mode", "same"), [("one", True), ("key", False)])
def test_worlds_are_one_for_all_keys_or_one_a_key(emulate: Emulate, mode: str, same: bool) -> None:
    emulator = emulate(worlds=mode)
    one, other = Api(emulator.url, "sk-one"), Api(emulator.url, "sk-other")
    try:
        assistant = one.assistant()
        assert (other.get(f"/v1/assistants/{assistant}").status == 200) is same
    finally:
        one.close()
        other.close()


def test_nothing_in_an_answer_depends_on_the_key(emulate: Emulate) -> None:
    emulator = emulate(worlds="key")
    clients = [Api(emulator.url, key) for key in ("sk-one", "sk-other")]
    answers = [client.post("/v1/threads", {}).body for client in clients]
    for client in clients:
        client.close()

    assert answers[0] == answers[1]


def test_a_reset_reaches_one_world_only() -> None:
    worlds = Worlds(mode="key")
    one, other = worlds.of("one"), worlds.of("other")

    worlds.reset("one", {})

    assert worlds.of("one") is not one
    assert worlds.of("other") is other


def test_a_thousand_empty_worlds_hold_nothing() -> None:
    worlds = Worlds(mode="key")

    assert all(worlds.of(str(number)).store.is_empty() for number in range(1000))


async def _drive(client: AsyncOpenAI, assistant: str, name: str) -> list[Any]:
    """The run of one thread, as its client sees it."""
    thread = await client.beta.threads.create(messages=[{"role": "user", "content": name}])
    run = await client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant)
    statuses = [run.status]
    while run.status in ("queued", "in_progress"):
        run = await client.beta.threads.runs.retrieve(run.id, thread_id=thread.id)
        statuses.append(run.status)
    events = []
    async with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant) as stream:
        async for event in stream:
            events.append(event.event)
    messages = await client.beta.threads.messages.list(thread.id)
    texts = [message.content[0].text.value for message in messages.data if message.content[0].type == "text"]
    return [statuses, events, texts]


def test_ten_threads_at_once_each_see_what_they_would_see_alone(emulate: Emulate) -> None:
    emulator = emulate({"turns": [{"steps": [{"say": "Hello, {{ message }}!"}]}]})

    async def drive(numbers: list[int]) -> list[list[Any]]:
        async with AsyncOpenAI(base_url=emulator.base_url, api_key="sk-one") as client:
            assistant = await client.beta.assistants.create(model="gpt-4o")
            return await asyncio.gather(*(_drive(client, assistant.id, f"client {n}") for n in numbers))

    together = asyncio.run(drive(list(range(10))))
    alone = [asyncio.run(drive([number]))[0] for number in range(10)]

    assert together == alone
    assert [len(statuses) for statuses, *_ in together] == [3] * 10


# ---- Choice of turns ----


def test_the_first_turn_that_fits_and_is_not_used_up_is_played() -> None:
    api = InProcess(
        {
            "turns": [
                {"when": {"message": "weather"}, "times": 1, "steps": [{"say": "first"}]},
                {"when": {"message": "weather"}, "steps": [{"say": "second"}]},
                {"steps": [{"say": "any"}]},
            ]
        }
    )

    answers = [said(api, played(api, text)) for text in ("The weather?", "WEATHER", "weather", "Hello")]

    assert answers == ["first", "second", "second", "any"]


def test_files_loaded_later_take_precedence_and_a_known_name_is_replaced() -> None:
    api = InProcess({"name": "base", "turns": [{"steps": [{"say": "base"}]}]})
    answers = [said(api, played(api))]
    for name, text in (("more", "more"), ("base", "other base"), ("more", "other more")):
        api.post("/_emulator/scenarios", {"name": name, "turns": [{"steps": [{"say": text}]}]})
        answers.append(said(api, played(api)))

    assert answers == ["base", "more", "other base", "other more"]


@pytest.mark.parametrize(
    ("scenario", "options", "status"),
    [
        ({}, {}, "completed"),
        ({"settings": {"unmatched": "fail"}}, {}, "failed"),
        ({"turns": [{"when": {"message": "x"}, "steps": []}]}, {}, "failed"),
        ({"turns": [{"when": {"message": "x"}, "steps": []}]}, {"unmatched": "improvise"}, "completed"),
        (
            {"settings": {"unmatched": "improvise"}, "turns": [{"when": {"message": "x"}, "steps": []}]},
            {"unmatched": "fail"},
            "failed",
        ),
    ],
    ids=["no turn", "said by settings", "has turns", "said by option", "option beats settings"],
)
def test_an_unmatched_run_fails_or_is_improvised(scenario: Any, options: Any, status: str) -> None:
    api = InProcess(scenario, **options)

    assert played(api)["status"] == status
    assert [problem.kind for problem in problems(api)] == ["unmatched"] * (status == "failed")


def test_an_improvised_answer_is_the_same_for_the_same_seed_alone() -> None:
    answers = [said(api, played(api)) for api in (InProcess(seed=seed) for seed in (1, 1, 2))]

    assert answers[0] == answers[1] != answers[2]


def test_an_unmatched_run_tells_the_nearest_turns_and_what_did_not_fit() -> None:
    api = InProcess(
        {
            "turns": [
                {"name": "rain", "when": {"message": "rain"}, "steps": []},
                {"name": "storm", "when": {"message": "weather", "model": "gpt-9"}, "steps": []},
                {"name": "once", "when": {"message": "weather"}, "times": 1, "steps": []},
            ]
        }
    )
    played(api, "weather {now}")

    run = played(api, "weather {now}")

    why = (
        "'once': it was played 1 of 1 times; 'storm': model: expected 'gpt-9', got 'gpt-4o'; "
        "'rain': message: expected 'rain', got 'weather {now}'"
    )
    assert run["last_error"] == {"code": "server_error", "message": f"No turn fits: {why}"}
    assert why in problems(api)[0].message


# ---- What check() reports ----


@pytest.mark.parametrize(
    ("steps", "kind", "words"),
    [
        ([{"call": {"nothing": {}}}], "impossible", "the run cannot call 'nothing': it has get_weather"),
        ([{"call": {"get_weather": {}}}], "impossible", "'city' is a required property"),
        ([{"say": "{{ nobody }}"}], "template", "'nobody' is undefined"),
        ([{"say": {"text": "{{ message }}!", "chunks": ["a"]}}], "chunks", "the chunks join to 'a', but the text is"),
    ],
    ids=["no such function", "bad arguments", "undefined name", "chunks"],
)
def test_a_step_that_cannot_be_played_fails_the_run_and_is_a_problem(steps: Any, kind: str, words: str) -> None:
    api = InProcess({"turns": [{"name": "bad", "steps": steps}]})

    run = played(api)

    (problem,) = problems(api)
    assert (run["status"], run["last_error"]["code"], problem.kind) == ("failed", "server_error", kind)
    assert words in problem.message
    assert words in run["last_error"]["message"]


def test_raw_arguments_can_be_broken() -> None:
    api = InProcess({"turns": [{"steps": [{"call": {"get_weather": '{"city": '}}]}]})
    call = played(api)["required_action"]["submit_tool_outputs"]["tool_calls"][0]

    assert call["function"]["arguments"] == '{"city": '
    assert problems(api) == []


def test_outputs_that_break_expect_are_a_problem_and_the_run_goes_on() -> None:
    expected = {"type": "object", "required": ["celsius"]}
    call = {"call": {"get_weather": {"city": "Rome"}}, "expect": {"get_weather": expected}}
    api = InProcess({"turns": [{"name": "weather", "steps": [call, {"say": "{{ get_weather }}"}]}]})

    run = submitted(api, played(api), "warm")

    (problem,) = problems(api)
    assert (run["status"], said(api, run)) == ("completed", "warm")
    assert problem.kind == "expect"
    assert problem.message.endswith("the output of 'get_weather' is not as expected: 'warm' is not of type 'object'")


def test_templates_see_outputs_by_name_parsed_and_keep_lone_values() -> None:
    steps = [
        {"call": {"get_weather": {"city": "Rome"}}},
        {"call": [{"get_weather": {"city": "{{ outputs[0].arguments.city }}"}}]},
        {"say": "{{ get_weather.celsius }} after {{ outputs | length }} calls in {{ outputs[0].arguments.city }}"},
    ]
    api = InProcess({"turns": [{"steps": steps}]})

    run = submitted(api, submitted(api, played(api), '{"celsius": 20}'), '{"celsius": 21}')

    assert said(api, run) == "21 after 2 calls in Rome"


def test_times_is_demanded_once_a_run_was_created() -> None:
    api = InProcess({"turns": [{"name": "twice", "times": 2, "steps": []}]})
    untouched = problems(api)

    played(api)

    assert untouched == []
    assert [problem.message for problem in problems(api)] == ["turn 'twice' was played 1 of 2 times"]


def test_an_exception_of_ours_in_a_step_is_a_problem_with_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    api = InProcess({"turns": [{"steps": [{"say": "Hi"}]}]})
    monkeypatch.setattr("emulator.scenarios.steps.citations.cut", lambda *_: 1 / 0)

    run = played(api)

    (problem,) = problems(api)
    assert (run["status"], problem.kind) == ("failed", "internal")
    assert "ZeroDivisionError" in problem.message


# ---- Settings and given objects ----


def test_scenarios_that_disagree_are_refused_unless_an_option_decides() -> None:
    one = load_scenario({"name": "one", "settings": {"seed": 1}})
    two = load_scenario({"name": "two", "settings": {"seed": 2}})

    with pytest.raises(ScenarioError, match=r"settings\.seed is 2 here, but 1 in .*; they must agree"):
        World(Options(), (one, two))
    assert World(Options(seed=3), (one, two)).ids.seed == 3


def test_foundations_cannot_change_once_requests_have_made_objects() -> None:
    api = InProcess()
    seeded = {"name": "seeded", "settings": {"seed": 5, "start": "2030-01-01T00:00:00Z"}}
    assert api.post("/_emulator/scenarios", seeded).status == 200
    assert api.world.clock.now() == 1893456000
    api.thread()

    refused = api.post("/_emulator/scenarios", {"name": "late", "settings": {"clock": "real"}})

    assert (refused.status, refused.json["error"]["message"]) == (
        400,
        "<posted>: clock cannot change once requests have made objects; reset first",
    )
    assert [one.name for one in api.world.scenarios] == ["seeded"]


def test_given_objects_are_there_before_the_first_request() -> None:
    api = InProcess(
        {
            "given": {
                "assistants": [{"id": "my assistant", "model": "gpt-4o", "instructions": "Be brief."}],
                "threads": [
                    {
                        "id": "thread_given",
                        "metadata": {"user": "u1"},
                        "messages": [{"id": "msg_given", "role": "user", "content": "Hello"}],
                        "runs": [
                            {"id": "run_given", "assistant_id": "my assistant", "status": "failed"},
                            {"id": "run_done", "assistant_id": "my assistant", "usage": {"total_tokens": 3}},
                        ],
                    }
                ],
            },
            "turns": [{"when": {"run": 3, "thread": {"metadata": {"user": "u1"}}}, "steps": [{"say": "Hi"}]}],
        }
    )

    assert api.run("thread_given", "my assistant").json["status"] == "queued"

    assert api.get("/v1/assistants/my%20assistant").json["instructions"] == "Be brief."
    assert api.get("/v1/threads/thread_given/messages/msg_given").json["content"][0]["text"]["value"] == "Hello"
    given = api.get("/v1/threads/thread_given/runs?order=asc").json["data"]
    assert [one["status"] for one in given] == ["failed", "completed", "completed"]
    assert (given[0]["failed_at"], given[1]["usage"]["total_tokens"]) == (1767225600, 3)


def test_a_baseline_outlives_resets_and_what_came_after_it_does_not() -> None:
    api = InProcess({"turns": [{"steps": [{"say": "Hi"}]}]})
    kept, thread = api.assistant(), api.thread("Hi")
    api.poll(thread, api.run(thread, kept).json["id"])
    api.post("/_emulator/baseline")
    gone = api.assistant()

    api.post("/_emulator/reset", {"seed": 9})

    assert api.get(f"/v1/assistants/{kept}").status == 200
    assert api.get(f"/v1/assistants/{gone}").status == 404
    assert len(api.get(f"/v1/threads/{thread}/messages").json["data"]) == 2
    assert api.assistant() not in (kept, gone)


def test_a_baseline_cannot_hold_a_run_that_is_under_way() -> None:
    api = InProcess()
    thread = api.thread("Hi")
    run = api.run(thread, api.assistant()).json["id"]

    refused = api.post("/_emulator/baseline")

    assert refused.json["error"]["message"] == f"a baseline cannot hold runs that are under way: {run}"


# ---- What cannot be must not break what is there ----


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"start": "yesterday"}, "start: expected 'now' or a date and time as 2026-01-01T00:00:00Z; got \"yesterday\""),
        ({"start": "9999-12-31T23:59:59Z"}, "from 1970 to 9990"),
        ({"start": "0001-01-01T00:00:00+12:00"}, "from 1970 to 9990"),
        ({"clock": "rael"}, "clock: expected one of: skip, real; got \"rael\"; did you mean 'real'?"),
        ({"seed": 1.5}, "seed: expected"),
    ],
)
def test_options_that_cannot_be_are_refused_by_both_doors(emulate: Emulate, options: Any, words: str) -> None:
    with pytest.raises(EmulatorError, match=re.escape(words)):
        Emulator(**options)
    emulator = emulate()
    with pytest.raises(EmulatorError, match=re.escape(words)):
        emulator.reset(**options)
    assert emulator.state()["settings"] == {}


def test_a_changed_file_that_goes_with_nothing_does_not_reach_worlds_to_come() -> None:
    one, other, changed = (
        parse_scenario(f"version: 1\nname: {name}\nsettings: {{seed: {seed}}}\n", f"{name}.yaml")
        for name, seed in (("a", 1), ("b", 1), ("a", 2))
    )
    worlds = Worlds(scenarios=(one, other))
    (refusal,) = worlds.reload(changed)
    assert "they must agree" in refusal
    worlds.reset("key", {})
    assert worlds.of("key").settings["seed"] == 1


def test_a_baseline_gives_way_to_another_start() -> None:
    worlds = Worlds()
    worlds.keep("key")
    worlds.reset("key", {"start": "2020-01-01T00:00:00Z"})
    assert worlds.of("key").clock.now() == 1577836800


def test_a_baseline_remembers_scenarios_without_a_name() -> None:
    worlds = Worlds()
    worlds.of("key").load(parse_scenario("version: 1\n", "<posted>"))
    worlds.keep("key")
    worlds.reset("key", {})
    worlds.of("key").load(parse_scenario("version: 1\n", "<posted>"))
    assert len(worlds.of("key").scenarios) == 2


def test_loading_does_not_turn_time_back() -> None:
    world = World(Options())
    world.clock.move_to(1767229200)
    world.load(parse_scenario("version: 1\n", "a.yaml"))
    assert world.clock.now() == 1767229200
    world.load(parse_scenario("version: 1\nsettings: {start: 2026-01-01T00:00:00Z}\n", "b.yaml"))
    assert world.clock.now() == 1767225600


def test_a_run_ends_with_a_thread_that_is_given_anew() -> None:
    scenario = {
        "name": "given",
        "given": {"threads": [{"id": "thread_given", "messages": [{"role": "user", "content": "Hi"}]}]},
        "turns": [{"steps": [{"say": "Hello"}]}],
    }
    api = InProcess(scenario)
    assert api.run("thread_given", api.assistant()).json["status"] == "queued"
    api.world.load(load_scenario(scenario))
    assert api.world.active == {}
    assert api.run("thread_given", api.assistant()).json["status"] == "queued"
