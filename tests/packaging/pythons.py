"""The versions of Python that the package says it supports, and where this machine has them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13", "3.14", "3.15")
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


def find(version: str) -> Path | None:
    """An interpreter of that version that runs and can make environments, if there is one."""
    return next((python for python in _candidates(version) if _is(version, python)), None)


def missing(version: str) -> str:
    return f"Python {version} is not on this machine: it is neither on the PATH nor kept by pyenv or uv"


def _candidates(version: str) -> Iterator[Path]:
    if version == RUNNING:
        yield Path(sys.executable)
    if on_path := shutil.which(f"python{version}"):  # it may be pyenv's, which then only says that it is not chosen
        yield Path(on_path)
    home = Path.home()
    keepers = {
        Path(os.environ.get("PYENV_ROOT", home / ".pyenv")) / "versions": f"{version}.*",
        Path(os.environ.get("UV_PYTHON_INSTALL_DIR", home / ".local/share/uv/python")): f"cpython-{version}.*",
    }
    for directory, pattern in keepers.items():
        for kept in sorted(directory.glob(pattern)):
            yield kept / "bin" / f"python{version}"


def _is(version: str, python: Path) -> bool:
    question = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        asked = subprocess.run([python, "-c", question], capture_output=True, text=True, timeout=60)
    except OSError:
        return False
    return asked.stdout.strip() == version
