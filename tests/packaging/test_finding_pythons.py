"""Which interpreter is taken for a version of Python."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.packaging.pythons import RUNNING, find, missing


def program(path: Path, answer: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{answer}\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is on the PATH, and nobody keeps any."""
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))


def test_the_running_python_is_found_first() -> None:
    assert find(RUNNING) == Path(sys.executable)


def test_a_python_on_the_path_is_run_for_its_version(tmp_path: Path) -> None:
    python = program(tmp_path / "path" / "python3.99", "echo 3.99")

    assert find("3.99") == python


@pytest.mark.parametrize("kept", ["pyenv/versions/3.99.1/bin/python3.99", "uv/cpython-3.99.1-linux/bin/python3.99"])
def test_one_that_is_kept_is_found_behind_one_that_is_none(tmp_path: Path, kept: str) -> None:
    """pyenv's program on the PATH only says that no version was chosen."""
    program(tmp_path / "path" / "python3.99", "exit 127")
    python = program(tmp_path / kept, "echo 3.99")

    assert find("3.99") == python


@pytest.mark.parametrize("answer", ["echo 3.98", "exit 1"])
def test_a_program_that_is_no_python_is_not_taken(tmp_path: Path, answer: str) -> None:
    program(tmp_path / "path" / "python3.99", answer)
    (tmp_path / "pyenv" / "versions" / "3.99.1").mkdir(parents=True)  # without a program

    assert find("3.99") is None
    assert "Python 3.99 is not on this machine" in missing("3.99")
