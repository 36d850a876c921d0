"""Recordings wherever a scenario can stand: ``Emulator``, ``Control.load``, marker, ``serve`` and directories."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from emulator import Emulator
from emulator.base.problems import EmulatorError
from emulator.recordings import own_format
from emulator.recordings.exchange import Exchange, RecordingError
from emulator.recordings.sources import is_recording, load_sources
from emulator.scenarios.loading import load_scenario
from tests.conftest import Emulate
from tests.recording.handmade import QUESTION, Book, Played
from tests.recording.inner_pytest import run_pytest_apart
from tests.support import Api

SCENARIO = "version: 1\nturns: [{when: {message: story}, steps: [{say: Once.}]}]\n"


def _talk(words: str = "Sunny.") -> Book:
    return Book().assistant().talk(QUESTION, words)


def _own(book: Book) -> bytes:
    return b"".join([own_format.header_line(), *(own_format.line(one) for one in book.exchanges)])


def _cassette(book: Book) -> bytes:
    """As vcrpy writes it."""

    def headers(one: Exchange) -> dict[str, list[str]]:
        return {name: [value] for name, value in one.response_headers}

    interactions = [
        {
            "request": {
                "method": one.method,
                "uri": one.url,
                "body": (one.request_body or b"").decode() or None,
                "headers": {"path": ["x"]},
            },
            "response": {
                "status": {"code": one.status, "message": "OK"},
                "headers": headers(one),
                "body": {"string": (one.response_body or b"").decode()},
            },
        }
        for one in book.exchanges
    ]
    return yaml.safe_dump({"interactions": interactions, "version": 1}).encode()


def ask_question(api: Api, question: str = QUESTION) -> str:
    thread_id = api.thread(question)
    api.poll(thread_id, api.run(thread_id, api.assistant()).json["id"])
    words: str = api.get(f"/v1/threads/{thread_id}/messages").json["data"][0]["content"][0]["text"]["value"]
    return words


@pytest.mark.parametrize(("name", "write"), [("talk.jsonl", _own), ("talk.yaml", _cassette), ("talk", _own)])
def test_an_emulator_takes_a_recording(
    name: str, write: Callable[[Book], bytes], tmp_path: Path, emulate: Emulate, connect: Callable[[Emulator], Api]
) -> None:
    (tmp_path / name).write_bytes(write(_talk()))

    emulator = emulate(tmp_path / name)

    assert ask_question(connect(emulator)) == "Sunny."
    emulator.check()


@pytest.mark.parametrize(("name", "write"), [("talk.jsonl", _own), ("talk.yaml", _cassette)])
def test_a_recording_is_loaded_like_a_scenario(
    name: str, write: Callable[[Book], bytes], tmp_path: Path, emulate: Emulate, connect: Callable[[Emulator], Api]
) -> None:
    (tmp_path / name).write_bytes(write(_talk()))
    emulator = emulate({"turns": [{"steps": [{"say": "No."}]}]})

    assert emulator.load(tmp_path / name) == "talk"

    assert ask_question(connect(emulator)) == "Sunny."
    assert ask_question(connect(emulator), "Else") == "No."


def test_a_recording_with_a_file_beside_needs_no_folder(tmp_path: Path, emulate: Emulate) -> None:
    from tests.recording.handmade import file

    book = Book().ask("GET /v1/files/file-1", None, file("file-1", "a.bin", purpose="batch"))
    book.ask("GET /v1/files/file-1/content", None, b"\xff" * 300)
    (tmp_path / "tape.jsonl").write_bytes(_own(book))
    emulator = emulate()
    emulator.load(tmp_path / "tape.jsonl")

    api = Api(emulator.url)
    assert api.get("/v1/files/file-1/content").body == b"\xff" * 300
    api.close()


def test_a_bad_recording_is_refused_in_a_line(tmp_path: Path, emulate: Emulate) -> None:
    file = tmp_path / "tape.jsonl"
    file.write_bytes(own_format.header_line() + b'{"n": 0}\n')
    emulator = emulate()

    with pytest.raises(EmulatorError, match=r"tape.jsonl:2: expected "):
        emulator.load(file)
    with pytest.raises(RecordingError, match=r"tape.jsonl:2: expected "):
        Emulator(file)


def test_a_directory_may_have_both_kinds(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SCENARIO)
    (tmp_path / "b.yaml").write_bytes(_cassette(_talk()))
    (tmp_path / "notes.txt").write_text("interactions: none")

    names = [scenario.name for scenario in load_sources(tmp_path)]

    assert names == ["a", "b"]


@pytest.mark.parametrize(
    "text",
    [
        SCENARIO,
        "turns: [{steps: [{say: 'interactions: x'}]}]",
        '{"version": 1, "stubs": [{"request": "GET /x", "body": {"interactions": [], "log": {"entries": []}}}]}',
        "",
        "interactions",
        "\x00interactions:",
    ],
)
def test_a_scenario_is_no_recording(text: str) -> None:
    assert not is_recording(text.encode())


def test_an_exported_scenario_is_no_recording() -> None:
    api = Played(_talk().distilled())
    ask_question(api)

    assert not is_recording(api.get("/_emulator/export?as=scenario").body)
    assert is_recording(api.get("/_emulator/export?as=recording").body)


def test_the_marker_takes_a_recording(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.path.joinpath("talk.yaml").write_bytes(_cassette(_talk()))

    result = run_pytest_apart(
        pytester,
        monkeypatch,
        f"""
@pytest.mark.assistants_emulator("talk.yaml")
def test_app(assistants_client):
    assert ask(assistants_client, {QUESTION!r})[1] == "Sunny."
""",
    )

    result.assert_outcomes(passed=1)


def test_serve_takes_a_recording(tmp_path: Path) -> None:
    file = tmp_path / "talk.jsonl"
    file.write_bytes(_own(_talk()))
    command = [sys.executable, "-W", "error", "-m", "emulator", "serve", "--port", "0", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        api = Api(process.stdout.readline().removeprefix("listening on ").removesuffix("/v1\n"))
        assert ask_question(api) == "Sunny."
        api.close()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert process.returncode == 0


def test_an_imported_scenario_is_one_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "talk.yaml").write_text(_talk().distilled("talk").text(), encoding="utf-8")

    assert load_scenario(tmp_path / "talk.yaml").turns[0].name == "How is the weather"
