"""``completion``: the scripts complete commands, options, their values and file names in real shells."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.cli.main import COMMANDS, main
from tests.cli.test_main import ended

needs = {
    shell: pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")
    for shell in ("bash", "zsh", "fish")
}


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the scripts and a scenario."""
    for shell in needs:
        assert main(["completion", shell]) == 0
        (tmp_path / f"script.{shell}").write_text(capsys.readouterr().out)
    (tmp_path / "weather.yaml").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


BASH = """\
source script.bash
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
$(complete -p assistants-emulator | sed 's/.* -F \\([^ ]*\\) .*/\\1/')
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = 'source script.fish; complete -C "$argv"'


@pytest.mark.parametrize(
    "shell",
    [pytest.param(name, marks=needs[name]) for name in ("bash", "fish")],
)
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["s"], ["schema", "serve"]),
        (["check", "--pl"], ["--play"]),
        (["serve", "--clock", ""], ["real", "skip"]),
        (["serve", "--clock=real", "wea"], ["weather.yaml"]),
        (["check", "wea"], ["weather.yaml"]),
        (["completion", ""], ["bash", "fish", "zsh"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_words_are_completed(folder: Path, shell: str, words: list[str], completed: list[str]) -> None:
    line = ["assistants-emulator", *words]
    command = ["bash", "-c", BASH, "bash", *line] if shell == "bash" else ["fish", "-c", FISH, " ".join(line)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)

    assert done.stderr == ""
    assert sorted(one.partition("\t")[0] for one in done.stdout.split("\n") if one) == completed


@pytest.mark.parametrize("shell", [pytest.param(name, marks=mark) for name, mark in needs.items()])
def test_a_shell_can_read_its_script(folder: Path, shell: str) -> None:
    done = subprocess.run([shell, "-n", f"script.{shell}"], capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("shell", needs)
def test_each_script_knows_all_commands(folder: Path, shell: str) -> None:
    script = (folder / f"script.{shell}").read_text()

    assert [command for command in COMMANDS if command not in script] == []


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(["completion", "tcsh"]) == 2
    assert "'bash', 'zsh', 'fish'" in capsys.readouterr().err


def test_a_start_does_not_import_it() -> None:
    script = "import sys; from emulator.cli.main import _parse; _parse(['serve']); sys.exit('shtab' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
