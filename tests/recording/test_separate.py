"""``import DIR --out DIR/``: a scenario of each recording, and a warning for recordings that do not belong together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emulator.cli.main import main
from emulator.recordings import own_format
from emulator.recordings.distil.ordering import sessions
from emulator.scenarios.loading import load_scenario
from tests.recording.handmade import QUESTION, Book

Capture = pytest.CaptureFixture[str]


def _talk(number: int, words: str = "Sunny.") -> Book:
    book = Book(f"{number}.jsonl")
    return book.talk(QUESTION, words, number)


def _write(name: str, book: Book) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(b"".join([own_format.header_line(), *(own_format.line(one) for one in book.exchanges)]))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    _write("tapes/one.jsonl", _talk(1, "One."))
    _write("tapes/deep/two.jsonl", _talk(2, "Two."))
    return tmp_path


def test_a_scenario_of_each_recording_is_named_after_it(here: Path, capsys: Capture) -> None:
    assert main(["import", "tapes", "--out", "new/scenarios/"]) == 0

    one, two = (load_scenario(here / "new" / "scenarios" / name) for name in ("one.yaml", "deep/two.yaml"))
    assert (one.name, two.name) == ("one", "deep/two")
    assert [turn.steps[0].value for turn in (*one.turns, *two.turns)] == ["One.", "Two."]
    assert "warning" not in capsys.readouterr().err


def test_a_directory_that_exists_needs_no_slash(here: Path) -> None:
    Path("there").mkdir()
    assert main(["import", "tapes/one.jsonl", "--out", "there"]) == 0
    assert Path("there/one.yaml").is_file()


def test_two_recordings_of_one_name_get_two_files(here: Path) -> None:
    Path("tapes/one.json").write_text(json.dumps({"exchanges": [{"method": "GET", "path": "/v1/assistants/asst_1",
                                                                  "status": 404, "response_body": {}}]}))  # fmt: skip
    assert main(["import", "tapes", "--out", "out/"]) == 1
    assert sorted(path.name for path in Path("out").iterdir()) == ["deep", "one-jsonl.yaml", "one.yaml"]


def test_nothing_is_written_if_one_file_is_there(here: Path, capsys: Capture) -> None:
    Path("out/deep").mkdir(parents=True)
    Path("out/deep/two.yaml").write_text("mine")
    assert main(["import", "tapes", "--out", "out/"]) == 2
    assert sorted(str(path) for path in Path("out").rglob("*")) == ["out/deep", "out/deep/two.yaml"]
    assert "out/deep/two.yaml already exists" in capsys.readouterr().err


def test_recordings_of_another_api_are_named_and_left_out(here: Path, capsys: Capture) -> None:
    _write("tapes/chat.jsonl", Book().ask("POST /v1/chat/completions", {}, {"choices": []}))
    assert main(["import", "tapes", "--out", "out/", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["written"] for one in told["scenarios"]] == [["out/deep/two.yaml"], ["out/one.yaml"]]
    assert ["chat.jsonl" in one for one in told["not_for_the_api"]] == [True]


def test_a_name_is_for_one_scenario(here: Path, capsys: Capture) -> None:
    assert main(["import", "tapes", "--out", "out/", "--name", "x"]) == 2
    assert "--name is for one scenario" in capsys.readouterr().err


# ---- Recordings that do not belong together ----


def test_recordings_that_share_no_object_in_one_scenario_are_a_warning(here: Path, capsys: Capture) -> None:
    assert main(["import", "tapes", "--out", "new/all.yaml"]) == 0
    told = capsys.readouterr().err
    assert "warning: these 2 recordings share no object, as if they were 2 tests" in told
    assert "--out DIR/ makes a scenario of each" in told


@pytest.mark.parametrize(
    ("books", "count"),
    [
        ([_talk(1)], 1),
        ([_talk(1), _talk(2)], 2),
        ([_talk(1), _talk(1)], 2),
        ([_talk(1), Book("more").ask("GET /v1/threads/thread_1/messages", None, {"object": "list", "data": []})], 1),
        ([Book("a").ask("GET /v1/threads/thread_old", None, {}), Book("b").ask("GET /v1/threads/thread_old", None, {})],
         1),
    ],
    ids=["one", "two tests", "the same ids again", "one names what the other made", "a thread from before"],
)  # fmt: skip
def test_recordings_of_one_session_name_what_the_others_made(books: list[Book], count: int) -> None:
    assert sessions([book.recording() for book in books]) == count
