"""The installation of the other clients says what is missing, and does nothing twice."""

from __future__ import annotations

import subprocess
from functools import partial
from pathlib import Path

import pytest

from tests.sdk import install


def test_without_node_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)

    assert install.main() == 1
    assert "need Node 20 or newer" in capsys.readouterr().err


def test_what_is_installed_is_left_alone_until_something_else_is_wanted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed: list[str] = []

    def installer(wanted: str) -> None:
        (tmp_path / "sdk").mkdir()
        installed.append(wanted)

    monkeypatch.setattr(install, "CACHE", tmp_path)
    for wanted in ("1", "1", "2"):
        install.once("sdk", wanted, partial(installer, wanted))

    assert installed == ["1", "2"]


def test_an_installation_that_broke_off_is_begun_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def breaks_off() -> None:
        (tmp_path / "sdk").mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(install, "CACHE", tmp_path)
    with pytest.raises(KeyboardInterrupt):
        install.once("sdk", "1", breaks_off)

    assert not install.is_installed("sdk")


UPDATE, ADD = "apt-get update -qq", "apt-get install -qq --yes --no-install-recommends chromium"


@pytest.mark.parametrize(
    ("programs", "user", "fails", "commands", "said"),
    [
        (["chromium"], 0, False, [], ""),
        (["google-chrome", "apt-get"], 0, False, [], ""),
        (["apt-get"], 0, False, [UPDATE, ADD], ""),
        (["apt-get"], 0, True, [UPDATE], "apt-get could not install chromium: its tests will be skipped.\n"),
        (["apt-get"], 1000, False, [], install.NO_CHROMIUM + "\n"),
        ([], 0, False, [], install.NO_CHROMIUM + "\n"),
    ],
)
def test_chromium_is_installed_where_it_is_missing_and_can_be(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    programs: list[str],
    user: int,
    fails: bool,
    commands: list[str],
    said: str,
) -> None:
    run: list[str] = []

    def ran(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        run.append(" ".join(command))
        return subprocess.CompletedProcess(command, int(fails))

    monkeypatch.setattr("subprocess.run", ran)
    monkeypatch.setattr("shutil.which", lambda name: name if name in programs else None)
    monkeypatch.setattr("os.geteuid", lambda: user)
    install.install_chromium()

    assert run == commands
    assert capsys.readouterr().err == said
