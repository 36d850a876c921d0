"""Turns that are never played, because one before them fits whenever they do."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.scenarios.coverage import covers, hiding_turn


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

    assert [hiding_turn(turns, number) for number in range(4)] == [None, None, 1, None]
