"""The Dockerfile: what it says, and that what it says works."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import OpenAI

from emulator import Control
from tests.packaging.dockerfile import Context, Image, instructions, the
from tests.packaging.environments import Environment, run
from tests.packaging.pythons import RUNNING, VERSIONS, find
from tests.support import ROOT

FOUND = instructions((ROOT / "Dockerfile").read_text())
PORT = the("EXPOSE", FOUND).value
URL = f"http://127.0.0.1:{PORT}"

SCENARIO = "turns: [{when: {message: weather}, steps: [{say: It is sunny in Paris.}]}]\n"


def test_the_image_is_slim_and_of_a_python_that_is_tested() -> None:
    assert the("FROM", FOUND).value in [f"python:{version}-slim" for version in VERSIONS if version >= RUNNING]


def test_it_does_not_run_as_root_and_its_last_word_is_what_it_runs() -> None:
    user, group = the("USER", FOUND).value.split(":")

    assert int(user) > 0
    assert int(group) > 0
    names = [one.name for one in FOUND]
    assert names.index("USER") > max(index for index, name in enumerate(names) if name == "RUN")
    assert names[-2:] == ["ENTRYPOINT", "CMD"]


def test_commands_are_in_exec_form_so_that_signals_reach_the_server() -> None:
    assert the("ENTRYPOINT", FOUND).words + the("CMD", FOUND).words == ["assistants-emulator", "serve", "/scenarios"]
    assert the("HEALTHCHECK", FOUND).words == ["assistants-emulator", "health", "--timeout", "2"]


def test_the_build_sees_the_package_and_nothing_else() -> None:
    context = Context(ROOT)

    assert {path.name for path in ROOT.iterdir() if context.has(path.name)} == {
        "LICENSE",
        "README.md",
        "assistants_emulator",
        "emulator",
        "pyproject.toml",
    }
    assert context.has("emulator/base/schemas/requests.json")
    assert not context.has("emulator/__pycache__/cli.cpython-313.pyc")
    assert not context.has("tests/emulator")


# ---- Built and run ----


@pytest.fixture(scope="module")
def image(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """With the image's version of Python where the machine has it."""
    python = find(VERSIONS[-1]) or find(RUNNING)
    assert python
    built = Image(Environment(python, tmp_path_factory.mktemp("image")), Context(checkout))
    built.build(instructions((checkout / "Dockerfile").read_text()))
    return built


@contextmanager
def running(image: Image, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A container, as soon as it listens."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", int(PORT))) == 0:
            pytest.skip(f"something else listens on port {PORT}")
    command = image.command(the("ENTRYPOINT", FOUND).words + the("CMD", FOUND).words)
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    started = subprocess.Popen(command, cwd=image.directory, env=image.variables | variables, **pipes)
    with started:
        assert started.stdout is not None
        assert started.stderr is not None
        said = started.stdout.readline()
        assert said == f"listening on http://0.0.0.0:{PORT}/v1\n", started.stderr.read()
        yield started
        started.kill()


@contextmanager
def mounted(image: Image) -> Iterator[None]:
    """A scenario over the image's directory, which hides what is there."""
    hidden = image.directory.rename(image.directory.with_name("hidden"))
    image.directory.mkdir()
    (image.directory / "weather.yaml").write_text(SCENARIO)
    yield
    shutil.rmtree(image.directory)
    hidden.rename(image.directory)


def healthy(image: Image) -> bool:
    command = image.command(the("HEALTHCHECK", FOUND).words)
    return run(command, image.directory, image.variables).returncode == 0


def answer() -> str:
    with OpenAI(base_url=f"{URL}/v1", api_key="sk-any") as client:
        assistant = client.beta.assistants.create(model="gpt-4o")
        run = client.beta.threads.create_and_run_poll(
            assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "How is the weather?"}]}
        )
        (part,) = client.beta.threads.messages.list(run.thread_id).data[0].content
        assert part.type == "text"
        return part.text.value


@pytest.mark.clients
def test_every_line_of_the_dockerfile_was_run(image: Image) -> None:
    assert image.ran == [one.value for one in FOUND if one.name == "RUN"]
    assert [path.name for path in image.directory.iterdir()] == ["nothing_is_mounted.yaml"]


@pytest.mark.clients
def test_it_is_healthy_while_it_runs_and_stops_on_sigterm(image: Image) -> None:
    with running(image) as container:
        assert healthy(image)
        container.terminate()
        assert container.wait(timeout=10) == 0
    assert not healthy(image)


@pytest.mark.clients
def test_with_nothing_mounted_every_run_is_answered(image: Image) -> None:
    with running(image):
        assert answer().endswith(".")
        Control(URL, "sk-any").check()


@pytest.mark.clients
def test_it_serves_the_scenarios_that_are_mounted(image: Image) -> None:
    with mounted(image), running(image):
        assert answer() == "It is sunny in Paris."
        Control(URL, "sk-any").check()


@pytest.mark.clients
@pytest.mark.parametrize(
    ("name", "variables", "status"),
    [
        ("emulator", {}, 200),  # as the services of a composition call each other
        ("emulator.internal", {}, 403),
        ("emulator.internal", {"ASSISTANTS_EMULATOR_ALLOW_HOST": "emulator.internal"}, 200),
    ],
)
def test_another_container_calls_it_by_name(image: Image, name: str, variables: dict[str, str], status: int) -> None:
    with running(image, **variables):
        asked = httpx.get(f"{URL}/_emulator/health", headers={"Host": f"{name}:{PORT}"})

    assert asked.status_code == status
