"""What other people's recorders wrote comes back to life: a scenario that answers all requests as they were."""

from __future__ import annotations

from pathlib import Path

import openai
import pytest

from emulator import Emulator
from emulator.recordings.importing import import_files, save
from emulator.scenarios.loading import load_scenario
from tests.recording.clients.recorders import Tape

pytestmark = pytest.mark.clients


def test_a_tape_becomes_a_scenario_that_stands_the_proof(tape: Tape, tmp_path: Path) -> None:
    imported = import_files([tape.path], "tape")
    assert imported.proof.differences == []
    assert imported.proof.played == imported.proof.alike == len(tape.requests)
    save(imported, tmp_path / "tape.yaml")
    load_scenario(tmp_path / "tape.yaml")


def test_its_turns_are_those_of_the_scenario_that_was_recorded(tape: Tape) -> None:
    """Polled, then streamed with a tool round."""
    document = import_files([tape.path], "tape").distilled.document
    polled, streamed = document["turns"]
    assert [next(iter(step)) for step in polled["steps"]] == ["say"]
    assert [next(iter(step)) for step in streamed["steps"]] == ["call", "say"]
    assert "faults" not in document  # the 404 is the client's own, and the emulator's own rule


def test_a_tape_can_be_served_as_it_is(tape: Tape) -> None:
    with (
        Emulator(tape.path) as emulator,
        openai.OpenAI(base_url=emulator.base_url, api_key=emulator.api_key) as client,
    ):
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "Good morning!"}])
        assistant = client.beta.assistants.create(model="gpt-4o")
        run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        assert run.status == "failed"  # nobody recorded that question
        assert [problem.kind for problem in emulator.problems()] == ["unmatched"]
