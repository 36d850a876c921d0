"""All situations, again and again: the same journals to the byte, whatever the order and however many at a time."""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.situations import connections, runs  # noqa: F401 (they register their situations)
from tests.situations.registry import SITUATIONS, played
from tests.support import ROOT


@pytest.fixture(scope="module")
def journals() -> dict[str, str]:
    """What each situation leaves when all of them are played in the order of their names."""
    return {name: played(SITUATIONS[name]) for name in sorted(SITUATIONS)}


def _assert_same(journals: dict[str, str], others: dict[str, str]) -> None:
    assert journals.keys() == others.keys()
    for name, journal in journals.items():
        differences = difflib.unified_diff(journal.splitlines(), others[name].splitlines(), lineterm="", n=1)
        assert journal == others[name], "\n".join([name, *differences])


def test_journals_are_the_same_in_another_order(journals: dict[str, str]) -> None:
    _assert_same(journals, {name: played(SITUATIONS[name]) for name in sorted(SITUATIONS, reverse=True)})


def test_journals_are_the_same_under_two_workers(journals: dict[str, str], tmp_path: Path) -> None:
    told = {"ASSISTANTS_SITUATION_JOURNALS": str(tmp_path), "ASSISTANTS_EMULATOR_SHARED": str(tmp_path / "none")}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")} | told
    quickly = ["--assert=plain", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", *quickly, "-k", "test_a_situation_ends"]

    ended = subprocess.run(
        [*command, "tests/situations/test_situations.py"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    _assert_same(journals, {file.name: file.read_text(encoding="utf-8") for file in tmp_path.iterdir()})


def test_a_journal_holds_what_could_differ(journals: dict[str, str]) -> None:
    """Comparing would prove nothing if they were empty."""
    assert all('"status": "completed"' in journals[name] for name in ("rate_limit_retried", "two_clients"))
    assert '"fault": "stall"' in journals["stalled_stream"]
    assert "thread.run.completed" in journals["stalled_stream"]  # also what the client did not get to hear
