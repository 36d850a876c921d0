"""Every situation, as the real SDK gets into it and out of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from emulator import CheckFailed
from tests.conftest import Emulate
from tests.situations import connections, runs  # noqa: F401 (they register their situations)
from tests.situations.registry import DIRECTORY, SITUATIONS, Situation, client_of, journal_of

#: Where ``test_determinism`` wants to have the journals.
JOURNALS = os.environ.get("ASSISTANTS_SITUATION_JOURNALS")


@pytest.mark.parametrize("one", SITUATIONS.values(), ids=lambda one: one.name)
def test_a_situation_ends_as_it_should(emulate: Emulate, one: Situation) -> None:
    emulator = emulate(one.scenario)
    with client_of(emulator) as client:
        one.play(emulator, client)
    if one.problems:
        with pytest.raises(CheckFailed) as found:
            emulator.check()
        assert tuple(problem.kind for problem in found.value.problems) == one.problems
        assert all(problem.file == str(one.scenario) for problem in found.value.problems)
    else:
        emulator.check()
    if JOURNALS:
        (Path(JOURNALS) / one.name).write_text(journal_of(emulator, by_run=one.clients > 1), encoding="utf-8")


def test_every_scenario_has_its_situation() -> None:
    assert {file.stem for file in DIRECTORY.iterdir()} == set(SITUATIONS)


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_situation_is_said_in_a_few_lines(name: str) -> None:
    """At most ten lines of at most a hundred characters, below a comment that tells what happens."""
    lines = (DIRECTORY / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert max(map(len, lines)) <= 100
    assert len([line for line in lines if not line.startswith("#")]) <= 10
