"""What a test wants of its emulator, put together from fixture and markers. What cannot be is refused in a line."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest

#: What the marker and ``assistants_emulator_options`` can say beside scenarios.
OPTIONS: Final = ("seed", "clock", "start", "unmatched", "shapes", "after_sunset")

Scenario = dict[str, Any] | Path


@dataclass(frozen=True, slots=True)
class Wanted:
    """Scenarios, in the order in which they are loaded, and options of the world."""

    scenarios: list[Scenario]
    options: dict[str, Any]


def wanted(item: pytest.Item, general: Any) -> Wanted:
    """What ``assistants_emulator_options`` says in general, and the test's markers, the nearest last. May fail it."""
    if not isinstance(general, dict):
        refuse(f"assistants_emulator_options: expected a dict, got {_shown(general)}")
    options = dict(general)
    named = options.pop("scenarios", [])
    scenarios = [named] if isinstance(named, (str, Path, dict)) else named
    if not isinstance(scenarios, (list, tuple)):
        refuse(f"assistants_emulator_options: scenarios: expected a list of files and dicts, got {_shown(named)}")
    scenarios = list(scenarios)
    for marker in reversed(list(item.iter_markers("assistants_emulator"))):
        scenarios += marker.args
        options |= marker.kwargs
    _refuse_unknown(options)
    return Wanted([one for scenario in scenarios for one in _found(scenario, item)], options)


def refuse(why: str) -> NoReturn:
    """Ends a test with a line that says what would have fitted."""
    raise pytest.fail.Exception(why, pytrace=False) from None


def _refuse_unknown(options: dict[str, Any]) -> None:
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        near = difflib.get_close_matches(unknown[0], OPTIONS, 1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        hint = " (they are the marker's positional arguments)" if unknown[0] == "scenarios" else hint
        refuse(f"assistants_emulator has no option {', '.join(unknown)}; its options are: {', '.join(OPTIONS)}{hint}")


def _found(scenario: Any, item: pytest.Item) -> Iterable[Scenario]:
    """A dict, or files: beside the test's file or under the root directory. A directory stands for those in it."""
    if isinstance(scenario, dict):
        return [scenario]
    if not isinstance(scenario, (str, os.PathLike)):
        refuse(f"a scenario is a file (text or a Path), a directory or a dict; got {_shown(scenario)}")
    places = list(dict.fromkeys([item.path.parent / scenario, item.config.rootpath / scenario]))
    place = next((place for place in places if place.exists()), None)
    if place is None:
        looked = " and ".join(str(place) for place in places)
        refuse(f"there is no scenario {str(scenario)!r}; looked for {looked}")
    return [_short(file) for file in _files(place)]


def _files(place: Path) -> Iterable[Path]:
    if not place.is_dir():
        return [place]
    from emulator.scenarios.loading import scenario_files

    return scenario_files(place)


def _short(file: Path) -> Path:
    """As people write it: relative to the working directory, if it is below that."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
