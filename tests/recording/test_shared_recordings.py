"""Recordings of the real service become scenarios that answer as it did."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from emulator.cli.commands.exits import FOUND_PROBLEMS, OK
from emulator.cli.main import main
from emulator.scenarios.loading import load_scenario
from tests.recording import scoring
from tests.support import needs_shared

pytestmark = needs_shared

FILES = sorted(path for path in scoring.RECORDINGS.glob("*.json")) if scoring.RECORDINGS.is_dir() else []


@pytest.fixture(scope="module")
def server() -> Iterator[Emulator]:
    with Emulator(worlds="key") as started:
        yield started


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_every_recording_imports(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "imported.yaml"
    assert main(["import", str(file), "--out", str(out)]) in (OK, FOUND_PROBLEMS)
    load_scenario(out)
    assert "proof: " in capsys.readouterr().err


def _groups() -> list[Any]:
    return list(scoring.groups_with_runs()) if scoring.RECORDINGS.is_dir() else []


@pytest.mark.parametrize("group", _groups(), ids=lambda group: group.name)
def test_recorded_requests_are_answered_as_they_were(group: Any, server: Emulator, tmp_path: Path) -> None:
    replay = scoring.score(group, server.url, scoring.imported(group, tmp_path))
    differences = [(judge.ex.recording, judge.ex.number, judge.diffs) for judge in replay.results if judge.diffs]
    assert differences == []
    assert replay.problems == []
