"""``[tool.assistants-emulator]`` in pyproject.toml, as the commands read it; for tests: ``tests/plugin``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from emulator.base.problems import EmulatorError
from emulator.base.project import project_of
from emulator.cli.main import _parse, main
from tests.cli.test_main import ended

HI = "turns: [{steps: [{say: Hi}]}]"


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A directory below the project's, where commands are run."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "hi.yaml").write_text(HI)
    (tmp_path / "bad.yaml").write_text("turn: []")
    below = tmp_path / "app" / "tests"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    return tmp_path


def write(folder: Path, table: str) -> None:
    (folder / "pyproject.toml").write_text(f"[project]\nname = 'app'\n[tool.assistants-emulator]\n{table}\n")


@pytest.mark.parametrize(
    ("table", "variables", "arguments", "option", "value"),
    [
        ("port = 9", {}, ["serve"], "port", 9),
        ("port = 9", {}, ["serve", "--port", "10"], "port", 10),
        ("port = 9", {"PORT": "11"}, ["serve"], "port", 11),
        ("port = 9", {"PORT": "11"}, ["serve", "--port", "10"], "port", 10),
        ("", {}, ["serve"], "port", 8787),
        ("port = 9\n[tool.assistants-emulator.serve]\nport = 8", {}, ["serve"], "port", 8),
        ("port = 9\n[tool.assistants-emulator.serve]\nport = 8", {}, ["exec"], "port", 9),
        ("hold-limit = 2.5", {}, ["exec"], "hold_limit", 2.5),
        ("after-sunset = true", {}, ["exec"], "after_sunset", True),
        ("seed = 'seven'", {}, ["parity"], "seed", "seven"),
        ("allow-host = ['a.test', 'b.test']", {}, ["serve"], "allow_host", ["a.test", "b.test"]),
        ("scenarios = ['scenarios']", {}, ["serve"], "scenarios", ["../../scenarios"]),
        ("scenarios = 'scenarios'", {}, ["check"], "scenarios", ["../../scenarios"]),
        ("scenarios = ['scenarios']", {}, ["serve", "x.yaml"], "scenarios", ["x.yaml"]),
        ("[tool.assistants-emulator.exec]\nscenarios = ['a.yaml']", {}, ["exec"], "scenarios", ["../../a.yaml"]),
        ("[tool.assistants-emulator.exec]\nscenarios = ['a.yaml']", {}, ["serve"], "scenarios", []),
        ("upstream = 'http://x'\nout = 'tape.jsonl'", {}, ["record"], "upstream", "http://x"),
    ],
)
def test_the_command_line_beats_variables_and_these_beat_the_project(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    table: str,
    variables: dict[str, str],
    arguments: list[str],
    option: str,
    value: object,
) -> None:
    write(folder, table)
    for name, text in variables.items():
        monkeypatch.setenv(f"ASSISTANTS_EMULATOR_{name}", text)

    assert getattr(_parse(arguments), option) == value


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            "prot = 1",
            "../../pyproject.toml: [tool.assistants-emulator] prot: there is no such option; did you",
        ),
        ("scenario = ['x']", "scenario: there is no such option; did you mean 'scenarios'?"),
        ("port = 'many'", "[tool.assistants-emulator] port: expected a port from 0 to 65535, got 'many'"),
        ("clock = 'slow'", "[tool.assistants-emulator] clock: expected skip or real, got 'slow'"),
        ("after-sunset = 2", "[tool.assistants-emulator] after-sunset: expected 1 or 0, got '2'"),
        ("seed = 2026-01-01", "seed: expected text, a number, true or false, or a list, got datetime.date"),
        ("scenarios = [1]", "scenarios: expected a list of files and directories, got [1]"),
        ("serve = 1", "[tool.assistants-emulator] serve: expected a table, got 1"),
        ("port = ", "../../pyproject.toml: Invalid value"),
        ("scenarios = ['nowhere.yaml']", "../../nowhere.yaml: No such file or directory"),
    ],
)
def test_what_cannot_be_is_one_sentence_with_the_file(
    capsys: pytest.CaptureFixture[str], folder: Path, table: str, words: str
) -> None:
    write(folder, table)

    assert ended(["serve"]) == 2
    told = capsys.readouterr().err
    assert (words in told, told.count("\n")) == (True, 1), told


def test_the_nearest_file_with_the_table_counts(folder: Path) -> None:
    write(folder, "port = 9")
    (folder / "app" / "pyproject.toml").write_text("[project]\nname = 'assistants-emulator-app'")
    found = project_of(Path.cwd())

    assert found is not None
    assert (found.file, found.table) == (folder / "pyproject.toml", {"port": 9})


def test_a_table_that_is_none_is_refused(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool]\nassistants-emulator = 1")

    with pytest.raises(EmulatorError, match="expected a table, got 1"):
        project_of(folder)


def test_a_project_that_does_not_concern_us_may_be_broken(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[project\n")

    assert project_of(folder) is None


def test_commands_use_the_scenarios_of_the_project(capfd: pytest.CaptureFixture[str], folder: Path) -> None:
    write(folder, "scenarios = ['scenarios']")
    assert main(["check"]) == 0
    assert capfd.readouterr().out == "1 checked, no problems\n"
    script = (
        "import os; from emulator import Control; control = Control(os.environ['OPENAI_BASE_URL'], 'k');"
        "print(control._call('GET', '/scenarios')['scenarios'][0]['name'])"
    )
    assert main(["exec", "--", sys.executable, "-c", script]) == 0

    assert capfd.readouterr().out == "hi\n"


def test_check_without_scenarios_says_where_they_can_be_named(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert main(["check"]) == 2
    assert "expected scenario files, or `scenarios` in [tool.assistants-emulator]" in capsys.readouterr().err


def test_a_start_without_the_table_reads_no_toml(folder: Path) -> None:
    script = (
        "import sys; sys.modules.pop('tomllib', None)\n"  # coverage reads its own table
        "from emulator.cli.main import _parse; _parse(['serve']); sys.exit('tomllib' in sys.modules)"
    )
    (folder / "pyproject.toml").write_text("[project]\nname = 'app'")

    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
