"""The GitHub Action: every step of it is run, as a runner would."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.packaging.action import Refused, Runner
from tests.packaging.environments import run, variables
from tests.packaging.pythons import RUNNING, find
from tests.support import ROOT

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())

SCENARIO = "turns: [{when: {message: weather}, steps: [{say: It is sunny in Paris.}]}]\n"
APPLICATION = """
from openai import AzureOpenAI, OpenAI
import os

client = OpenAI() if "OPENAI_BASE_URL" in os.environ else AzureOpenAI()
assistant = client.beta.assistants.create(model="gpt-4o")
thread = {"messages": [{"role": "user", "content": "How is the weather?"}]}
run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=thread)
print(client.base_url.path, client.beta.threads.messages.list(run.thread_id).data[0].content[0].text.value)
"""

#: After the installation, which is the same for all.
STEPS = ("start", "lead")

Use = Callable[..., Runner]


def test_every_input_and_output_is_described() -> None:
    assert [
        name for name, about in ACTION["inputs"].items() if not about["description"] or "default" not in about
    ] == []
    assert [name for name, about in ACTION["outputs"].items() if not about["description"]] == []


def test_steps_get_inputs_as_variables_so_that_none_is_taken_for_shell() -> None:
    assert ACTION["runs"]["using"] == "composite"
    assert [step["name"] for step in ACTION["runs"]["steps"] if "${{" in step["run"]] == []


def test_the_tests_below_play_all_steps() -> None:
    assert tuple(step["id"] for step in ACTION["runs"]["steps"]) == ("install", *STEPS)


# ---- A job that uses it ----


@pytest.fixture(scope="module")
def installed(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    job = tmp_path_factory.mktemp("installed")
    python = find(RUNNING)
    assert python
    runner = Runner(checkout, job, variables(home=job), python=str(python))
    runner.play("install")
    return runner


@pytest.fixture
def use(checkout: Path, installed: Runner, tmp_path: Path) -> Iterator[Use]:
    """Plays the action in a job; what it started is gone after the test."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "weather.yaml").write_text(SCENARIO)
    with ExitStack() as stack:

        def play(**inputs: str) -> Runner:
            runner = Runner(checkout, tmp_path, variables(home=tmp_path), port="0", **inputs)
            runner.go_on_from(installed)
            for step in STEPS:
                runner.play(step)
            stack.callback(stop, int(runner.outputs["pid"]))
            return runner

        yield play


def stop(pid: int) -> None:
    """As the job's end does, if it still runs."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def later_step(runner: Runner, *command: str) -> str:
    """What a step prints that follows the action."""
    ended = run(command, Path.cwd(), runner.environment)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.clients
def test_the_steps_that_follow_find_the_emulator(use: Use) -> None:
    runner = use(scenarios="scenarios", options="--seed 7 --worlds one")

    assert runner.exported["OPENAI_BASE_URL"] == runner.outputs["url"] + "/v1"
    assert runner.exported["OPENAI_API_KEY"] == "sk-emulator"
    assert "127.0.0.1" in runner.exported["NO_PROXY"]
    assert later_step(runner, sys.executable, "-W", "ignore", "-c", APPLICATION) == "/v1/ It is sunny in Paris.\n"
    log = Path(runner.outputs["log"]).read_text()
    assert f"listening on {runner.outputs['url']}/v1\n" in log
    assert "create_thread_and_run" in log or "POST /v1/threads/runs" in log


@pytest.mark.clients
@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="Linux alone tells when another's process has ended")
def test_it_stops_when_it_is_killed_as_the_readme_says_and_azures_clients_find_it(use: Use) -> None:
    runner = use(scenarios="scenarios/weather.yaml", azure="true", api_key="anything")
    assert "OPENAI_BASE_URL" not in runner.exported
    assert later_step(runner, sys.executable, "-W", "ignore", "-c", APPLICATION) == "/openai/ It is sunny in Paris.\n"

    process = os.pidfd_open(int(runner.outputs["pid"]))
    later_step(runner, "bash", "-c", f"kill {runner.outputs['pid']}")

    assert select.select([process], [], [], 10)[0] == [process], "it did not stop within ten seconds"
    os.close(process)


@pytest.mark.clients
def test_what_keeps_it_from_starting_is_said(use: Use, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("turn: []")

    with pytest.raises(Refused, match=r"broken\.yaml:1:1: turn: unknown key; did you mean 'turns'\?"):
        use(scenarios="broken.yaml")
