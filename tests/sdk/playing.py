"""Plays the patterns of ``python_client``, in this process or with another version of the SDK."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from tests.sdk.install import HOW, PYTHON_SDKS, is_installed, python_of
from tests.sdk.python_client.play import play

CLIENTS = ("sync", "async", "azure", "async azure")
VERSIONS = ["newest", *(pytest.param(sdk, marks=pytest.mark.clients) for sdk in PYTHON_SDKS)]


def play_with(sdk: str, api: str, emulator: Emulator) -> dict[str, Any]:
    """With the newest SDK, or in an environment that has another version of it and nothing of ours."""
    if sdk == "newest":
        return play_here(api, emulator)
    if not is_installed(sdk):
        pytest.skip(f"{sdk} is {HOW}")
    command = [str(python_of(sdk)), "-W", "error", "-W", "ignore::DeprecationWarning", "-m", "python_client", api]
    environment = {**os.environ, **emulator.environ}
    run = subprocess.run(
        command, cwd=Path(__file__).parent, env=environment, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def play_here(api: str, emulator: Emulator, *, strict: bool = False) -> dict[str, Any]:
    """In this process, so that a warning of the SDK's is an error."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in emulator.environ.items():
            environment.setenv(name, value)
        return asyncio.run(play(api, strict=strict))
