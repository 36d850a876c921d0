"""Each habit with an application that breaks it and one that does not: the first is named, the second is silent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator.apis.review.calls import Calls
from emulator.apis.review.habits import HABITS, habit, habits_of
from emulator.base.habits import Habit
from tests.support import InProcess

LONG = "word " * 100
SCENARIO = f"""
version: 1
name: shop
given:
  assistants:
    - {{id: asst_shop, model: gpt-4o, tools: [{{type: function, function: {{name: list_orders}}}}]}}
turns:
  - when: {{message: orders}}
    steps:
      - call: {{list_orders: {{}}}}
      - say: Here they are.
  - when: {{message: essay}}
    steps:
      - say: {LONG}
  - when: {{message: slow}}
    steps:
      - hold: slow
  - steps:
      - say: Hello!
"""
App = Callable[[InProcess], object]


def thread(api: InProcess, **body: Any) -> str:
    return str(api.post("/v1/threads", body).json["id"])


def ask(api: InProcess, thread: str, text: str = "Hi", *, polls: int = 2, user: str = "", **body: Any) -> Any:
    message = {"role": "user", "content": text} | ({"metadata": {"user_id": user}} if user else {})
    api.post(f"/v1/threads/{thread}/messages", message)
    run = api.post(f"/v1/threads/{thread}/runs", {"assistant_id": "asst_shop", **body})
    for _ in range(0 if body.get("stream") else polls):
        api.get(f"/v1/threads/{thread}/runs/{run.json['id']}")
    return None if body.get("stream") else run.json


def for_each(api: InProcess, act: Callable[[int], object], times: int = 3) -> None:
    for number in range(times):
        act(number)


def delete(api: InProcess, *paths: str) -> None:
    for path in paths:
        assert api.delete(f"/v1/{path}").status == 200


def output(api: InProcess, size: int) -> None:
    run = ask(api, thread(api), "My orders")
    path = f"/v1/threads/{run['thread_id']}/runs/{run['id']}"
    (call,) = api.get(path).json["required_action"]["submit_tool_outputs"]["tool_calls"]
    sent = {"tool_outputs": [{"tool_call_id": call["id"], "output": "x" * size}]}
    assert api.post(f"{path}/submit_tool_outputs", sent).status == 200


def keep_nothing(api: InProcess) -> None:
    store = api.post("/v1/vector_stores", {}).json["id"]
    conversation = api.post("/v1/conversations", {}).json["id"]
    delete(api, f"threads/{thread(api)}", f"vector_stores/{store}", f"conversations/{conversation}")
    api.post("/v1/vector_stores", {"expires_after": {"anchor": "last_active_at", "days": 1}})


def ask_both(api: InProcess, one: str) -> None:
    ask(api, one, user="ada")
    ask(api, one, user="bob")


def refused_run(api: InProcess) -> None:
    one = thread(api)
    ask(api, one, "slow", polls=1)
    ask(api, one, polls=0)


def waits(api: InProcess) -> None:
    one = thread(api)
    ask(api, one)
    ask(api, one)


#: By habit: a bad application, what is said of it, and a good one.
APPS: dict[str, tuple[App, str, App]] = {
    "reuse_assistants": (
        lambda api: for_each(api, lambda _: api.post("/v1/assistants", {"model": "gpt-4o", "name": "Shop"})),
        "3 assistants with the same configuration (Shop) were created",
        lambda api: for_each(api, lambda n: api.post("/v1/assistants", {"model": "gpt-4o", "name": f"Shop {n}"})),
    ),
    "one_thread_a_user": (
        lambda api: for_each(api, lambda _: ask(api, thread(api))),
        "3 threads were created for one message each",
        lambda api: for_each(api, lambda n: ask(api, thread(api, metadata={"user_id": f"user {n}"}))),
    ),
    "one_thread_a_user, shared": (
        lambda api: ask_both(api, thread(api)),
        "has messages of ada, bob",
        lambda api: [ask(api, thread(api), user="ada"), ask(api, thread(api), user="bob")],
    ),
    "check_active_runs": (refused_run, "2 requests were refused, as a run was active on thread_", waits),
    "stream": (
        lambda api: ask(api, thread(api), "An essay"),
        "an answer of 499 characters was not streamed",
        lambda api: ask(api, thread(api), "An essay", stream=True),
    ),
    "bound_polling": (
        lambda api: ask(api, thread(api), "slow", polls=150),
        "was polled 150 times",
        lambda api: ask(api, thread(api), "slow", polls=20),
    ),
    "clean_up": (lambda api: thread(api), "1 thread was created and not deleted", keep_nothing),
    "small_outputs": (
        lambda api: output(api, 450_000),
        "outputs of 450,000 of at most 512,000 bytes were submitted",
        lambda api: output(api, 4_000),
    ),
}


def found(app: App, kind: str, tmp_path: Path) -> list[Habit]:
    path = tmp_path / "shop.yaml"
    path.write_text(SCENARIO)
    api = InProcess(path)
    app(api)
    return [one for one in habits_of(Calls(api.world)) if one.kind == kind]


@pytest.mark.parametrize("name", APPS)
def test_the_bad_application_is_named_and_the_good_one_is_not(name: str, tmp_path: Path) -> None:
    bad, words, good = APPS[name]
    kind = name.partition(",")[0]
    (one,) = found(bad, kind, tmp_path)
    assert words in one.message
    assert one.message.endswith(HABITS[kind].advice)
    assert one.requests
    assert found(good, kind, tmp_path) == []


def test_every_habit_has_an_application_here() -> None:
    assert {name.partition(",")[0] for name in APPS} == set(HABITS)


def test_a_habit_that_a_turn_shows_has_the_line_of_its_scenario(tmp_path: Path) -> None:
    (one,) = found(APPS["stream"][0], "stream", tmp_path)
    assert (Path(one.file or "").name, one.line) == ("shop.yaml", 12)
    assert str(one).startswith(f"{one.file}:12: an answer of 499 characters")


def test_habits_are_the_same_on_responses(tmp_path: Path) -> None:
    def app(api: InProcess) -> None:
        for _ in range(3):
            conversation = api.post("/v1/conversations", {}).json["id"]
            api.post("/v1/responses", {"model": "gpt-4o", "input": "An essay", "conversation": conversation})

    assert len(found(app, "stream", tmp_path)) == 3
    assert len(found(app, "one_thread_a_user", tmp_path)) == 1
    assert len(found(app, "clean_up", tmp_path)) == 1


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="there is a habit 'stream' already"):
        habit("stream", "")(lambda calls: [])


def test_a_habit_survives_json() -> None:
    one = Habit("stream", "words", "a.yaml", 3, "run_1", (1, 2))
    assert Habit.from_json(one.as_json()) == one
