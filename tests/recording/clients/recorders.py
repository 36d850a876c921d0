"""Runs real clients under the recorders that people use, against an emulator, and keeps what both wrote down."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emulator import Emulator
from emulator.control.records import Request
from tests.sdk.install import HOW, NODE_RECORDERS, chromium, is_installed, node_modules, python_of

HERE = Path(__file__).parent
SCENARIO = HERE / "scenario.yaml"

_SECONDS = 120


class NotInstalled(Exception):
    """What a recorder needs is not there; the message says what, and how to get it."""


@dataclass(frozen=True)
class Tape:
    """What a recorder wrote, and the journal of the emulator that was recorded."""

    recorder: str
    path: Path
    url: str
    requests: list[Request]


def record(recorder: str, folder: Path) -> Tape:
    """Lets a recorder write its file in an empty folder. Raises NotInstalled."""
    with Emulator(SCENARIO) as emulator:
        path = RECORDERS[recorder](folder, emulator)
        emulator.check()
        return Tape(recorder, path, emulator.url, emulator.requests())


def _vcrpy(sdk: str, serializer: str) -> Callable[[Path, Emulator], Path]:
    def write(folder: Path, emulator: Emulator) -> Path:
        if not is_installed(sdk):
            raise NotInstalled(f"{sdk} is {HOW}")
        cassette = folder / f"cassette.{serializer}"
        program = [str(python_of(sdk)), "-W", "ignore::DeprecationWarning", str(HERE / "vcrpy_program.py")]
        _run([*program, str(cassette), serializer], emulator, folder)
        return cassette

    return write


def _nock(*options: str) -> Callable[[Path, Emulator], Path]:
    def write(folder: Path, emulator: Emulator) -> Path:
        file = folder / "nock.json"
        _run_node(folder, emulator, "with_nock.js", str(file), *options)
        return file

    return write


def _polly(folder: Path, emulator: Emulator) -> Path:
    _run_node(folder, emulator, "with_polly.js", str(folder / "recordings"))
    (recording,) = (folder / "recordings").rglob("recording.har")
    return recording


def _chromium(folder: Path, emulator: Emulator) -> Path:
    browser = chromium()
    if browser is None:
        raise NotInstalled(f"chromium is {HOW}, as root where apt-get is, or install it")
    _run_node(folder, emulator, "with_chromium.js", str(folder / "page.har"), browser)
    return folder / "page.har"


def _run_node(folder: Path, emulator: Emulator, program: str, *arguments: str) -> None:
    """Node looks for modules beside the program, so the programs go where they are."""
    if not is_installed(NODE_RECORDERS):
        raise NotInstalled(f"the recorders for Node are {HOW}")
    programs = folder / "programs"
    shutil.copytree(HERE / "node", programs)
    (programs / "node_modules").symlink_to(node_modules(NODE_RECORDERS), target_is_directory=True)
    _run(["node", program, *arguments], emulator, programs)


def _run(command: list[str], emulator: Emulator, folder: Path) -> None:
    environment = {**os.environ, **emulator.environ}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=_SECONDS)
    assert ended.returncode == 0, ended.stderr


#: By what they are called in tests.
RECORDERS: dict[str, Callable[[Path, Emulator], Path]] = {
    "vcrpy, YAML, httpx": _vcrpy("openai-2", "yaml"),
    "vcrpy, JSON, httpx": _vcrpy("openai-2", "json"),
    "vcrpy, YAML, httpx2": _vcrpy("openai-3", "yaml"),
    "vcrpy, JSON, httpx2": _vcrpy("openai-3", "json"),
    "Chromium": _chromium,
    "nock": _nock("--headers"),
    "nock, without headers": _nock(),
    "Polly.JS": _polly,
}
