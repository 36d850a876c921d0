"""Broken scenarios and their exact reports, as a test author reads them.

Each file in ``tests/broken_scenarios`` has its report beside it. ``UPDATE_GOLDEN=1`` before pytest and the name of this
file writes the reports anew: read what changed before you commit it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from emulator.base.problems import ScenarioError
from emulator.scenarios.loading import load_scenario, parse_scenario

BROKEN = Path(__file__).parent.parent / "broken_scenarios"
FILES = sorted(BROKEN.glob("*.yaml"))


def report(file: Path) -> str:
    """What its author reads."""
    with pytest.raises(ScenarioError) as refused:
        parse_scenario(file.read_text("utf-8"), file.name, file.stem)
    return "".join(f"{problem}\n" for problem in refused.value.problems)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_broken_scenario_is_refused_with_this_report(file: Path) -> None:
    found, golden = report(file), file.with_suffix(".txt")
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(found, "utf-8")
    assert found == golden.read_text("utf-8")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_problem_is_one_line_with_a_place_in_the_file(file: Path) -> None:
    lines = file.read_text("utf-8").split("\n")
    for line in file.with_suffix(".txt").read_text("utf-8").splitlines():
        found = re.match(rf"{re.escape(file.name)}:(\d+):(\d+): \S", line)
        assert found, line
        row, column = map(int, found.groups())
        assert row <= len(lines)
        assert column <= len(lines[row - 1]) + 1


def test_every_report_belongs_to_a_file() -> None:
    assert [path.stem for path in sorted(BROKEN.glob("*.txt"))] == [path.stem for path in FILES]


def test_a_file_is_named_as_it_was_given() -> None:
    file = BROKEN / "wrong_version.yaml"
    with pytest.raises(ScenarioError) as refused:
        load_scenario(file)
    assert str(refused.value) == f"{file}:1:1: version: expected 1; got 2"


def test_a_dict_has_no_file_but_places_in_its_json() -> None:
    with pytest.raises(ScenarioError) as refused:
        load_scenario({"version": 1, "turns": [{"steps": [{"sya": "hello"}]}]})
    assert str(refused.value).startswith("<scenario>:1:33: turns[0].steps[0]: there is no step 'sya'")
