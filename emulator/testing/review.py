"""Habits and cost of tests, for the terminal summary: ``--assistants-report-habits``, ``--assistants-report-cost``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import pytest

from emulator.base.cost import Cost
from emulator.base.habits import Habit
from emulator.base.prices import Prices
from emulator.base.problems import EmulatorError
from emulator.control.client import Control

#: The setting with the names of habits that nobody wants to hear of.
OFF: Final = "assistants_habits_off"
#: Tests that the cost lists by themselves: the most expensive ones.
_LISTED: Final = 20


def is_wanted(config: pytest.Config) -> bool:
    """True if the command line asks for habits or cost."""
    return bool(config.option.assistants_emulator_report_habits or config.option.assistants_emulator_report_cost)


def review(control: Control, item: pytest.Item) -> dict[str, Any]:
    """Habits and cost of a test as its report carries them to xdist's controller, with the line of the test."""
    report = control.report()
    path, line, name = item.location
    return {
        "habits": [one.as_json() for one in report.habits],
        "cost": report.cost.as_json(),
        "test": f"{path}:{(line or 0) + 1} {name}",
    }


def review_lines(ends: Mapping[str, Mapping[str, Any]], config: pytest.Config) -> Iterator[str]:
    """What the summary tells. ``ends``: what the last report of each test carries, by test."""
    reviews = [end["review"] for _, end in sorted(ends.items()) if end.get("review")]
    if config.option.assistants_emulator_report_habits:
        yield from _habit_lines(reviews, _off(config))
    if config.option.assistants_emulator_report_cost:
        yield from _cost_lines(reviews, prices_of(config))


def _off(config: pytest.Config) -> set[str]:
    """The habits that the setting names. Raises EmulatorError for a name that is none."""
    from emulator.apis.review.habits import HABITS

    named = set(config.getini(OFF))
    if unknown := named - set(HABITS) - {"all"}:
        raise EmulatorError(f"{OFF}: there is no habit {min(unknown)!r}; the habits are: {', '.join(HABITS)}, or all")
    return set(HABITS) if "all" in named else named


def prices_of(config: pytest.Config) -> Prices:
    """The price table of the command line, or the bundled one. Raises EmulatorError for a bad one."""
    path = config.option.assistants_emulator_prices
    return Prices.load(config.invocation_params.dir / path if path else None)


def _habit_lines(reviews: Iterable[Mapping[str, Any]], off: set[str]) -> Iterator[str]:
    broken: dict[str, list[str]] = {}
    for one in reviews:
        for habit in map(Habit.from_json, one["habits"]):
            if habit.kind not in off:
                broken.setdefault(habit.kind, []).append(f"{one['test']}: {habit}")
    yield "habits:" if broken else "habits: nothing to say"
    for kind, lines in broken.items():
        yield f"  {kind}"
        yield from (f"    {line}" for line in lines)


def _cost_lines(reviews: list[Mapping[str, Any]], prices: Prices) -> Iterator[str]:
    by_test = [(one["test"], Cost.from_json(one["cost"])) for one in reviews]
    total = Cost.total(cost for _, cost in by_test)
    yield "cost:"
    yield from (f"  {line}" for line in total.lines(prices))
    dearest = sorted(by_test, key=lambda one: -one[1].price(prices))[:_LISTED]
    yield from (f"    {test}: {cost.in_words(prices)}" for test, cost in dearest if cost.models)
