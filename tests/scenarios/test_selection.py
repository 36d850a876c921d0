"""The index of turns chooses as one would who reads the turns from the top."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from emulator.scenarios.conditions import first_mismatch
from emulator.scenarios.loading import load_scenario
from emulator.scenarios.model import Scenario, Turn
from emulator.scenarios.selection import Played, TurnIndex
from tests.scenarios.test_conditions import SITUATION

#: Short, so that many patterns fit; with letters that change their length when their case is ignored.
TEXTS = st.text("aAbßsS ", max_size=4)
PATTERNS = st.one_of(
    TEXTS,
    TEXTS.map(lambda text: {"equals": text}),
    st.sampled_from(["a", "^b", "(?i)A", "s+", ""]).map(lambda expression: {"matches": expression}),
)
CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "message": PATTERNS,
        "run": st.integers(1, 2),
        "model": PATTERNS,
        "instructions": PATTERNS,
        "metadata": st.fixed_dictionaries({}, optional={"step": PATTERNS}),
    },
)
TURNS = st.lists(st.tuples(CONDITIONS, st.none() | st.integers(1, 2)), min_size=1, max_size=6)
SITUATIONS = st.builds(
    lambda *texts: SITUATION._replace(message=texts[0], model=texts[1], instructions=texts[2], run=texts[3]),
    TEXTS, TEXTS, TEXTS, st.integers(1, 2),
)  # fmt: skip


def scenario_of(name: str, turns: list[tuple[dict[str, Any], int | None]]) -> Scenario:
    steps = [{"say": "Hello"}]
    described = [{"when": when, "steps": steps} | ({"times": times} if times else {}) for when, times in turns]
    return load_scenario({"name": name, "turns": described})


def read_from_the_top(scenarios: tuple[Scenario, ...], played: Played, situation: Any) -> Turn | None:
    for scenario in scenarios:
        for turn in scenario.turns:
            is_left = turn.times is None or played[turn.scenario, turn.name] < turn.times
            if is_left and first_mismatch(turn.when, situation) is None:
                return turn
    return None


@given(TURNS, TURNS, st.lists(SITUATIONS, min_size=1, max_size=8))
def test_the_index_chooses_the_first_turn_that_fits(first: Any, second: Any, situations: Any) -> None:
    scenarios = (scenario_of("first", first), scenario_of("second", second))
    index, played = TurnIndex(scenarios), Played()
    for situation in situations:
        before = Counter(played)
        chosen = index.find(played, situation)
        assert played == before, "it counts nothing"
        assert chosen is read_from_the_top(scenarios, played, situation)
        if chosen:
            played[chosen.scenario, chosen.name] += 1


def test_a_pattern_that_two_texts_share_is_compared_with_its_own() -> None:
    turns: list[tuple[dict[str, Any], int | None]] = [
        ({"instructions": "paris"}, None),
        ({"model": {"equals": "gpt"}}, None),
        ({"message": "PARIS", "instructions": "brief"}, None),
    ]
    scenario = scenario_of("texts", turns)
    assert TurnIndex((scenario,)).find(Played(), SITUATION) is scenario.turns[2]
