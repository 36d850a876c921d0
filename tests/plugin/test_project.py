"""``[tool.assistants-emulator]`` in pyproject.toml, for tests."""

from __future__ import annotations

import pytest

from tests.plugin.inner import GREETING, LIGHT, run

TABLE = """\
[tool.assistants-emulator]
scenarios = ["scenarios"]
seed = 7
start = "2030-01-01"
port = 9
"""
TEST = """
def names(emulator):
    return [one["name"] for one in emulator._call("GET", "/scenarios")["scenarios"]]

def test_usual(assistants_emulator):
    assert (names(assistants_emulator), assistants_emulator.state()["settings"]["seed"]) == (["greeting"], 7)
    assert app() == "completed"

@pytest.mark.assistants_emulator({"name": "own", "turns": [{"steps": [{"say": "x"}]}]}, seed=8)
def test_own(assistants_emulator):
    settings = assistants_emulator.state()["settings"]
    assert (names(assistants_emulator), settings["seed"], settings["start"]) == (["own"], 8, "2030-01-01")
"""


def test_a_test_that_names_no_scenario_gets_those_of_the_project(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml(TABLE)
    pytester.mkdir("scenarios").joinpath("greeting.yaml").write_text(GREETING)

    run(pytester, TEST, head=LIGHT).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("seed = [1]", "*seed: expected a whole number or text*"),
        ("scenarios = ['nowhere']", "*nowhere*"),
        ("scenarios = 3", "*[[]tool.assistants-emulator] scenarios: expected a list of files and directories, got 3*"),
    ],
)
def test_what_cannot_be_fails_the_test_in_one_sentence(pytester: pytest.Pytester, table: str, words: str) -> None:
    pytester.makepyprojecttoml(f"[tool.assistants-emulator]\n{table}\n")
    pytester.path.joinpath("pytest.ini").write_text("[pytest]")
    result = run(pytester, "def test_app(assistants_emulator): pass", head=LIGHT)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([words])
