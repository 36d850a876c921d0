"""Poll loops that do not know every status: they end with an error that says what the client waits for."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from openai import BadRequestError, OpenAI

from emulator import CheckFailed, Emulator
from tests.sdk.install import HOW, is_installed, python_of

CUT_OFF: dict[str, Any] = {"turns": [{"steps": [{"say": "Once upon"}, {"incomplete": "max_completion_tokens"}]}]}
CALLS: dict[str, Any] = {"turns": [{"steps": [{"call": {"ask": {}}}]}]}
TOOLS: list[Any] = [{"type": "function", "function": {"name": "ask"}}]

#: Each program, and the environment that it runs in.
LOOPS = {"openai_sdk": "openai-1.26.0", "kernel_agent": "semantic-kernel-1.4.0"}


def the_only_problem(emulator: Emulator) -> str:
    with pytest.raises(CheckFailed) as failed:
        emulator.check()
    (problem,) = failed.value.problems
    assert problem.kind == "polls"
    return problem.message


@pytest.mark.clients
@pytest.mark.parametrize("program", LOOPS)
def test_a_loop_that_does_not_know_incomplete_ends(program: str) -> None:
    where = LOOPS[program]
    if not is_installed(where):
        pytest.skip(f"{where} is {HOW}")
    with Emulator(CUT_OFF) as emulator:
        script = Path(__file__).parent / "poll_loops" / f"{program}.py"
        environment = {**os.environ, **emulator.environ, "PYTHONWARNINGS": "ignore"}
        command = [str(python_of(where)), str(script)]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert run.returncode == 0, run.stderr
        error = json.loads(run.stdout)
        told = the_only_problem(emulator)
        (played,) = emulator.runs()

    assert (error["code"], error["message"]) == ("polls_without_end", told)
    assert told.startswith(f"{played.id} is 'incomplete' (max_completion_tokens), which is its end: ")


# ---- A loop of the same shape, by the newest SDK ----

#: The statuses at which the loop of openai 1.26.0 ends, and those at which a loop without functions does.
ENDS = {"requires_action", "cancelled", "completed", "failed", "expired"}
WITHOUT_FUNCTIONS = {"completed", "failed"}


def poll(client: OpenAI, run: Any, ends: set[str]) -> None:
    while run.status not in ends:
        run = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)


@pytest.mark.parametrize(
    ("scenario", "ends", "what"),
    [
        (CUT_OFF, ENDS, "is 'incomplete' (max_completion_tokens), which is its end: "),
        (CALLS, WITHOUT_FUNCTIONS, "is 'requires_action' and waits for the outputs of 'ask' (call_"),
    ],
)
def test_a_loop_that_an_application_has_written_ends_too(
    scenario: dict[str, Any], ends: set[str], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("emulator.world.idle_polls", "emulator.apis.http.idle_polls"):
        monkeypatch.setattr(f"{module}.MAX_IDLE_POLLS", 20)
    with Emulator(scenario) as emulator, OpenAI(base_url=emulator.base_url, api_key=emulator.api_key) as client:
        assistant = client.beta.assistants.create(model="gpt-4o", tools=TOOLS)
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "Tell me more."}])
        run = client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)
        with pytest.raises(BadRequestError, match="no poll changes that") as refused:
            poll(client, run, ends)
        told = the_only_problem(emulator)

    assert f"{run.id} {what}" in told
    assert told in str(refused.value)
