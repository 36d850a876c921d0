"""The installation of the other clients says what is missing, and does nothing twice."""

from __future__ import annotations

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
