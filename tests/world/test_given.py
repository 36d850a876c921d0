"""Objects that a scenario gives can be made in every process that makes a world."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from emulator.base.problems import ScenarioError
from tests.support import ROOT, InProcess

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


# ---- Runs that are still active ----


CALL = {"id": "call_1", "type": "function", "function": {"name": "find", "arguments": "{}"}}
ACTION = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [CALL]}}
RUN = "/v1/threads/thread_1/runs/run_1"


def _with_runs(*runs: Any) -> InProcess:
    thread = {"id": "thread_1", "runs": [{"id": "run_1", "assistant_id": "asst_1", **run} for run in runs]}
    return InProcess({"given": {"assistants": [{"id": "asst_1", "model": "gpt-4o"}], "threads": [thread]}})


@pytest.mark.parametrize("state", [{"status": "queued"}, {"status": "in_progress"},
                                   {"status": "requires_action", "required_action": ACTION}])  # fmt: skip
def test_an_active_run_stays_so_until_it_is_cancelled(state: Any) -> None:
    api = _with_runs(state)

    shown = [api.get(RUN).json for _ in range(3)]
    locked = api.post("/v1/threads/thread_1/messages", {"role": "user", "content": "Hi"})
    cancelling = api.post(f"{RUN}/cancel").json
    again = api.post(f"{RUN}/cancel").status
    cancelled = api.get(RUN).json

    assert [{key: one[key] for key in state} for one in shown] == [state] * 3
    assert (shown[0]["started_at"] is None) == (state["status"] == "queued")
    assert (locked.status, "run_1 is active" in locked.json["error"]["message"]) == (400, True)
    assert (cancelling["status"], again) == ("cancelling", 400)
    assert (cancelled["status"], cancelled["cancelled_at"] is not None) == ("cancelled", True)
    assert api.post("/v1/threads/thread_1/messages", {"role": "user", "content": "Hi"}).status == 200


def test_an_active_run_takes_no_outputs() -> None:
    api = _with_runs({"status": "requires_action", "required_action": ACTION})

    refused = api.post(f"{RUN}/submit_tool_outputs", {"tool_outputs": [{"tool_call_id": "call_1", "output": "1"}]})

    assert refused.status == 400


def test_an_active_run_that_is_polled_without_end_is_told_of() -> None:
    api = _with_runs({"status": "in_progress"})

    answers = [api.get(RUN) for _ in range(1_001)]

    assert "is 'in_progress' and stays so, as a scenario gives it" in answers[-1].json["error"]["message"]


def test_a_thread_of_an_active_run_can_be_deleted() -> None:
    assert _with_runs({"status": "in_progress"}).delete("/v1/threads/thread_1").json["deleted"] is True


@pytest.mark.parametrize(
    ("runs", "why"),
    [
        ([{"status": "queued"}, {"id": "run_2", "status": "in_progress"}], "thread thread_1 has two active runs"),
        ([{"status": "requires_action"}], "expected required_action beside requires_action"),
        ([{"status": "queued", "required_action": ACTION}], "expected required_action beside requires_action"),
    ],
)
def test_active_runs_that_cannot_be(runs: Any, why: str) -> None:
    with pytest.raises(ScenarioError, match=why):
        _with_runs(*runs).world  # noqa: B018
