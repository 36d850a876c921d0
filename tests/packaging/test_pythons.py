"""The project's own tests under the other versions of Python, and with the lowest versions of all dependencies.

The wheel is in place of the checkout. Golden files hold each of them to the same bytes.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.packaging.conftest import Distributions
from tests.packaging.environments import run, variables
from tests.packaging.pythons import RUNNING, VERSIONS, find, missing
from tests.sdk.install import CACHE, HOW, LOWEST, is_installed, python_of
from tests.support import ROOT

#: Where versions of Python differ: sockets and event loops, text and time, regular expressions, JSON and SQLite.
TESTS = [
    "tests/apis/endpoints",
    "tests/apis/http/test_faults.py",
    "tests/apis/assistants/test_strict_schemas.py",
    "tests/apis/responses/test_chains.py",
    "tests/apis/responses/test_conversations.py",
    "tests/apis/responses/test_golden_streams.py",
    "tests/base",
    "tests/engine",
    "tests/fuzz/test_oracle.py",
    "tests/sandbox/test_fake.py",
    "tests/sandbox/test_json_schema.py",
    "tests/sandbox/test_templates.py",
    "tests/scenarios/test_bundled_scenarios.py",
    "tests/scenarios/test_conditions.py",
    "tests/scenarios/test_document.py",
    "tests/scenarios/test_scenario_errors.py",
    "tests/sdk/test_python.py",
    "tests/server/test_server.py",
    "tests/world",
]


def test_all_of_them_are_there() -> None:
    assert [path for path in TESTS if not (ROOT / path).exists()] == []


@pytest.mark.clients
@pytest.mark.parametrize("version", [version for version in VERSIONS if version != RUNNING])
def test_what_holds_here_holds_under(version: str, distributions: Distributions, tmp_path: Path) -> None:
    if find(version) is None:
        pytest.skip(missing(version))
    if not is_installed(f"python-{version}"):
        pytest.skip(f"Python {version} is {HOW}")
    check_under(python_of(f"python-{version}"), distributions, tmp_path)


@pytest.mark.clients
def test_what_holds_here_holds_with_the_lowest_versions(distributions: Distributions, tmp_path: Path) -> None:
    if not is_installed(LOWEST):
        pytest.skip(f"the environment with the lowest versions is {HOW}")
    python = python_of(LOWEST)
    pins = [line for line in (CACHE / LOWEST / "lowest.txt").read_text().splitlines() if line[:1] not in "# "]
    names = [line.partition("==")[0] for line in pins]
    asked = f"from importlib.metadata import version; print(*(f'{{n}}=={{version(n)}}' for n in {names}), sep='\\n')"
    installed = run([python, "-c", asked], tmp_path, variables(python.parent, home=tmp_path))

    assert installed.stdout.splitlines() == pins
    check_under(python, distributions, tmp_path)


def check_under(python: Path, distributions: Distributions, tmp_path: Path) -> None:
    for name in ("tests", "fixtures"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    wheel = tmp_path / "wheel"
    shutil.unpack_archive(distributions.wheel, wheel, "zip")
    environment = variables(python.parent, home=tmp_path, PYTHONPATH=str(wheel))

    tested = run([python, "-c", "import emulator; print(emulator.__file__)"], tmp_path, environment)
    assert tested.stdout == f"{wheel / 'emulator' / '__init__.py'}\n"
    command = [str(python), "-m", "pytest", "-q", "-n", "auto", "-m", "not clients", "-p", "no:cacheprovider", *TESTS]
    ended = run(command, tmp_path, environment)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert " passed" in ended.stdout
