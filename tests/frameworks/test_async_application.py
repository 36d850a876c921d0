"""An asynchronous application whose client is made at import time, with its tests, under each way to run coroutines."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
#: The plugins that are loaded, and the options.
WAYS = {
    "pytest-asyncio": ("pytest_asyncio.plugin", ["-o", "asyncio_mode=auto"]),
    "anyio": ("anyio.pytest_plugin", ["-o", "anyio_mode=auto"]),
    "xdist": ("pytest_asyncio.plugin,xdist.plugin", ["-o", "asyncio_mode=auto", "-n", "2"]),
}


#: One of the ways is in the main suite; each takes seconds.
LONG = ("anyio", "xdist")


@pytest.mark.parametrize("way", [pytest.param(way, marks=[pytest.mark.clients] if way in LONG else []) for way in WAYS])
def test_its_tests_are_green(tmp_path: Path, way: str) -> None:
    pytest.importorskip("fastapi")
    plugins, options = WAYS[way]
    shutil.copytree(HERE / "async_app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "OPENAI_"))},
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_PLUGINS": f"emulator.pytest_plugin,{plugins}",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore::DeprecationWarning"]

    done = subprocess.run(
        [*command, *options], cwd=tmp_path / "app", env=environment, capture_output=True, text=True, timeout=120
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "12 passed" in done.stdout.splitlines()[-1], done.stdout
