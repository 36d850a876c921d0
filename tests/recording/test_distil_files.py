"""Files: what they are called, what they hold, and what goes beside the scenario."""

from __future__ import annotations

import base64
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from emulator.base.json_types import Object
from emulator.recordings import own_format
from emulator.recordings.distil.distil import Distilled
from emulator.recordings.distil.files import INLINE, safe
from emulator.recordings.importing import import_files, save
from emulator.scenarios.loading import load_scenario
from tests.recording.handmade import Book, Played, file, found, listed, proven, run, search, step, store, stored


def _file(content: bytes | None, name: Any = "menu.md", id: str = "file-1", **more: Any) -> Book:
    """A file that was there, and perhaps downloaded."""
    book = Book().ask(f"GET /v1/files/{id}", None, file(id, name, purpose="batch", **more))
    return book if content is None else book.ask(f"GET /v1/files/{id}/content", None, content)


def _given(distilled: Distilled) -> Object:
    (one,) = distilled.document["given"]["files"]
    return dict(one)


def _how(distilled: Distilled) -> str:
    return next(key for key in ("content", "base64", "path") if key in _given(distilled))


@pytest.mark.parametrize(
    ("content", "how"),
    [
        (b"", "content"),
        (b"Soup\n", "content"),
        ("Süppe 😀\n\ttab".encode(), "content"),
        (b"{{ no }} template", "content"),
        (b"a" * INLINE, "content"),
        (b"a" * (INLINE + 1), "path"),
        (b"\x00\x01", "base64"),
        (b"a\r\nb", "base64"),
        (b"\xff" * 200, "base64"),
        (b"\xff" * 201, "path"),
        ("\ufeffmark".encode(), "base64"),
        ("\u2028".encode(), "base64"),
    ],
)
def test_small_texts_stand_in_the_scenario_and_the_rest_beside_it(content: bytes, how: str) -> None:
    distilled = proven(_file(content))

    assert _how(distilled) == how
    assert list(distilled.files.values()) == ([content] if how == "path" else [])
    assert Played(distilled).get("/v1/files/file-1/content").body == content


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("menu.md", "menu.md"),
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("C:\\Windows\\x.txt", "x.txt"),
        ("..\\..\\x", "x"),
        ("a/", "file"),
        ("..", "file"),
        (".hidden", "hidden"),
        ("x" * 300 + ".csv", "x" * 96 + ".csv"),
        ("Süppe 日本.md", "S_ppe_.md"),
        ("a\x00b\nc.txt", "a_b_c.txt"),
        ("- x: {y}.txt", "-_x_y_.txt"),
        ("CON", "CON"),
    ],
)
def test_hostile_names_stay_inside(name: str, kept: str, tmp_path: Path) -> None:
    distilled = _file(b"\xff" * 300, name).distilled("weather")

    assert _given(distilled)["filename"] == name
    assert list(distilled.files) == [f"weather.files/{kept}"]
    assert PurePosixPath(_given(distilled)["path"]).parts == ("weather.files", kept)
    assert Played(distilled).get("/v1/files/file-1").json["filename"] == name


@pytest.mark.parametrize("name", ["", None])
def test_a_file_without_a_name_gets_one(name: Any) -> None:
    book = Book().ask(
        "GET /v1/files/file-1", None, {key: value for key, value in file("file-1", name).items() if value != name}
    )

    assert _given(book.distilled())["filename"] == "file.txt"


@pytest.mark.parametrize("name", ["../evil", "a/b", "C:\\x", "..", "", "x" * 300])
def test_the_scenarios_name_leads_nowhere_else(name: str) -> None:
    (path,) = _file(b"\xff" * 300).distilled(name).files

    assert len(PurePosixPath(path).parts) == 2
    assert ".." not in path
    assert len(path) < 255


def test_two_contents_of_one_name_are_two_files_and_one_content_is_one() -> None:
    book = Book()
    for number, byte in enumerate((b"\xff", b"\xfe", b"\xff", b"\xfd"), 1):
        book.exchanges += _file(byte * 300, "data.bin", f"file-{number}").exchanges
    distilled = book.distilled("x")

    assert list(distilled.files) == ["x.files/data.bin", "x.files/data-2.bin", "x.files/data-3.bin"]
    assert [one["path"] for one in distilled.document["given"]["files"]] == [
        "x.files/data.bin",
        "x.files/data-2.bin",
        "x.files/data.bin",
        "x.files/data-3.bin",
    ]


@pytest.mark.parametrize("size", [0, 1, 7, 100, INLINE + 1, 3_000_000])
def test_contents_that_nobody_recorded_are_as_long_as_they_were(size: int) -> None:
    distilled = _file(None, bytes=size).distilled()

    assert len(Played(distilled).get("/v1/files/file-1/content").body) == size
    assert distilled.left_out == ["the contents of file-1, which were not recorded; the scenario states their size"]


def test_contents_that_nobody_recorded_hold_what_was_found_in_them() -> None:
    tools = [{"type": "file_search"}]
    hit = found("file-1", "menu.md", 0.5, "Leek and potato soup")
    book = Book().assistant(tools=tools).thread("Soup?").run("completed", tools=tools)
    book.ask("GET /v1/threads/thread_1/runs/run_1/steps", None, listed(step("step_1", search("call_1", hit))))

    assert _given(book.distilled())["content"] == "Leek and potato soup"


def test_an_uploaded_file_is_the_clients_and_not_given() -> None:
    assert "given" not in proven(Book().upload("file-1", "menu.md", b"Soup")).document


def test_contents_that_were_uploaded_elsewhere_are_known_by_their_hash_alone() -> None:
    book = Book().upload("file-1", "menu.md", None)
    book.ask("POST /v1/vector_stores", {"file_ids": ["file-1"]}, store("vs_1", 1))
    book.ask("GET /v1/vector_stores/vs_1/files", None, listed(stored("file-1", "vs_1")))

    assert "given" not in proven(book, "file_counts", "status").document


def test_files_beside_are_loaded_with_the_scenario(tmp_path: Path) -> None:
    recording = tmp_path / "tape.jsonl"
    lines = [own_format.line(one) for one in _file(b"\xff" * 300, "data.bin").exchanges]
    recording.write_bytes(b"".join([own_format.header_line(), *lines]))
    out = tmp_path / "out" / "weather.yaml"
    out.parent.mkdir()

    written = save(import_files([recording], "weather"), out)

    assert [str(path.relative_to(out.parent)) for path in written] == ["weather.yaml", "weather.files/data.bin"]
    assert load_scenario(out).contents == {"weather.files/data.bin": b"\xff" * 300}


def test_base64_is_that_of_the_bytes() -> None:
    assert base64.b64decode(_given(_file(b"\xff\x00").distilled())["base64"]) == b"\xff\x00"


@pytest.mark.parametrize("name", ["", "/", "\\", "...", "._.", "日本"])
def test_a_name_is_left_even_of_nothing(name: str) -> None:
    assert safe(name) == "file"


def test_a_given_run_needs_no_file() -> None:
    assert (
        "files"
        not in Book().ask("GET /v1/threads/t/runs", None, listed(run("completed"))).distilled().document["given"]
    )
