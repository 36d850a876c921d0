"""Pipes, devices, sockets and endless links in the place of files: refused in a sentence, and never opened."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.base.files import read_file
from emulator.cli.main import main
from emulator.cli.watching import Watcher
from tests.hardness.bounds import bounded, needs_limits

pytestmark = needs_limits
#: What every door says of what lies there.
WORDS = {
    "pipe": "expected a file, got a named pipe",
    "zero": "expected a file, got a device",
    "socket": "expected a file, got a socket",
    "loop": "Too many levels of symbolic links",
    "nowhere": "No such file or directory",
    "folder": "Is a directory",
    "sparse": "expected at most",
}


@pytest.fixture(params=WORDS)
def special(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A path whose name is that of a scenario, and the words for what lies there."""
    kind: str = request.param
    path = tmp_path / "there" / f"{kind}.yaml"
    path.parent.mkdir()
    listening = socket.socket(socket.AF_UNIX)
    places: dict[str, Callable[[], object]] = {
        "pipe": lambda: os.mkfifo(path),
        "zero": lambda: path.symlink_to("/dev/zero"),
        "socket": lambda: listening.bind(str(path)),
        "loop": lambda: path.symlink_to(path),
        "nowhere": lambda: path.symlink_to(tmp_path / "nowhere"),
        "folder": path.mkdir,
        "sparse": lambda: _sparse(path),
    }
    places[kind]()
    with listening, bounded():
        yield path, WORDS[kind]


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10**12)


def test_nothing_but_a_file_is_read(special: tuple[Path, str]) -> None:
    path, words = special
    with pytest.raises(OSError, match=words) as raised:
        read_file(path, 1000)
    assert str(raised.value.filename) == str(path)


#: Command lines: the path itself, or the folder that has it.
DOORS: dict[str, Callable[[Path], list[str]]] = {
    "check a folder": lambda path: ["check", str(path.parent)],
    "check": lambda path: ["check", str(path)],
    "serve a folder": lambda path: ["serve", "--port", "0", str(path.parent)],
    "exec": lambda path: ["exec", str(path.parent), "--", "true"],
    "import": lambda path: ["import", str(path), "--out", "-"],
    "import a folder": lambda path: ["import", str(path.parent), "--out", "-"],
    "replay": lambda path: ["replay", "--port", "0", str(path)],
    "parity": lambda path: ["parity", str(path), str(path)],
    "prices": lambda path: ["serve", "--port", "0", "--prices", str(path)],
    "certificate": lambda path: ["serve", "--port", "0", "--tls-cert", str(path)],
}


@pytest.mark.parametrize("special", ["pipe", "zero", "socket", "loop"], indirect=True)
@pytest.mark.parametrize("door", DOORS)
def test_every_command_refuses_it(door: str, special: tuple[Path, str], capsys: pytest.CaptureFixture[str]) -> None:
    path, words = special
    assert main(DOORS[door](path)) in (1, 2)
    told = capsys.readouterr()
    assert (words if "import a" not in door else "expected recordings") in told.out + told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize("special", ["pipe", "zero"], indirect=True)
def test_a_watched_folder_that_gets_one_goes_on(special: tuple[Path, str]) -> None:
    path, words = special
    moved = path.rename(path.with_suffix(".not-yet"))
    told: list[str] = []
    watcher = Watcher([str(path.parent)], lambda change: None, told.append)
    moved.rename(path)
    watcher.poll()
    assert [words in one for one in told] == [True]


def test_a_file_that_is_replaced_with_the_same_size_and_time_is_seen(tmp_path: Path) -> None:
    file, new = tmp_path / "a.yaml", tmp_path / "new"
    file.write_text("turns: [{steps: [{say: a}]}]")
    changes: list[Any] = []
    watcher = Watcher([str(tmp_path)], changes.append, pytest.fail)
    new.write_text("turns: [{steps: [{say: b}]}]")
    os.utime(new, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    new.rename(file)
    watcher.poll()
    assert [one.path for one in changes] == [file]
