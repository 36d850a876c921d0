"""Chooses the turn that a run plays: the first that fits and is not used up, in the order of files and turns.

An index of their plain conditions tells at once which turns cannot fit. Why they do not is put into words only when
none does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from emulator.base.problems import NearMiss
from emulator.sandbox import patterns
from emulator.scenarios.conditions import Mismatch, Situation, first_mismatch
from emulator.scenarios.model import Scenario, Turn
from emulator.scenarios.steps.step import Step

#: How often each turn was played, by scenario and turn.
Played = Counter[tuple[str, str]]
#: Turns that did not fit, with the first condition that did not; None for one that is used up.
Missed = list[tuple[Turn, Mismatch | None]]

#: Turns that a report names.
_REPORTED = 5

#: The conditions on texts that an index knows, where their pattern is plain: a string, or ``{equals: …}``.
_INDEXED: Final = ("message", "instructions", "model")


def missed(scenarios: Sequence[Scenario], situation: Situation) -> Missed:
    """All turns, none of which is played, with what did not fit."""
    with patterns.shared_time_limit():
        return [(turn, first_mismatch(turn.when, situation)) for turn in turns_of(scenarios)]


class _Indexed(NamedTuple):
    """A turn, and the first of its plain conditions on a text: the text's name and what it contains or equals.

    ``folded`` is without case. ``is_all``: the turn has no other condition.
    """

    turn: Turn
    name: str | None
    folded: str | None
    equal: str | None
    is_all: bool


class TurnIndex:
    """The turns of scenarios, with their plain conditions prepared."""

    def __init__(self, scenarios: Sequence[Scenario]) -> None:
        self.scenarios = scenarios
        self._turns = [_indexed(turn) for turn in turns_of(scenarios)]
        self._texts = {one.name for one in self._turns if one.name}
        self._has_expressions = any(_has_expression(one.turn.when) for one in self._turns)

    def find(self, played: Played, situation: Situation) -> Turn | None:
        """The first turn that fits and is not used up. Counts nothing."""
        if not self._has_expressions:
            return self._find(played, situation)
        with patterns.shared_time_limit():
            return self._find(played, situation)

    def _find(self, played: Played, situation: Situation) -> Turn | None:
        whole: dict[str, str] = {}
        folded: dict[str, str] = {}
        for name in self._texts:
            whole[name] = text = getattr(situation, name)
            folded[name] = text.casefold()
        for turn, named, part, equal, is_all in self._turns:
            if named is not None and (part not in folded[named] if part is not None else equal != whole[named]):
                continue
            is_left = turn.times is None or played[turn.scenario, turn.name] < turn.times
            if is_left and (is_all or first_mismatch(turn.when, situation) is None):
                return turn
        return None


def _indexed(turn: Turn) -> _Indexed:
    for name in _INDEXED:
        pattern = turn.when.get(name)
        if isinstance(pattern, str):
            return _Indexed(turn, name, pattern.casefold(), None, len(turn.when) == 1)
        if isinstance(pattern, dict) and "equals" in pattern:
            return _Indexed(turn, name, None, pattern["equals"], len(turn.when) == 1)
    return _Indexed(turn, None, None, None, not turn.when)


def _has_expression(value: Any) -> bool:
    """True if a part of a condition is a regular expression."""
    return isinstance(value, dict) and ("matches" in value or any(map(_has_expression, value.values())))


def turns_of(scenarios: Sequence[Scenario]) -> Iterator[Turn]:
    return (turn for scenario in scenarios for turn in scenario.turns)


def also_fitting(scenarios: Sequence[Scenario], chosen: Turn, situation: Situation) -> list[Turn]:
    """The turns behind the chosen one that fit as well: they would have been played without it."""
    turns = list(turns_of(scenarios))
    behind = turns[turns.index(chosen) + 1 :] if chosen in turns else []
    with patterns.shared_time_limit():
        return [turn for turn in behind if first_mismatch(turn.when, situation) is None]


def near_misses(missed: Missed) -> tuple[NearMiss, ...]:
    """The turns that came nearest, nearest first, and why each did not match."""
    nearest = sorted(missed, key=lambda one: -_fitted(*one))[:_REPORTED]
    return tuple(NearMiss(turn.name, str(mismatch or _used_up(turn))) for turn, mismatch in nearest)


def _fitted(turn: Turn, mismatch: Mismatch | None) -> int:
    return len(turn.when) + 1 if mismatch is None else mismatch.fitted


def _used_up(turn: Turn) -> str:
    return f"it was played {turn.times} of {turn.times} times"


def improvised() -> Turn:
    """What answers where no scenario says what to."""
    return Turn("improvised", (Step("say", "{{ fake.sentence() }}"),))


def unmatched(why: str) -> Turn:
    """What a run does that no turn fits: it fails, and says why."""
    literal = f"No turn fits: {why}".replace("{", "{{ '{' }}")  # a template gives it back unchanged
    return Turn("unmatched", (Step("fail", {"code": "server_error", "message": literal}),))
