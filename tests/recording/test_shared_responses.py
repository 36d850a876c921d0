"""Recordings of the Responses API become scenarios that load, and the proof names every difference."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from emulator.recordings.importing import Imported, import_files
from emulator.recordings.proof.comparing import ACCOUNT
from emulator.scenarios.loading import parse_scenario
from tests.support import SHARED

RECORDINGS: Final = SHARED / "recordings-responses"
FILES: Final = sorted(RECORDINGS.glob("*.json"))

#: Words in the reasons for which a request gets another response: what the emulator does not have, and the contents of
#: an upload, which only its download shows.
REASONS: Final = (
    "web_search_call",
    "mcp_",
    "apply_patch_call",
    "computer_call",
    "custom_tool_call",
    "Prompt with id",
    "response.incomplete",
    "max_output_tokens",
    "Tool choice",
    "output[0].content",
    "the file had",
)

needs_recordings = pytest.mark.skipif(not FILES, reason="there are no recordings of the Responses API here")


@needs_recordings
def test_every_recording_imports_and_its_differences_are_named() -> None:
    imported = {file: _imported(file) for file in FILES}

    played = sum(one.proof.played for one in imported.values())
    alike = sum(one.proof.alike for one in imported.values())
    account = sum(one.proof.alike_but_for_the_account for one in imported.values())
    nearly = sum(len(one.proof.but_for) for one in imported.values())
    others = [
        one
        for each in imported.values()
        for one in each.proof.compared
        if one not in each.proof.but_for and any(difference.kind != ACCOUNT for difference in one.differences)
    ]
    assert [str(one) for one in others if not any(reason in str(one) for reason in REASONS)] == []
    assert alike / played > 0.9, f"{alike} of {played}"
    assert (alike + account) / played > 0.94, f"{alike} and {account} of {played}"
    assert (alike + account + nearly) / played > 0.98, f"{alike}, {account} and {nearly} of {played}"


def _imported(file: Path) -> Imported:
    imported = import_files([file], "imported")
    parse_scenario(imported.text, file.name, contents=imported.distilled.files)
    return imported
