"""Narrators: each knows all actions, and the core plays turns for any of them without loading an API."""

from __future__ import annotations

import subprocess
import sys
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from emulator.engine.narrator import Narrator
from emulator.engine.turn_engine import TurnEngine
from emulator.scenarios.steps import STEP_KINDS
from emulator.scenarios.steps.actions import (
    ACTIONS,
    Action,
    Began,
    Called,
    Cancelled,
    Completed,
    CutOff,
    Execution,
    Expired,
    Failed,
    FunctionCall,
    Held,
    PlainText,
    RanCode,
    Reasoned,
    Refused,
    Said,
    Search,
    Searched,
    Waited,
)
from emulator.world.state.state import State
from tests.apis.assistants.test_run_narrator import new_narrator
from tests.engine.toy_narrator import new_turn, play
from tests.support import ROOT

# ---- Every action ----

EXAMPLES: list[Action] = [
    Began(),
    Reasoned(["Hm"], [["Hm"]]),
    Said("Hi", ["Hi"], [], [], PlainText("Hi", ["Hi"], [])),
    Refused("No", ["No"]),
    Called([FunctionCall("get_weather", "{}", ["{}"])]),
    RanCode([Execution("1 + 1", ["1 + 1"], [])]),
    Searched([Search(["apples"], [])]),
    Waited(1),
    Held("here"),
    Completed(),
    Failed("server_error", "Sorry."),
    CutOff("content_filter"),
    Expired(),
    Cancelled(),
]
NARRATORS: dict[str, Callable[[], Narrator]] = {
    "assistants": lambda: new_narrator("sunny"),
    "toy": lambda: new_turn()[1],
}
#: Actions that an API does not show.
UNSEEN = {("assistants", Reasoned)}


def test_there_is_an_example_of_every_action() -> None:
    assert [type(example) for example in EXAMPLES] == list(ACTIONS)


@pytest.mark.parametrize("action", EXAMPLES, ids=lambda action: type(action).__name__)
@pytest.mark.parametrize("narrator", NARRATORS)
def test_a_narrator_knows_every_action(narrator: str, action: Action) -> None:
    narrated = list(NARRATORS[narrator]().narrate(action))
    assert bool(narrated) is not ((narrator, type(action)) in UNSEEN)


# ---- Every step, told by a toy ----

CALLS = 'calls get_weather {"city":"Paris"}'
TURNS: list[tuple[list[dict[str, Any]], list[str], str]] = [
    ([], [], "completed"),
    ([{"say": "{{ message }}"}, {"say": "Bye"}], ["says Hello", "says Bye"], "completed"),
    ([{"reason": {"summary": ["Hm.", "So."]}}, {"say": "Yes"}], ["reasons: Hm. So.", "says Yes"], "completed"),
    ([{"refuse": "No."}], ["refuses: No."], "completed"),
    (
        [{"call": {"get_weather": {"city": "Paris"}}}, {"say": "It is {{ get_weather }}."}],
        [CALLS, "rests", "reads sunny", "says It is sunny."],
        "completed",
    ),
    ([{"code": [{"input": "1 + 1"}, {"input": "2"}]}], ["runs 1 + 1", "runs 2"], "completed"),
    ([{"search": "auto"}, {"search": {"query": "x"}}], ["finds 1 for Hello", "finds 1 for x"], "completed"),
    ([{"wait": 3}, {"say": "Done"}], ["waits 3", "says Done"], "completed"),
    ([{"say": "Wait"}, {"hold": "here"}, {"say": "On"}], ["says Wait", "holds at here", "says On"], "completed"),
    ([{"say": "Well"}, {"fail": "server_error"}],
     ["says Well", "fails: server_error, Sorry, something went wrong."], "failed"),
    ([{"incomplete": "content_filter"}], ["is cut off: content_filter"], "incomplete"),
    ([{"expire": True}], ["waits to its expiry"], "expired"),
]  # fmt: skip


@pytest.mark.parametrize("streamed", [False, True], ids=["polled", "streamed"])
@pytest.mark.parametrize(("steps", "words", "status"), TURNS, ids=[str(steps) for steps, _, _ in TURNS])
def test_a_toy_plays_a_turn_to_its_end(
    steps: list[dict[str, Any]], words: list[str], status: str, streamed: bool
) -> None:
    world = State({})
    turn, narrator = new_turn(*steps)
    play(TurnEngine(world), turn, streamed=streamed)
    assert (narrator.words, turn.status) == (["begins", *words, "ends"], status)
    assert (world.active, list(world.turns), world.problems) == ({}, ["run_1"], [])


def test_the_toy_plays_every_step_kind() -> None:
    assert {kind for steps, _, _ in TURNS for step in steps for kind in step} == set(STEP_KINDS)


def test_a_wait_takes_its_seconds_and_each_change_of_status_one() -> None:
    world = State({})
    begun = world.clock.now()
    play(TurnEngine(world), new_turn({"wait": 3})[0], streamed=True)
    assert world.clock.now() == begun + 5


def test_a_toy_turn_is_cancelled_at_its_next_poll() -> None:
    world = State({})
    turn, narrator = new_turn({"say": "never said"})
    engine = TurnEngine(world)
    engine.start(turn)
    engine.cancel(turn)
    assert turn.status == "cancelling"
    engine.poll(turn)
    assert (narrator.words, turn.status, world.active) == (["begins", "ends"], "cancelled", {})


def test_a_turn_at_its_end_lets_go_of_what_has_played_it() -> None:
    turn, narrator = new_turn({"say": "Hello"})
    told, context = weakref.ref(narrator), weakref.ref(turn.context)
    play(TurnEngine(State({})), turn, streamed=True)
    del narrator
    assert (told(), context()) == (None, None)


def test_a_step_that_cannot_be_played_fails_a_toy_turn_and_is_a_problem() -> None:
    world = State({})
    turn, narrator = new_turn({"say": "Hi"}, {"call": {"get_stars": {}}})
    play(TurnEngine(world), turn, streamed=False)
    why = (
        "the run cannot call 'get_stars': it has get_weather; "
        "write `undeclared: true` beside the call if the model is to make it up"
    )
    assert narrator.words == ["begins", "says Hi", f"fails: server_error, {why}", "ends"]
    assert [(one.kind, one.message) for one in world.problems] == [("impossible", f"turn 'turn 1', run_1: {why}")]


# ---- The core alone ----

#: Plays a turn with the toy, and prints the modules of APIs that this has loaded.
ALONE = """
import sys
import emulator.scenarios.loading, emulator.world.world
from emulator.engine.turn_engine import TurnEngine
from emulator.world.state.state import State
from tests.engine.toy_narrator import new_turn, play
turn, narrator = new_turn({"say": "Hello"})
play(TurnEngine(State({})), turn, streamed=True)
print(narrator.words, [name for name in sys.modules if name.startswith("emulator.apis")])
"""


def test_the_core_loads_no_api() -> None:
    done = subprocess.run([sys.executable, "-c", ALONE], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "['begins', 'says Hello', 'ends'] []\n"
