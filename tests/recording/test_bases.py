"""Recordings from behind a gateway: the path below which they have the API is found, or named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emulator.cli.main import main
from emulator.recordings import own_format
from emulator.recordings.distil.bases import with_found_base
from emulator.scenarios.loading import load_scenario
from tests.recording.handmade import QUESTION, Book, proven

BASES = ["", "/proxy/v1", "/api/v1", "/a/b"]


def _behind(base: str) -> Book:
    book = Book().assistant().talk(QUESTION, "Sunny.")
    moved = Book(host=f"https://gateway.example{base}")
    for one in book.exchanges:
        path = one.url.removeprefix("https://api.openai.com/v1")
        moved.ask(f"{one.method} {path}", one.request_body, one.response_body)
    return moved


def _paths(book: Book) -> set[str]:
    return {one.path.split("/")[1] for one in with_found_base(book.recording()).exchanges}


@pytest.mark.parametrize("base", BASES)
def test_a_base_that_all_requests_share_is_found(base: str) -> None:
    assert _paths(_behind(base)) == {"v1"}
    (turn,) = proven(_behind(base)).document["turns"]
    assert turn["steps"] == [{"say": "Sunny."}]


def test_a_base_is_not_found_where_the_service_answers_itself() -> None:
    book = Book().assistant().ask("GET /api/threads/thread_1", None, {"id": "thread_1", "object": "thread"})
    assert with_found_base(book.recording()) == book.recording()


def test_a_base_is_not_found_without_an_object_of_the_api() -> None:
    book = Book().ask("GET /forum/threads/thread_1", None, {"id": "thread_1", "title": "Hello"})
    assert with_found_base(book.recording()) == book.recording()


def test_two_bases_are_none() -> None:
    book = Book()
    for base in ("/a", "/b"):
        book.ask(f"GET {base}/threads/thread_1", None, {"id": "thread_1", "object": "thread"})
    assert with_found_base(book.recording()) == book.recording()


def _write(book: Book, path: Path) -> str:
    path.write_bytes(b"".join([own_format.header_line(), *(own_format.line(one) for one in book.exchanges)]))
    return str(path)


@pytest.mark.parametrize("base", ["/b", "/b/"])
def test_a_base_that_is_named(base: str, tmp_path: Path) -> None:
    book = Book().ask("GET /a/threads/thread_1", None, {"id": "thread_1", "object": "thread"})
    book.ask("GET /b/threads/thread_2", None, {"id": "thread_2", "object": "thread", "metadata": {}})
    out = tmp_path / "x.yaml"

    assert main(["import", _write(book, tmp_path / "x.jsonl"), "--out", str(out), "--base", base]) == 0
    assert [one["id"] for one in load_scenario(out).given["threads"]] == ["thread_2"]


def test_a_base_that_no_request_has_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = _write(Book().assistant(), tmp_path / "x.jsonl")

    assert main(["import", file, "--out", "-", "--base", "/proxy"]) == 2
    assert "expected requests below --base /proxy, got /v1/assistants" in capsys.readouterr().err


def test_each_recording_of_a_directory_has_the_base(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tapes").mkdir()
    for name in "ab":
        _write(_behind("/proxy/v1"), tmp_path / "tapes" / f"{name}.jsonl")
    arguments = [str(tmp_path / "tapes"), "--out", f"{tmp_path}/out/", "--base", "/proxy/v1", "--json"]

    assert main(["import", *arguments]) == 0
    assert [one["turns"] for one in json.loads(capsys.readouterr().out)["scenarios"]] == [1, 1]
