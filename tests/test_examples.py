"""The recipes of ``tests/examples``: a copy of them is run as a user runs tests, away from this project's settings."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.sdk.install import HOW, NODE_SDKS, is_installed, node_modules
from tests.walkthrough import EXAMPLES, PLAIN_PYTEST, copy_of_recipe


def test_all_recipes_are_green(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path / "recipes", ignore=shutil.ignore_patterns("conftest.py", "__pycache__"))
    report = tmp_path / "report.xml"

    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={report}"]
    environment = os.environ | PLAIN_PYTEST
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)

    assert run.returncode == 0, run.stdout + run.stderr
    ran = Counter(case.attrib["classname"].split(".")[1] for case in ElementTree.parse(report).iter("testcase"))
    assert set(ran) == {path.parent.name for path in EXAMPLES.glob("*/test_*.py")}


@pytest.mark.clients
@pytest.mark.skipif(not is_installed("node"), reason=f"the TypeScript clients are {HOW}")
@pytest.mark.parametrize("sdk", NODE_SDKS)
@pytest.mark.parametrize(
    ("recipe", "scenario", "api", "tests"),
    [
        ("node_first", "weather.yaml", "assistants", 1),
        ("node", "hotel.yaml", "assistants", 2),
        ("node_leaving", "weather.yaml", "assistants", 1),
        ("node_leaving", "weather.yaml", "responses", 1),
    ],
)
def test_a_recipe_for_node_is_green(tmp_path: Path, sdk: str, recipe: str, scenario: str, api: str, tests: int) -> None:
    copy_of_recipe(recipe, tmp_path / "node")
    (tmp_path / "node" / "node_modules").mkdir()
    (tmp_path / "node" / "node_modules" / "openai").symlink_to(node_modules() / sdk, target_is_directory=True)

    command = [sys.executable, "-m", "emulator", "exec", scenario, "--", "node", "--test"]
    environment = os.environ | {"ASSISTANTS_API": api}
    run = subprocess.run(command, cwd=tmp_path / "node", env=environment, capture_output=True, text=True, timeout=60)

    assert run.returncode == 0, run.stdout + run.stderr
    assert f"# pass {tests}" in run.stdout


@pytest.mark.clients
@pytest.mark.skipif(not is_installed("node"), reason=f"the TypeScript clients are {HOW}")
def test_a_program_of_node_is_the_same_on_both_apis(tmp_path: Path) -> None:
    directory = tmp_path / "node"
    copy_of_recipe("node_leaving", directory)
    (directory / "node_modules").mkdir()
    (directory / "node_modules" / "openai").symlink_to(node_modules() / NODE_SDKS[0], target_is_directory=True)

    command = [sys.executable, "-m", "emulator", "parity", "weather.yaml", "--", "node", "--test"]
    run = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60)

    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines()[-1].endswith(" the same")

    application = directory / "weather.mjs"
    application.write_text(application.read_text().replace("input: question", "input: 'Well: ' + question"))
    changed = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60)

    assert (changed.returncode, "question" in changed.stdout) == (1, True), changed.stdout + changed.stderr


@pytest.mark.clients
@pytest.mark.skipif(shutil.which("javac") is None, reason="a JDK is not installed")
def test_the_program_in_java_asks_and_checks(tmp_path: Path) -> None:
    copy_of_recipe("java", tmp_path / "java")
    command = [sys.executable, "-m", "emulator", "exec", "weather.yaml", "--", "java", "Weather.java"]
    run = subprocess.run(command, cwd=tmp_path / "java", capture_output=True, text=True, timeout=120)

    assert (run.returncode, run.stdout) == (0, "It is sunny in Paris.\n"), run.stderr
