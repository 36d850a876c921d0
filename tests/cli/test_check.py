"""``check``: what is wrong with scenario files, each by itself and all together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.cli.main import main

GOOD = "turns: [{steps: [{say: Hi}]}]"
BAD = "turns: [{steps: [{sai: Hi}]}]"
STUMBLES = 'turns: [{steps: [{say: "{{ nothing }}"}]}]'
CALLS = 'turns: [{steps: [{call: {f: {}}}, {say: "{{ f.n + 1 }}"}]}]'
RECORDING = '{"format": "assistants-emulator recording", "version": 1}\n'


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, text in {
        "good.yaml": GOOD,
        "bad.yaml": BAD,
        "stumbles.yaml": STUMBLES,
        "calls.yaml": CALLS,
        "tape.json": RECORDING,
        "tape.yaml": "interactions: []\nversion: 1\n",
        "more/good.yaml": GOOD,
        "seeds/1.yaml": "settings: {seed: 1}",
        "seeds/2.yaml": "settings: {seed: 2}",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("arguments", "code", "lines"),
    [
        (["good.yaml"], 0, ["1 checked, no problems"]),
        (
            ["bad.yaml"],
            1,
            ["bad.yaml:1:18: turns[0].steps[0]: there is no step 'sai'; did you mean 'say'? *", "1 checked, 1 problem"],
        ),
        (
            ["bad.yaml", "nowhere.yaml", "empty", "good.yaml", "binary.yaml"],
            1,
            [
                "bad.yaml:1:18: *",
                "nowhere.yaml: No such file or directory",
                "empty: expected scenario files (.yaml, .yml, .json) in this directory",
                "binary.yaml:1:1: expected UTF-8 text: *",
                "5 checked, 4 problems",
            ],
        ),
        (
            ["tape.json"],
            1,
            ["tape.json:1:1: this is a recording, *assistants-emulator import tape.json --out tape.yaml`", "1 *"],
        ),
        (["tape.yaml"], 1, ["tape.yaml:1:1: this is a recording, *tape.scenario.yaml`", "1 checked, 1 problem"]),
        (
            ["good.yaml", "more/good.yaml"],
            1,
            ["more/good.yaml: its name 'good' is that of good.yaml too; *", "2 checked, 1 problem"],
        ),
        (["seeds"], 1, ["seeds/2.yaml: settings.seed is 2 here, but 1 in seeds/1.yaml; *", "2 checked, 1 problem"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_line_for_each_problem(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, lines: list[str]
) -> None:
    assert main(["check", *arguments]) == code

    pytest.LineMatcher(capsys.readouterr().out.splitlines()).fnmatch_lines(
        [line.replace("[", "[[]") for line in lines], consecutive=True
    )


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("file", "code", "words"),
    [
        ("good.yaml", 0, ["says: Hi", "no problems"]),
        ("stumbles.yaml", 1, ["'nothing' is undefined", "1 checked, 1 problem"]),
        ("calls.yaml", 1, ["`check` invents the outputs of functions; add `expect`", "1 problem"]),
    ],
)
def test_a_rehearsal_with_a_problem_fails(
    capsys: pytest.CaptureFixture[str], file: str, code: int, words: list[str]
) -> None:
    assert main(["check", file]) == 0
    assert main(["check", "--play", file]) == code

    told = capsys.readouterr().out
    assert [word in told for word in words] == [True] * len(words), told


@pytest.mark.usefixtures("files")
def test_good_files_are_played_although_others_are_bad(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--play", "good.yaml", "bad.yaml"]) == 1

    told = capsys.readouterr().out
    assert (told.count("says: Hi"), told.splitlines()[-1]) == (1, "2 checked, 1 problem")


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["good.yaml"], 0), (["good.yaml", "bad.yaml", "nowhere"], 1), (["stumbles.yaml", "--play"], 1)],
)
def test_a_machine_gets_one_document(capsys: pytest.CaptureFixture[str], arguments: list[str], code: int) -> None:
    assert main(["check", "--json", *arguments]) == code

    told: Any = json.loads(capsys.readouterr().out)
    problems = [
        *(problem for file in told["files"] for problem in file["problems"]),
        *(problem for file in told["files"] for one in file["rehearsals"] for problem in one["problems"]),
    ]
    assert (told["ok"], bool(problems), told["problems"]) == (not code, bool(code), [])
    if "bad.yaml" in arguments:
        assert [(problem["file"], problem["line"], problem["column"]) for problem in problems] == [
            ("bad.yaml", 1, 18),
            (None, None, None),
        ]
    if "--play" in arguments:
        (played,) = told["files"][0]["rehearsals"]
        assert (played["turn"], played["status"], played["says"]) == ("turn 1", "failed", [])
        assert played["events"][0] == {"seconds": 0, "event": "thread.run.created", "times": 1}
