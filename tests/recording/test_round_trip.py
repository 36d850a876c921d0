"""The law of recordings: what is recorded, imported and played again shows a client what it saw the first time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from emulator import Emulator
from emulator.recordings.distil.distil import Distilled, distil
from emulator.recordings.readers import parse_recording, read_recording
from emulator.scenarios.document import parse
from tests.recording.driving import Client, Talk, drive
from tests.recording.recorders import recording
from tests.recording.strategies import scenarios

#: Real sockets: examples take their time, and a fixture serves them all.
LAW = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as started:
        yield started


def play(emulator: Emulator, document: dict[str, Any], talks: list[Talk]) -> list[Any]:
    """What a client sees of a scenario."""
    emulator.reset()
    emulator.load(document)
    return drive(Client.of(emulator.base_url), talks)


def imported(emulator: Emulator) -> Distilled:
    """The scenario that the journal is distilled to."""
    return distil([parse_recording(emulator.export("recording").encode(), "journal.jsonl")], "source")


@LAW
@given(scenarios(breaks=True))
def test_what_is_recorded_and_imported_plays_the_same(
    emulator: Emulator, tmp_path_factory: pytest.TempPathFactory, scenario: tuple[dict[str, Any], list[Talk]]
) -> None:
    document, talks = scenario
    file = tmp_path_factory.mktemp("recorded") / "recording.jsonl"
    emulator.reset()
    emulator.load(document)
    with recording(emulator.url, file) as base_url:
        first = drive(Client.of(base_url), talks)
    distilled = distil([read_recording(file)], "source")
    assert play(emulator, distilled.document, talks) == first


@LAW
@given(scenarios())
def test_what_is_exported_and_imported_plays_the_same(
    emulator: Emulator, scenario: tuple[dict[str, Any], list[Talk]]
) -> None:
    document, talks = scenario
    first = play(emulator, document, talks)
    distilled = imported(emulator)
    assert parse(distilled.text(), "imported.yaml").data == distilled.document
    assert distilled.left_out == []
    assert play(emulator, distilled.document, talks) == first


@LAW
@given(scenarios())
def test_importing_settles_after_one_round(emulator: Emulator, scenario: tuple[dict[str, Any], list[Talk]]) -> None:
    document, talks = scenario
    play(emulator, document, talks)
    once = imported(emulator)
    play(emulator, once.document, talks)
    again = imported(emulator)
    assert again.document == once.document


def test_a_run_whose_stream_broke_off_says_nothing_if_its_thread_shows_no_message(
    emulator: Emulator, tmp_path: Path
) -> None:
    fails = {"fail": {"code": "server_error", "message": "Sorry, something went wrong."}}
    document = {
        "version": 1,
        "name": "source",
        "turns": [{"steps": [fails]}],
        "faults": [{"operation": "create_run", "kind": "truncate", "after": 0, "times": 1}],
    }
    talks = [Talk(says="Tell me", streams=True, asks_wrongly=False)]
    emulator.reset()
    emulator.load(document)
    with recording(emulator.url, tmp_path / "recording.jsonl") as base_url:
        first = drive(Client.of(base_url), talks)
    distilled = distil([read_recording(tmp_path / "recording.jsonl")], "source")

    assert "was not recorded" not in str(distilled.document)
    assert play(emulator, distilled.document, talks) == first
