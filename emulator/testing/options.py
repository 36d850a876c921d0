"""The scenarios and options of a test, from a fixture and the test's markers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest

from emulator.base.problems import EmulatorError
from emulator.base.text import did_you_mean, nearest, shorten

#: The options of a world, and those of the marker and of ``assistants_emulator_options``, besides scenarios.
WORLD_OPTIONS: Final = ("seed", "clock", "start", "unmatched", "shapes", "sleepers", "after_sunset")
OPTIONS: Final = (*WORLD_OPTIONS, "parity")

Scenario = dict[str, Any] | Path


@dataclass(frozen=True, slots=True)
class TestOptions:
    """Scenarios, in the order in which they are loaded, and options of the world."""

    __test__ = False  # for pytest, which collects classes of this name

    scenarios: list[Scenario]
    options: dict[str, Any]
    #: The fields in which the two APIs may differ (``--assistants-parity``).
    may_differ: list[str] = field(default_factory=list)
    #: Those of the scenarios that a marker of the test itself names, not one of its class or module.
    own: list[Scenario] = field(default_factory=list)


def options_of(item: pytest.Item, general: Any) -> TestOptions:
    """The options from ``assistants_emulator_options`` (``general``), then from the test's markers, the nearest last.

    Fails the test if one is invalid.
    """
    if not isinstance(general, dict):
        refuse(f"assistants_emulator_options: expected a dict, got {shorten(repr(general))}")
    options = dict(general)
    named = options.pop("scenarios", [])
    scenarios = [named] if isinstance(named, (str, Path, dict)) else named
    if not isinstance(scenarios, (list, tuple)):
        refuse(f"assistants_emulator_options: scenarios: expected files and dicts, got {shorten(repr(named))}")
    found = [one for scenario in scenarios for one in _located(scenario, item)]
    own: list[Scenario] = []
    for marker in reversed(list(item.iter_markers("assistants_emulator"))):
        named_here = [one for scenario in marker.args for one in _located(scenario, item)]
        found += named_here
        if marker in item.own_markers:
            own += named_here
        options |= marker.kwargs
    _refuse_unknown(options)
    may_differ = _may_differ(options.pop("parity", ""))
    return TestOptions(found, options, may_differ, own)


def _may_differ(fields: Any) -> list[str]:
    """The fields that the option ``parity`` names."""
    if fields == "":
        return []
    from emulator.parity.comparing import allowed_fields

    if not isinstance(fields, str):
        refuse(
            f'assistants_emulator: parity: expected names of fields such as "text,calls", got {shorten(repr(fields))}'
        )
    try:
        return allowed_fields(fields)
    except ValueError as error:
        refuse(f"assistants_emulator: parity: {error}")


def refuse(why: str) -> NoReturn:
    """Fails a test with a message and without a traceback."""
    raise pytest.fail.Exception(why, pytrace=False) from None


def _refuse_unknown(options: dict[str, Any]) -> None:
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        is_scenarios = unknown[0] == "scenarios"
        hint = "; pass scenarios as positional arguments" if is_scenarios else did_you_mean(unknown[0], OPTIONS)
        refuse(f"assistants_emulator has no option {', '.join(unknown)}; its options are: {', '.join(OPTIONS)}{hint}")


def _located(scenario: Any, item: pytest.Item) -> Iterable[Scenario]:
    """A dict as it is, or the files of a path: beside the test's file or under the root directory."""
    if isinstance(scenario, dict):
        return [scenario]
    if not isinstance(scenario, (str, os.PathLike)):
        refuse(f"a scenario is a file (text or a Path), a directory or a dict; got {shorten(repr(scenario))}")
    places = list(dict.fromkeys([item.path.parent / scenario, item.config.rootpath / scenario]))
    place = next((place for place in places if place.exists()), None)
    if place is None:
        tried = " and ".join(str(place) for place in places)
        by_stem = {one.stem: one.name for place in places if place.parent.is_dir() for one in place.parent.iterdir()}
        stem = nearest(places[0].stem, by_stem)  # most names share their extension
        meant = f"; did you mean {by_stem[stem]!r}?" if stem else ""
        refuse(f"there is no scenario {str(scenario)!r}; tried {tried}{meant}")
    return [_relative(file) for file in _files(place)]


def _files(place: Path) -> Iterable[Path]:
    if not place.is_dir():
        return [place]
    from emulator.scenarios.loading import scenario_files

    return scenario_files(place)


def _relative(file: Path) -> Path:
    """The path relative to the working directory, if it is below that."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


@contextmanager
def in_one_line() -> Iterator[None]:
    """Turns an error of the emulator or the file system into a failure of the test without a traceback."""
    try:
        yield
    except (EmulatorError, OSError) as error:
        refuse(str(error))
