"""Objects that a scenario gives can be made in every process that makes a world."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from tests.support import ROOT

ASSISTANT = {"id": "asst_1", "object": "assistant", "created_at": 0, "model": "gpt-4o", "instructions": "Be brief."}
EXCHANGE = {
    "request": {"method": "GET", "url": "https://api.openai.com/v1/assistants/asst_1", "headers": []},
    "response": {"status": 200, "headers": [], "content": {"text": orjson.dumps(ASSISTANT).decode()}},
}
#: Each makes a world with a given assistant, and imports nothing else before.
DOORS = {
    "check": ["-m", "emulator", "check", "given.yaml"],
    "rehearsal": [
        "-c",
        "from emulator.cli.rehearsal import rehearse; from emulator.scenarios.loading import load_scenario; "
        "rehearse(load_scenario('given.yaml'))",
    ],
    "import": ["-c", "from emulator.recordings.sources import load_sources; load_sources('recording.har')"],
    "emulator": ["-c", "from emulator import Emulator; Emulator('given.yaml').stop()"],
}


@pytest.mark.parametrize("door", DOORS)
def test_every_door_can_make_given_objects(door: str, tmp_path: Path) -> None:
    given = {"assistants": [{"id": "asst_1", "model": "gpt-4o"}]}
    scenario = {"given": given, "turns": [{"steps": [{"say": "Hi"}]}]}
    (tmp_path / "given.yaml").write_bytes(orjson.dumps(scenario))
    (tmp_path / "recording.har").write_bytes(orjson.dumps({"log": {"version": "1.2", "entries": [EXCHANGE]}}))
    done = subprocess.run(
        [sys.executable, *DOORS[door]],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
