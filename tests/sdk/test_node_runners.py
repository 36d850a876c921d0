"""The runners of Node with four workers, each with a key of its own: ``tests/examples/node_parallel``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sdk.install import HOW, NODE_RUNNERS, is_installed, node_modules
from tests.support import ROOT
from tests.walkthrough import copy_of_recipe

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(not is_installed(NODE_RUNNERS), reason=f"the runners of Node are {HOW}"),
]

#: As many files as make each worker run several.
FILES = 6
FUNCTIONS = "import { afterEach, test }"
OF_NODE = f"{FUNCTIONS} from 'node:test'"
#: The command of each runner with four workers, and where its test functions come from.
RUNNERS = {
    "node": (["node", "--import", "tsx", "--test", "--test-concurrency=4"], OF_NODE),
    "vitest": (["npx", "vitest", "run", "--maxWorkers=4", "--testTimeout=60000"], f"{FUNCTIONS} from 'vitest'"),
    "jest": (["npx", "jest", "--maxWorkers=4", "--testTimeout=60000"], f"{FUNCTIONS} from '@jest/globals'"),
    "mocha": (
        ["npx", "mocha", "--parallel", "--jobs=4", "--import=tsx", "--timeout=60000"],
        "import mocha from 'mocha'; const { afterEach, it: test } = mocha",
    ),
}
#: A file whose application hides that no turn fits, and which does not check.
LOST = """\
import { test } from 'node:test';
import './emulator.ts';
import { ask } from './concierge.ts';

test('asks for what no turn knows', () => ask('asst_concierge', 'Is there a lift?').catch(() => ''));
"""
SETTINGS = {
    "vitest.config.ts": "export default { test: { include: ['*.test.ts'] } };\n",
    "jest.config.cjs": "module.exports = { testMatch: ['**/*.test.ts'], testEnvironment: 'node' };\n",
    "babel.config.cjs": (
        "module.exports = { presets: [['@babel/preset-env', { targets: { node: 'current' } }], "
        "['@babel/preset-typescript', { rewriteImportExtensions: false }]] };\n"
    ),
    "package.json": json.dumps({"type": "module"}),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    directory = tmp_path / "node"
    copy_of_recipe("node_parallel", directory)
    (directory / "node_modules").symlink_to(node_modules(NODE_RUNNERS), target_is_directory=True)
    for name, text in SETTINGS.items():
        (directory / name).write_text(text)
    return directory


def multiply(project: Path, functions: str) -> list[str]:
    """The example's test file, several times, for this runner. Returns their names."""
    original = project / "concierge.test.ts"
    text = original.read_text().replace(OF_NODE, functions)
    original.unlink()
    names = [f"n{number}.test.ts" for number in range(FILES)]
    for name in names:
        (project / name).write_text(text)
    return names


def run(project: Path, runner: str, names: list[str]) -> subprocess.CompletedProcess[str]:
    command = [*RUNNERS[runner][0], *(names if runner in ("node", "mocha") else [])]
    return subprocess.run(
        [sys.executable, "-m", "emulator", "exec", "hotel.yaml", "--", *command],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CI": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("runner", RUNNERS)
def test_four_workers_do_not_meet(project: Path, runner: str) -> None:
    ran = run(project, runner, multiply(project, RUNNERS[runner][1]))

    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_problem_of_one_worker_fails_the_command(project: Path) -> None:
    names = multiply(project, RUNNERS["node"][1])
    (project / names[2]).write_text(LOST)
    ran = run(project, "node", names)

    assert (ran.returncode, "no turn fits" in ran.stderr) == (1, True), ran.stdout + ran.stderr


def test_the_helper_is_strict_and_short(project: Path) -> None:
    checked = subprocess.run(["npx", "tsc", "-p", "."], cwd=project, capture_output=True, text=True, timeout=120)

    assert checked.returncode == 0, checked.stdout
    assert len((project / "emulator.ts").read_text().splitlines()) <= 60
