"""Applications and frameworks that drive the Responses API: nobody here wrote or changed what drives it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator, Request
from tests.frameworks.responses.expected import FOUND, SENT, Sent
from tests.sdk.install import (
    HOW,
    RESPONSES_FRAMEWORKS,
    RESPONSES_NODE_FRAMEWORKS,
    is_installed,
    node_modules,
    python_of,
)

HERE = Path(__file__).parent

pytestmark = pytest.mark.clients


@dataclass
class Played:
    """What an application found, and which requests it sent."""

    application: str
    found: dict[str, Any]
    requests: list[Request]


@pytest.fixture(scope="module", params=FOUND)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    application = request.param
    if not is_installed(f"responses-{application}"):
        pytest.skip(f"{application} is {HOW}")
    with Emulator(HERE / "scenario.yaml") as emulator:
        found = play(application, emulator.environ, tmp_path_factory.mktemp(application))
        emulator.check()
        yield Played(application, found, emulator.requests())


def play(application: str, environ: Mapping[str, str], directory: Path) -> dict[str, Any]:
    """In an empty directory. Frameworks warn of what they use themselves."""
    environment = {**os.environ, **environ, "PYTHONPATH": str(HERE), "PYTHONWARNINGS": "ignore"}
    name = f"responses-{application}"
    if name in RESPONSES_NODE_FRAMEWORKS:
        command = _node_command(application, node_modules(name), directory)
    else:
        command = [str(python_of(name)), "-m", f"programs.{application}"]
    run = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


def _node_command(application: str, packages: Path, directory: Path) -> list[str]:
    """Node looks for packages beside the program."""
    (directory / "node_modules").symlink_to(packages, target_is_directory=True)
    program = shutil.copy(HERE / "programs" / f"{application}.mts", directory)
    return ["node", str(packages / "tsx" / "dist" / "cli.mjs"), str(program)]


def test_an_application_finds_what_its_scenario_says(played: Played) -> None:
    assert played.found == FOUND[played.application]


def test_no_request_of_the_framework_is_refused(played: Played) -> None:
    assert [(one.method, one.path, one.status) for one in played.requests if one.status >= 400] == []


def test_the_framework_streams_continues_and_brings_history_back(played: Played) -> None:
    created = [one for one in played.requests if one.operation == "create_response"]
    bodies = [one.json for one in created if isinstance(one.json, dict)]
    items = [[item for item in body["input"] if isinstance(item, dict)] for body in bodies]
    kinds = {item.get("type", "message") for input in items for item in input} - {"message"}

    assert SENT[played.application] == Sent(
        streamed=sum(body.get("stream") is True for body in bodies),
        continuing=sum(bool(body.get("previous_response_id")) for body in bodies),
        encrypted=sum(any(item.get("encrypted_content") for item in input) for input in items),
        kinds=kinds,
    )


def test_no_application_is_left_out() -> None:
    programs = {path.stem for path in (HERE / "programs").iterdir() if path.is_file()} - {"__init__", "shared"}
    environments = {f"responses-{name}" for name in programs}

    assert programs == set(FOUND) == set(SENT)
    assert environments == set(RESPONSES_FRAMEWORKS) | set(RESPONSES_NODE_FRAMEWORKS)
