"""A package that hides ours is told in a sentence, by the command and by pytest, which goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistants_emulator import why_hidden
from tests.support import ROOT

#: Other packages of the name: a module, a package, one that cannot be imported, and a directory without code.
OTHERS = {
    "emulator.py": ("x = 1", "finds another package, in "),
    "emulator/__init__.py": ("from .views import app", "fails: No module named 'emulator.views'"),
    "emulator/functions.py": ("", "finds another package, in "),
}


@pytest.fixture(params=OTHERS)
def hidden(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[dict[str, str], str]:
    """Variables with which another package comes first, and what is said then."""
    text, words = OTHERS[request.param]
    (tmp_path / request.param).parent.mkdir(exist_ok=True)
    (tmp_path / request.param).write_text(text)
    (tmp_path / "assistants_emulator").symlink_to(ROOT / "assistants_emulator")
    paths = os.pathsep.join([str(tmp_path), *(one for one in sys.path if "site-packages" in one)])
    return {**os.environ, "PYTHONPATH": paths, "PYTHONSAFEPATH": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, words


def run(command: list[str], environ: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-S", *command], cwd=folder, env=environ, capture_output=True, text=True, timeout=60
    )


def test_the_command_says_so(hidden: tuple[dict[str, str], str], tmp_path: Path) -> None:
    environ, words = hidden
    done = run(["-c", "import sys, assistants_emulator; sys.exit(assistants_emulator.main())"], environ, tmp_path)

    assert (done.returncode, done.stderr.count("\n"), words in done.stderr) == (2, 1, True), done.stderr
    assert "PyPI has an unrelated package `emulator`" in done.stderr


def test_a_session_of_pytest_goes_on_and_says_so(hidden: tuple[dict[str, str], str], tmp_path: Path) -> None:
    environ, words = hidden
    (tmp_path / "test_own.py").write_text("def test_own(): pass")
    done = run(["-m", "pytest", "-W", "error", "-p", "assistants_emulator.pytest_plugin"], environ, tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert ("1 passed" in done.stdout, words in done.stdout) == (True, True), done.stdout


def test_nothing_is_said_where_it_is_ours() -> None:
    assert why_hidden() is None
