"""Turns that are never played, because one before them fits whenever they do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.scenarios.coverage import covers, hidden_turns


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        ({}, {"message": "weather"}, True),
        ({"message": "weather"}, {"message": "Weather in Paris"}, True),
        ({"message": "weather"}, {"message": {"equals": "The weather?"}}, True),
        ({"message": "weather"}, {"message": {"matches": "weather"}}, False),
        ({"message": "weather"}, {}, False),
        ({"message": {"equals": "a"}}, {"message": "a"}, False),
        ({"message": {"matches": "a+"}}, {"message": {"matches": "a+"}}, True),
        ({"message": "a", "run": 1}, {"message": "a"}, False),
        ({"tools": "f"}, {"tools": ["g", "f"]}, True),
        ({"tools": ["f", "g"]}, {"tools": "f"}, False),
        ({"metadata": {"a": "1"}}, {"metadata": {"a": "1", "b": "2"}}, True),
        ({"metadata": {"a": "1"}}, {"metadata": {"a": "2"}}, False),
        ({"thread": {"metadata": {"a": "1"}}}, {"thread": {"metadata": {"a": "1"}}, "run": 2}, True),
        ({"thread": "thread_1"}, {"thread": "thread_2"}, False),
        ({"run": 1}, {"run": 2}, False),
        ({"assistant": "clerk"}, {"assistant": "clerk", "message": "hi"}, True),
        ({"assistant": "clerk"}, {"assistant": "clerks"}, False),
    ],
)
def test_a_condition_covers_another(wide: dict[str, Any], narrow: dict[str, Any], expected: bool) -> None:
    assert covers(wide, narrow) is expected


def test_a_turn_with_times_hides_none() -> None:
    turns: list[dict[str, Any]] = [{"times": 1}, {"when": {"message": "a"}}, {"when": {"message": "ab"}}, {}]

    assert list(hidden_turns(turns)) == [(2, 1)]


_WORDS = st.sampled_from(["", "a", "A", "weather", "The Weather in Paris", "weather in", "ß", "ss"])
_PATTERN = _WORDS | st.fixed_dictionaries({"equals": _WORDS}) | st.fixed_dictionaries({"matches": _WORDS})
_METADATA = st.dictionaries(st.sampled_from("ab"), _PATTERN, max_size=2)
_CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "message": _PATTERN,
        "tools": _WORDS | st.lists(_WORDS, max_size=2),
        "metadata": _METADATA,
        "thread": _WORDS | st.fixed_dictionaries({"metadata": _METADATA}),
        "assistant": _PATTERN,
        "run": st.sampled_from([1, 1.0, 2]),
    },
)


@given(st.lists(st.fixed_dictionaries({}, optional={"when": _CONDITIONS, "times": st.just(1)}), max_size=8))
def test_the_hidden_turns_are_those_that_a_comparison_of_all_pairs_finds(turns: list[dict[str, Any]]) -> None:
    hidden = []
    for number, turn in enumerate(turns):
        earlier = [n for n, one in enumerate(turns[:number]) if "times" not in one]
        hidden += [(number, n) for n in earlier if covers(turns[n].get("when", {}), turn.get("when", {}))][:1]

    assert list(hidden_turns(turns)) == hidden


@pytest.mark.parametrize(
    "condition",
    [
        lambda number: {"message": f"case {number:06}"},
        lambda number: {"instructions": {"equals": f"{number}"}},
        lambda number: {"tools": ["look_up", f"f{number}"]},
        lambda number: {"metadata": {"team": "sales", "case": f"{number}"}},
        lambda number: {"assistant": "clerk", "run": number},
    ],
)
def test_turns_that_differ_are_hardly_compared(condition: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def counted(*pair: Any) -> bool:
        compared.append(pair)
        return covers(*pair)

    monkeypatch.setattr("emulator.scenarios.coverage.covers", counted)

    assert not list(hidden_turns([{"when": condition(number)} for number in range(1, 1001)]))
    assert len(compared) < 10_000
