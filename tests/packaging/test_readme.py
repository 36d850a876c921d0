"""What the pages say of the packages holds, where no machine here can run it."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest
import yaml

from tests.packaging.dockerfile import instructions, the
from tests.packaging.pythons import VERSIONS
from tests.sdk.install import FRAMEWORKS, RESPONSES_FRAMEWORKS, RESPONSES_NODE_FRAMEWORKS
from tests.support import ROOT

CONTAINER = (ROOT / "docs" / "server.md").read_text().partition("\n## In a container\n")[2]
FIDELITY = (ROOT / "docs" / "fidelity.md").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def block(kind: str) -> str:
    found = re.search(rf"```{kind}\n(.*?)```", CONTAINER, re.DOTALL)
    assert found, f"the section has no block of {kind}"
    return found[1]


def test_the_image_is_run_as_it_was_made() -> None:
    commands = [shlex.split(line.removeprefix("$ ")) for line in block("console").splitlines()]
    built, ran = commands
    port, volume = (ran[ran.index(option) + 1] for option in ("--publish", "--volume"))

    assert built[:2] == ["docker", "build"]
    assert ran[-1] == built[built.index("--tag") + 1]
    assert port.split(":")[1] == the("EXPOSE", instructions(DOCKERFILE)).value
    assert volume.split(":")[1:] == [the("CMD", instructions(DOCKERFILE)).words[-1], "ro"]


def test_the_dockerfile_says_the_same_of_itself() -> None:
    comment = "".join(line.removeprefix("#").strip() + "\n" for line in DOCKERFILE.splitlines() if line[:1] == "#")
    told = block("console").replace("$ ", "").replace("path/to/the/checkout", ".")

    assert [line for line in told.splitlines() if line not in comment] == []


def test_the_action_is_used_as_it_is() -> None:
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    steps = yaml.safe_load(block("yaml"))["steps"]
    (used,) = [step for step in steps if step.get("id")]
    outputs = re.findall(rf"steps\.{used['id']}\.outputs\.(\w+)", block("yaml"))

    assert used["with"].keys() <= action["inputs"].keys()
    assert outputs
    assert set(outputs) <= action["outputs"].keys()


PYTHON_FRAMEWORKS = FRAMEWORKS | RESPONSES_FRAMEWORKS


@pytest.mark.parametrize("framework", PYTHON_FRAMEWORKS)
def test_every_framework_is_named_with_its_version(framework: str) -> None:
    required = PYTHON_FRAMEWORKS[framework].read_text().splitlines()[0]
    named = re.findall(r"([\w-]+)(?:\[\w+\])?==([\d.]+\d)", required)

    assert any(f"{name} {version}" in FIDELITY for name, version in named)


@pytest.mark.parametrize("framework", RESPONSES_NODE_FRAMEWORKS)
def test_every_framework_of_node_is_named_with_its_version(framework: str) -> None:
    required = json.loads(RESPONSES_NODE_FRAMEWORKS[framework].read_text())["dependencies"]

    assert any(f"{name} {version}" in FIDELITY for name, version in required.items())


def test_every_python_is_named() -> None:
    assert f"Python {VERSIONS[0]} to {VERSIONS[-1]} are tested" in FIDELITY
    classifiers = re.findall(r'Python :: (3\.\d+)"', (ROOT / "pyproject.toml").read_text())
    assert tuple(classifiers) == VERSIONS
