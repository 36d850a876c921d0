"""``import``: what it writes, all or nothing, and what it says."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from emulator.cli.main import main
from emulator.recordings import own_format
from emulator.recordings.importing import read_files
from emulator.scenarios.loading import load_scenario
from tests.golden import expect
from tests.recording.handmade import QUESTION, Book, file, refusal, streamed
from tests.support import GOLDEN

Capture = pytest.CaptureFixture[str]


def _talk() -> Book:
    return Book().assistant().talk(QUESTION, "Sunny.")


def _with_file(content: bytes = b"\xff" * 300) -> Book:
    book = _talk().ask("GET /v1/files/file-1", None, file("file-1", "data.bin", purpose="batch", bytes=len(content)))
    return book.ask("GET /v1/files/file-1/content", None, content)


def _raw(book: Book) -> bytes:
    return b"".join([own_format.header_line(), *(own_format.line(one) for one in book.exchanges)])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _write(name: str, book: Book) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(_raw(book))
    return name


def _everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


# ---- What it writes ----


def test_a_scenario_that_loads(here: Path, capsys: Capture) -> None:
    assert main(["import", _write("talk.jsonl", _talk()), "--out", "weather.yaml"]) == 0

    assert load_scenario("weather.yaml").name == "weather"
    assert _everything(here) == ["talk.jsonl", "weather.yaml"]
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("wrote weather.yaml\n")


def test_files_go_beside_it(here: Path, capsys: Capture) -> None:
    Path("scenarios").mkdir()

    assert main(["import", _write("in/talk.jsonl", _with_file()), "--out", "scenarios/app.yaml"]) == 0

    assert _everything(here / "scenarios") == ["app.files", "app.files/data.bin", "app.yaml"]
    assert load_scenario("scenarios/app.yaml").contents == {"app.files/data.bin": b"\xff" * 300}
    assert "wrote scenarios/app.yaml and 1 file in scenarios/app.files\n" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "name"), [([], "weather"), (["--name", "Old talk"], "Old talk")])
def test_the_name_is_that_of_the_file_or_as_said(here: Path, arguments: list[str], name: str) -> None:
    assert main(["import", _write("talk.jsonl", _talk()), "--out", "weather.yaml", *arguments]) == 0

    assert load_scenario("weather.yaml").name == name


def test_a_dash_prints_it_and_writes_nothing(here: Path, capsys: Capture) -> None:
    assert main(["import", _write("talk.jsonl", _with_file()), "--out", "-"]) == 0

    captured = capsys.readouterr()
    assert captured.out.startswith(
        "# yaml-language-server: $schema=scenario.schema.json\n# Imported from talk.jsonl: 8 requests.\n"
    )
    assert "\nnot written: 1 more file; use --out FILE to write them\n" in captured.err
    assert _everything(here) == ["talk.jsonl"]


def test_the_same_recordings_make_the_same_bytes(here: Path) -> None:
    _write("talk.jsonl", _with_file())
    for name in "ab":
        Path(name).mkdir()
        assert main(["import", "talk.jsonl", "--out", f"{name}/x.yaml"]) == 0

    assert Path("a/x.yaml").read_bytes() == Path("b/x.yaml").read_bytes()


@pytest.mark.parametrize("out", ["app.yaml", "scenarios/"])
def test_no_chunks_leaves_them_out_of_one_scenario_and_of_many(here: Path, out: str) -> None:
    book = Book().assistant().thread(QUESTION)
    events = streamed("It is sun", "ny.")
    talk = _write("talk.jsonl", book.stream("POST /v1/threads/thread_1/runs", {"assistant_id": "asst_1"}, *events))
    written = Path(out) / "talk.yaml" if out.endswith("/") else Path(out)

    assert main(["import", talk, "--out", out]) == 0
    assert "chunks" in written.read_text()
    assert main(["import", talk, "--out", out, "--force", "--no-chunks"]) == 0

    assert "chunks" not in written.read_text()


def test_two_scenarios_of_a_name_have_folders_of_their_own(here: Path) -> None:
    _write("talk.jsonl", _with_file())

    assert [main(["import", "talk.jsonl", "--out", f"{name}.yaml", "--name", "x"]) for name in "ab"] == [0, 0]

    assert _everything(here) == [
        "a.files",
        "a.files/data.bin",
        "a.yaml",
        "b.files",
        "b.files/data.bin",
        "b.yaml",
        "talk.jsonl",
    ]


def test_force_replaces_what_is_there(here: Path) -> None:
    _write("talk.jsonl", _with_file())
    assert main(["import", "talk.jsonl", "--out", "weather.yaml"]) == 0
    Path("weather.yaml").write_text("mine")

    assert main(["import", "talk.jsonl", "--out", "weather.yaml"]) == 2
    assert Path("weather.yaml").read_text() == "mine"
    assert main(["import", "talk.jsonl", "--out", "weather.yaml", "--force"]) == 0
    assert load_scenario("weather.yaml").name == "weather"


def test_a_directory_stands_for_the_recordings_in_it(here: Path, capsys: Capture) -> None:
    _write("tapes/b/two.jsonl", Book().assistant().talk("Two", "2."))
    _write("tapes/one.jsonl", Book().assistant().talk("One", "1."))
    Path("tapes/notes.txt").write_text("none")

    assert main(["import", "tapes", "--out", "all.yaml"]) == 0

    assert [turn.name for turn in load_scenario("all.yaml").turns] == ["Two", "One"]
    assert f"ignored, as they are no recordings:\n  {Path('tapes/notes.txt')}\n" in capsys.readouterr().err


@pytest.mark.parametrize("again", ["talk.jsonl", "./talk.jsonl", "."])
def test_a_file_that_is_named_twice_is_read_once(here: Path, again: str) -> None:
    recordings, _ = read_files([_write("talk.jsonl", _talk()), again])

    assert [recording.name for recording in recordings] == ["talk.jsonl"]


# ---- What it refuses ----


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.jsonl", "--out", "x.yaml"], "nowhere.jsonl: No such file or directory"),
        (["empty.yaml", "--out", "x.yaml"], "empty.yaml: expected a recording, the file is empty"),
        (["words.txt", "--out", "x.yaml"], "words.txt: expected a recording, got text"),
        (["torn.jsonl", "--out", "x.yaml"], "torn.jsonl:2: expected "),
        (["scenario.yaml", "--out", "x.yaml"], "scenario.yaml: this is a scenario, not a recording"),
        (["folder", "--out", "x.yaml"], "folder: expected recordings in this directory, found none"),
        (["talk.jsonl", "--out", "there.yaml"],
         "there.yaml already exists. Use another --out, or --force to overwrite it."),
        (["talk.jsonl", "--out", "words.txt/x.yaml"], "words.txt is not a directory. Use another --out."),
        (["talk.jsonl", "--out", "words.txt/"], "words.txt is not a directory. Use another --out."),
        (["talk.jsonl", "nowhere.jsonl", "--out", "x.yaml"], "nowhere.jsonl: No such file"),
        (["other.jsonl", "--out", "x.yaml"],
         "other.jsonl: none of its 2 requests is for the Assistants or Responses API; "
         "they are for /v1/chat/completions, /x"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_what_cannot_be_done_is_said_and_nothing_written(
    here: Path, capsys: Capture, arguments: list[str], said: str
) -> None:
    _write("talk.jsonl", _with_file())
    _write(
        "other.jsonl", Book("other").ask("POST /v1/chat/completions", {}, {}).ask("GET https://example.org/x", None, {})
    )
    Path("empty.yaml").write_text("")
    Path("words.txt").write_text("Hello")
    Path("torn.jsonl").write_bytes(own_format.header_line() + b'{"n": "one"}\n')
    Path("scenario.yaml").write_text("turns: []")
    Path("there.yaml").write_text("mine")
    Path("folder").mkdir()
    before = _everything(here)

    assert main(["import", *arguments]) == 2

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"assistants-emulator: {said}")
    assert captured.err.count("\n") == 1
    assert _everything(here) == before
    assert Path("there.yaml").read_text() == "mine"


def test_out_has_to_be_said(here: Path, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as exit:
        main(["import", _write("talk.jsonl", _talk())])

    assert exit.value.code == 2
    assert "--out" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read and write everything")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_may_not_be_read_or_written(here: Path, capsys: Capture, what: str) -> None:
    _write("talk.jsonl", _talk())
    Path("out").mkdir()
    Path("talk.jsonl" if what == "file" else "out").chmod(0)
    try:
        assert main(["import", "talk.jsonl", "--out", "out/x.yaml"]) == 2
        assert "Permission denied" in capsys.readouterr().err
    finally:
        Path("out").chmod(0o700)


@pytest.mark.parametrize("failing", ["weather.yaml", "data.bin"])
def test_a_full_disk_leaves_nothing_half_written(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    _write("talk.jsonl", _with_file())
    write_bytes = Path.write_bytes

    def write(path: Path, content: Any) -> int:
        if failing in path.name:
            write_bytes(path, content[:10])
            raise OSError(28, "No space left on device", str(path))
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", write)

    assert main(["import", "talk.jsonl", "--out", "weather.yaml"]) == 2

    assert "No space left on device" in capsys.readouterr().err
    assert _everything(here) == ["talk.jsonl"]


def test_a_file_where_the_folder_is_to_be(here: Path, capsys: Capture) -> None:
    _write("talk.jsonl", _with_file())
    Path("weather.files").write_text("mine")

    assert main(["import", "talk.jsonl", "--out", "weather.yaml"]) == 2

    assert "weather.files" in capsys.readouterr().err
    assert _everything(here) == ["talk.jsonl", "weather.files"]


def test_files_that_are_there_beside_are_not_replaced_unless_asked(here: Path, capsys: Capture) -> None:
    _write("talk.jsonl", _with_file())
    Path("weather.files").mkdir()
    Path("weather.files/data.bin").write_text("mine")

    assert main(["import", "talk.jsonl", "--out", "weather.yaml"]) == 2
    assert Path("weather.files/data.bin").read_text() == "mine"
    assert not Path("weather.yaml").exists()
    assert main(["import", "talk.jsonl", "--out", "weather.yaml", "--force"]) == 0
    assert Path("weather.files/data.bin").read_bytes() == b"\xff" * 300


# ---- What it says ----


def test_the_summary(here: Path, capsys: Capture) -> None:
    book = (
        _with_file().upload("file-2", "a.md", None).run("completed", id="run_9", thread="thread_9", assistant="asst_9")
    )
    book.ask("GET /v1/threads/thread_1", None, refusal("Slow down."), 429)
    book.ask("POST /v1/moderations", {}, {"results": []})
    book.ask("GET /v1/threads/thread_none", None, refusal("Nothing of that name."), 404)
    _write("tapes/talk.jsonl", book)
    Path("tapes/notes.txt").write_text("none")

    assert main(["import", "tapes", "--out", "weather.yaml"]) == 1

    expect(GOLDEN / "import_summary.txt", capsys.readouterr().err.replace(os.sep, "/").encode())


def test_the_summary_for_a_machine(here: Path, capsys: Capture) -> None:
    assert main(["import", _write("talk.jsonl", _with_file()), "--out", "weather.yaml", "--json"]) == 0

    captured = capsys.readouterr()
    said = json.loads(captured.out)
    assert said["written"] == ["weather.yaml", str(Path("weather.files/data.bin"))]
    assert (said["turns"], said["given_objects"], said["faults"], said["stubs"], said["requests"]) == (1, 1, 0, 0, 8)
    assert said["proof"] == {"played": 8, "alike": 8, "holds": True, "differences": [], "unplayed": []}


def test_a_recording_that_says_nothing_makes_an_empty_scenario(here: Path, capsys: Capture) -> None:
    _write(
        "talk.jsonl", Book().ask("GET /v1/threads/thread_x", None, refusal("No thread found with id 'thread_x'."), 404)
    )

    assert main(["import", "talk.jsonl", "--out", "weather.yaml"]) == 0

    assert re.search(r"^1 request; no turns or objects to import$", capsys.readouterr().err, re.MULTILINE)
    assert load_scenario("weather.yaml").turns == ()


def test_replay_refuses_what_asks_for_something_else(here: Path, capsys: Capture) -> None:
    _write("other.jsonl", Book("other").ask("POST /v1/chat/completions", {}, {}))

    assert main(["replay", "other.jsonl", "--port", "0"]) == 2

    assert "none of its 1 requests is for the Assistants or Responses API" in capsys.readouterr().err
