"""Programs for Node, each with both versions of the SDK and with both of its clients."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from tests.sdk.install import NODE_SDKS, node_modules

HERE = Path(__file__).parent

#: Starts a program of ``node/``: what it printed before its last line, and what that line says.
Start = Callable[[str], tuple[str, Any]]


@pytest.fixture(params=["OpenAI", "AzureOpenAI"])
def environment(request: pytest.FixtureRequest, emulator: Emulator) -> dict[str, str]:
    """What leads the programs to the emulator: without ``OPENAI_BASE_URL`` they take Azure's client."""
    left_out = "OPENAI_BASE_URL" if request.param == "AzureOpenAI" else None
    return {name: value for name, value in (os.environ | emulator.environ).items() if name != left_out}


@pytest.fixture(params=NODE_SDKS)
def start(request: pytest.FixtureRequest, emulator: Emulator, environment: dict[str, str], tmp_path: Path) -> Start:
    """Node looks for the SDK beside the program, so the programs go where this version is."""
    programs = tmp_path / "programs"
    shutil.copytree(HERE / "node", programs)
    (programs / "node_modules").mkdir()
    for package, directory in (("openai", request.param), ("zod", "zod")):
        (programs / "node_modules" / package).symlink_to(node_modules() / directory, target_is_directory=True)
    tsx = node_modules() / "tsx" / "dist" / "cli.mjs"

    def run(program: str) -> tuple[str, Any]:
        command = ["node", str(tsx), f"{program}.ts"]
        ended = subprocess.run(command, cwd=programs, env=environment, capture_output=True, text=True, timeout=60)
        assert ended.returncode == 0, ended.stderr
        emulator.check()
        before, _, last = ended.stdout.rstrip("\n").rpartition("\n")
        return before, json.loads(last)

    return run
