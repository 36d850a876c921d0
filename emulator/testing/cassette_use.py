"""What became of the cassette of each test with the marker ``vcr``: the scenario of its test, or left to vcrpy.

vcrpy itself says which file it opens, so that no rule of a plugin or a project has to be guessed.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import pytest

from emulator.base.problems import EmulatorError
from emulator.base.text import plural
from emulator.testing.cassette_door import CassetteDoor
from emulator.testing.cassettes import search, usual_cassettes
from emulator.testing.options import in_one_line, refuse

if TYPE_CHECKING:
    from emulator.control.client import Control
    from emulator.recordings.exchange import Exchange

#: A cassette is its test's scenario; it has no request for the API; there is none.
Fate = Literal["scenario", "other", "none"]
#: Places that a sentence names at most.
_SHOWN: Final = 3


@dataclass(slots=True)
class CassetteUse:
    """The cassettes of one test."""

    #: The files that are its scenarios, and those without a request for the API.
    scenarios: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    #: Where no cassette was found.
    tried: list[Path] = field(default_factory=list)

    @property
    def fate(self) -> Fate:
        return "scenario" if self.scenarios else "other" if self.others else "none"

    @property
    def why_none(self) -> str:
        """Why the test has no scenario."""
        places = list(dict.fromkeys(map(os.path.abspath, self.tried)))
        shown, more = places[:_SHOWN], len(places) - _SHOWN
        words = ", ".join(shown) + (f" and {plural(more, 'more place')}" if more > 0 else "")
        return f"this test has the marker vcr, and no cassette: tried {words}"


key: Final = pytest.StashKey[CassetteUse]()


def is_left_to_vcrpy(item: pytest.Function) -> bool:
    """True for a test whose cassettes, where such usually are, have no request for the API. Notes that."""
    found = usual_cassettes(item)
    if not found or any(exchanges_for_the_api(one) for one in found):
        return False
    item.stash[key] = CassetteUse(others=found)
    return True


def exchanges_for_the_api(cassette: Path) -> list[tuple[Exchange, Exchange]]:
    """The exchanges of a cassette, as recorded and below the base of the API; none if it has no request for the API.

    None also of a file that cannot be read.
    """
    from emulator.recordings.distil.api_calls import is_for_the_api, read_api_calls
    from emulator.recordings.distil.bases import with_found_base
    from emulator.recordings.readers import read_recording

    try:
        recording = read_recording(cassette)
        moved = with_found_base(recording)
    except (EmulatorError, OSError):
        return []
    api_calls = read_api_calls(moved.exchanges)
    if not any(map(is_for_the_api, api_calls)):
        return []
    return [(one, api_call.exchange) for one, api_call in zip(recording.exchanges, api_calls, strict=True)]


class Cassettes:
    """Makes the cassettes of a running test its scenarios: those that are found, and those that vcrpy opens.

    ``left`` is called when it turns out that the test is none for the emulator.
    """

    def __init__(self, item: pytest.Function, control: Control, left: Callable[[], None]) -> None:
        self.use = item.stash[key] = CassetteUse()
        self._item, self._control, self._left = item, control, left
        self._door = CassetteDoor(control, self.add)
        self._known: set[str] = set()

    def find(self, value: Callable[[str], Any]) -> None:
        """Loads the cassettes that are found without vcrpy. ``value`` gives the value of a fixture."""
        found, self.use.tried = search(self._item, value)
        self.add(found)

    def add(self, paths: Iterable[Path]) -> None:
        """Loads cassettes that are not known yet. One that cannot be a scenario fails the test."""
        with in_one_line():
            for path in paths:
                place = os.path.realpath(path)
                if place not in self._known:
                    self._known.add(place)
                    self._add(path)
        if self.use.fate == "other":
            self._left()

    def _add(self, path: Path) -> None:
        if not path.is_file():
            self.use.tried.insert(0, path)
        elif exchanges := exchanges_for_the_api(path):
            self._control.load(path)
            self._door.lead(exchanges)
            self.use.scenarios.append(path)
        else:
            self.use.others.append(path)

    def open(self) -> AbstractContextManager[None]:
        """Stands between vcrpy and the test for a block."""
        return self._door.open()


def is_checked(item: pytest.Item, control: Control) -> bool:
    """False for a test that is left to vcrpy. One without a cassette that has sent requests fails."""
    use = item.stash.get(key, None)
    if use is None or use.fate == "scenario":
        return True
    if use.fate == "none" and any(not one.baseline for one in control.requests()):
        refuse(use.why_none)
    return use.fate == "none"


class CassetteReports:
    """Puts the fate of each test's cassette into its report, from which the summary is made."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        use = item.stash.get(key, None)
        if use is not None and report.when == "teardown":
            why = use.why_none if use.fate == "none" else ""
            report.assistants_cassette = [use.fate, why]  # type: ignore[attr-defined]  # xdist forwards plain values
        elif use is not None and report.failed and use.fate == "none":
            report.sections.append(("assistants emulator cassettes", use.why_none))
        return report


def register_reports(config: pytest.Config) -> None:
    """Registers the reports of cassettes, once."""
    name = "assistants_emulator_cassettes"
    if not config.pluginmanager.has_plugin(name):
        config.pluginmanager.register(CassetteReports(), name)


def summary_lines(reports: Iterable[Any]) -> list[str]:
    """How many tests got their cassettes as scenarios, and which ones have none."""
    fates = {report.nodeid: report.assistants_cassette for report in reports if hasattr(report, "assistants_cassette")}
    if not fates:
        return []
    counts = Counter(fate for fate, _ in fates.values())
    parts = [
        f"{counts['scenario']} of {plural(len(fates), 'test')} with the marker vcr got their cassettes as scenarios"
    ]
    if others := counts["other"]:
        words = "stays with vcrpy, as its cassette has" if others == 1 else "stay with vcrpy, as their cassettes have"
        parts.append(f"{others} {words} no request for the API")
    if counts["none"]:
        parts.append(f"{counts['none']} {'has' if counts['none'] == 1 else 'have'} no cassette")
    missing = [f"{test}: {why}" for test, (fate, why) in sorted(fates.items()) if fate == "none"]
    return [f"cassettes: {'; '.join(parts)}", *missing]
