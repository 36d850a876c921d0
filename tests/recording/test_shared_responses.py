"""Recordings of the Responses API become scenarios that load, and the proof names every difference."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from emulator.recordings.importing import Imported, import_files
from emulator.scenarios.loading import parse_scenario
from tests.support import SHARED

RECORDINGS: Final = SHARED / "recordings-responses"
FILES: Final = sorted(RECORDINGS.glob("*.json"))

#: Words in the reasons for which a request gets another response: what the emulator does not have, and what was there
#: before the recording.
REASONS: Final = (
    "web_search_call",
    "mcp_",
    "apply_patch_call",
    "computer_call",
    "custom_tool_call",
    "Prompt with id",
    "Container not found",
    "Response with id",
    "response.incomplete",
    "max_output_tokens",
)

needs_recordings = pytest.mark.skipif(not FILES, reason="there are no recordings of the Responses API here")


@needs_recordings
def test_every_recording_imports_and_its_differences_are_named() -> None:
    imported = {file: _imported(file) for file in FILES}

    played = sum(one.proof.played for one in imported.values())
    alike = sum(one.proof.alike for one in imported.values())
    differences = [difference for one in imported.values() for difference in one.proof.differences]
    assert len(differences) == played - alike
    assert [one for one in differences if not any(reason in one for reason in REASONS)] == []
    assert alike / played > 0.93, f"{alike} of {played}"


def _imported(file: Path) -> Imported:
    imported = import_files([file], "imported")
    parse_scenario(imported.text, file.name, contents=imported.distilled.files)
    return imported
