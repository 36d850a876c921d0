"""Chooses the turn that a run plays: the first that fits and is not used up, in the order of files and turns.

Why the others did not fit is put into words only when none did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

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


def choose(scenarios: Sequence[Scenario], played: Played, situation: Situation) -> tuple[Turn | None, Missed]:
    """The turn to play, counted in ``played``, and those before it that did not fit."""
    missed: Missed = []
    with patterns.shared_time_limit():
        for turn in turns_of(scenarios):
            mismatch = first_mismatch(turn.when, situation)
            if mismatch is None and (turn.times is None or played[turn.scenario, turn.name] < turn.times):
                played[turn.scenario, turn.name] += 1
                return turn, missed
            missed.append((turn, mismatch))
    return None, missed


def turns_of(scenarios: Sequence[Scenario]) -> Iterator[Turn]:
    return (turn for scenario in scenarios for turn in scenario.turns)


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
