"""Loose ends of tests and of the session: warnings, or failures with ``--assistants-strict``.

A test is told what it left undone when it has passed. What only the whole session shows is told at its end: a scenario
of which no test has played a turn, and tests none of which has sent a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from emulator.base.loose_ends import LooseEnd
from emulator.base.text import plural
from emulator.control.client import Control
from emulator.control.world_report import WorldReport

#: The setting that makes loose ends failures.
STRICT: Final = "assistants_strict"
#: The kind that a session tells alone.
_OF_A_SESSION: Final = "no_request"


class LooseEndWarning(pytest.PytestWarning):
    """A test left something undone that a real application would notice."""


@dataclass(slots=True)
class Used:
    """How a test used the emulator, as its report carries it to xdist's controller."""

    loose_ends: list[str] = field(default_factory=list)
    #: By the file of a scenario: how often its turns were played.
    scenarios: dict[str, int] = field(default_factory=dict)
    #: The test was called, not stopped in its setup.
    called: bool = False

    def as_plain(self) -> dict[str, Any]:
        return {"loose_ends": self.loose_ends, "scenarios": self.scenarios, "called": self.called}


def used(control: Control, own: Iterable[str]) -> Used:
    """What a test left undone. ``own``: the names of the scenarios that a marker of the test itself names."""
    report = control.report(review=False)
    files = {one.file: one.played for one in report.scenarios if not one.file.startswith("<")}
    return Used([str(end) for end in _of_test(report, set(own))], files, called=True)


def _of_test(report: WorldReport, own: set[str]) -> list[LooseEnd]:
    """Without what concerns the session alone: scenarios that many tests share need not be played by each."""
    return [
        end
        for end in report.loose_ends
        if end.kind != _OF_A_SESSION and (end.kind != "unplayed" or end.scenario in own)
    ]


def is_strict(config: pytest.Config) -> bool:
    """True if loose ends are failures."""
    return bool(config.option.assistants_emulator_strict or config.getini(STRICT))


def in_words(loose_ends: Sequence[str]) -> str:
    """What a test is failed for."""
    lines = "\n".join(f"  {line}" for end in loose_ends for line in end.splitlines())
    return f"the test left {plural(len(loose_ends), 'loose end')}:\n{lines}"


def of_session(ends: Iterable[dict[str, Any]]) -> list[str]:
    """The loose ends of a session, from what the reports of its tests carry."""
    played: dict[str, int] = {}
    requests, tests = 0, 0
    for end in ends:
        tests += end["called"]
        requests += end["requests"]
        for file, times in end["scenarios"].items():
            played[file] = played.get(file, 0) + times
    found = [f"{file}: no test has played a turn of it" for file, times in sorted(played.items()) if not times]
    return found if requests or not tests else ["no test has sent a request to the emulator", *found]
