"""``check``: what is wrong with scenario files, each by itself and all together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emulator.cli.findings import Finding
from emulator.cli.main import main
from emulator.scenarios.warnings import warnings
from tests.cli.test_main import ended
from tests.support import ROOT

STUBS = """\
stubs:
  - {request: POST /v1/responses, body: {id: resp_1}}
  - {request: POST /v1/chat/completions, body: {n: 1}}
  - {request: POST /v1/chat/*, body: {n: 2}}
  - {request: POST /v1/chat/completions, body: {n: 3}}
"""
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
        "stubs.yaml": STUBS,
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
            2,
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
    [(["good.yaml"], 0), (["good.yaml", "bad.yaml", "nowhere"], 2), (["stumbles.yaml", "--play"], 1)],
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


# ---- Warnings ----


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ("POST /v1/responses", "POST /v1/responses is the operation create_response of the Responses API"),
        ("POST /v1/conversations", "the operation create_conversation of the Responses API"),
        ("GET /v1/threads/{id}", "the operation get_thread of the Assistants API"),
        ("GET /v1/models/gpt-4o", "the operation retrieve_model of both APIs"),
        ("POST /openai/v1/responses", "the operation create_response of the Responses API"),
        ("POST /openai/assistants", "the operation create_assistant of the Assistants API"),
        ("POST /_emulator/reset", "the emulator itself serves this path"),
        ("GET /", "the emulator itself serves this path"),
        ("GET /v1/x?a=b", "it is compared with the path of a request, which has no query"),
        ("PUT /v1/threads/t", None),
        ("POST /v1/moderations", None),
        ("GET /*", None),
        ("GET /v1/threads/*", None),
        ("POST /v1/chat/completions", None),
        ("POST /crm/threads", None),
    ],
)
def test_a_stub_of_a_path_that_the_emulator_serves_is_a_warning(request_: str, why: str | None) -> None:
    found = warnings({"stubs": [{"request": request_}]})

    assert [path for path, _ in found] == ([("stubs", 0, "request")] if why else [])
    assert not why or found[0][1].startswith("this stub never responds: ")
    assert not why or why in found[0][1]


@pytest.mark.parametrize(
    ("first", "second", "is_hidden"),
    [
        ({"request": "POST /v1/chat"}, {"request": "POST /v1/chat"}, True),
        ({"request": "POST /v1/*"}, {"request": "POST /v1/chat"}, True),
        ({"request": "POST /v1/*"}, {"request": "POST /v1/{id}/x"}, True),
        ({"request": "POST /v1/{a}"}, {"request": "POST /v1/{b}"}, True),
        ({"request": "POST /v1/chat", "times": 1}, {"request": "POST /v1/chat"}, False),
        ({"request": "POST /v1/chat"}, {"request": "POST /v1/*"}, False),
        ({"request": "POST /v1/{a}"}, {"request": "POST /v1/{a}/{b}"}, False),
        ({"request": "POST /v1/{a}"}, {"request": "POST /v1/*"}, False),
        ({"request": "GET /v1/chat"}, {"request": "POST /v1/chat"}, False),
    ],
)
def test_a_stub_behind_one_that_responds_for_ever_is_a_warning(first: Any, second: Any, is_hidden: bool) -> None:
    found = warnings({"stubs": [first, second]})

    words = "stubs[0] responds to every such request; give that one `times`, or put it after this one"
    assert [(path, words in why) for path, why in found] == ([(("stubs", 1, "request"), True)] if is_hidden else [])


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("arguments", "code"), [([], 0), (["--strict"], 1)])
def test_warnings_fail_if_that_is_asked_for(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int
) -> None:
    assert main(["check", "stubs.yaml", *arguments]) == code

    lines = capsys.readouterr().out.splitlines()
    places = [line.partition(": warning: stubs[")[0] for line in lines]
    assert places == ["stubs.yaml:2:6", "stubs.yaml:5:6", "1 checked, 2 warnings"]


# ---- Other ways in and out ----


@pytest.mark.parametrize(("text", "code", "line"), [(GOOD, 0, "1 checked"), (BAD, 1, "<stdin>:1:18: turns[0]")])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_standard_input_is_checked_too(text: str, code: int, line: str, end: str, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("hello")
    given = f"given: {{files: [{{filename: a.txt, path: note.txt}}]}}{end}"
    done = subprocess.run(
        [sys.executable, "-m", "emulator", "check", "-"],
        input=(f"{text}{end}{given}" if not code else text).encode(),
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )

    assert (done.returncode, done.stdout.decode().startswith(line), done.stderr) == (code, True, b"")


def test_standard_input_is_read_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "-", "-"]) == 2
    assert "standard input (-) can be read only once" in capsys.readouterr().err


@pytest.mark.usefixtures("files")
def test_github_shows_findings_beside_their_lines(capsys: pytest.CaptureFixture[str]) -> None:
    sources = ["bad.yaml", "stubs.yaml", "nowhere.yaml", "stumbles.yaml", "--each", "--play"]
    assert main(["check", "--format", "github", *sources]) == 2

    lines = capsys.readouterr().out.splitlines()
    assert [line.rpartition("::")[0] if "%" in line else line.split("::")[1] for line in lines[:-1]] == [
        "error file=bad.yaml,line=1,col=18",
        "warning file=stubs.yaml,line=2,col=6",
        "warning file=stubs.yaml,line=5,col=6",
        "error file=nowhere.yaml",
        "error file=stumbles.yaml,line=1",
    ]
    assert lines[-1] == "4 checked, 3 problems, 2 warnings"


def test_an_annotation_escapes_what_ends_its_fields() -> None:
    finding = Finding("50 % of\r\nthis: a, b", "a,b:c.yaml", 1, 2)

    assert finding.annotation() == "::error file=a%2Cb%3Ac.yaml,line=1,col=2::50 %25 of%0D%0Athis: a, b"


@pytest.mark.usefixtures("files")
def test_each_file_can_be_checked_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--each", "good.yaml", "more/good.yaml", "seeds"]) == 0
    assert capsys.readouterr().out == "4 checked, no problems\n"


# ---- Outputs of functions ----


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--with", 'f={"n": 20}'], 0, "says: 21"),
        (["--with", 'f={"n": 1}', "--with", 'f={"n": 2}'], 0, "says: 3"),
        (["--with", "f=many"], 1, "problem: "),
        (["--with", "g={}"], 2, "--with g: no turn calls a function of this name"),
        (["--with", "f"], 2, "expected FUNCTION=OUTPUT"),
    ],
)
def test_a_turn_is_played_with_given_outputs(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    assert ended(["check", "calls.yaml", "--play", *arguments]) == code

    printed = capsys.readouterr()
    assert words in printed.out + printed.err


@pytest.mark.usefixtures("files")
def test_an_output_without_a_play_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "calls.yaml", "--with", "f={}"]) == 2
    assert "--with is for --play" in capsys.readouterr().err
