"""Large recordings: what ``import`` writes, ``check`` accepts."""

from __future__ import annotations

from pathlib import Path

import pytest

import emulator.scenarios.document
from emulator.cli.main import main
from emulator.recordings import own_format
from tests.recording.handmade import QUESTION, Book, streamed

CREATE = ("POST /v1/threads/thread_1/runs", {"assistant_id": "asst_1"})


def _write(book: Book, path: Path) -> str:
    path.write_bytes(b"".join([own_format.header_line(), *(own_format.line(one) for one in book.exchanges)]))
    return str(path)


def test_pieces_that_are_too_many_are_left_out_so_that_the_scenario_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator.scenarios.document, "MAX_SCENARIO_VALUES", 200)
    monkeypatch.setattr(emulator.scenarios.document._DocumentBuilder, "max_size", 200)
    book = Book().assistant().thread(QUESTION)
    book.stream(*CREATE, *streamed(*(f"w{number}. " for number in range(150))))
    out = tmp_path / "large.yaml"

    assert main(["import", _write(book, tmp_path / "large.jsonl"), "--out", str(out)]) == 0
    assert main(["check", str(out)]) == 0


@pytest.mark.parametrize("text", ["{{ x }} " * 12_000, "{% raw %}" * 12_000], ids=["expressions", "blocks"])
def test_a_text_that_looks_like_a_template_all_over(text: str, tmp_path: Path) -> None:
    book = Book().assistant().talk(QUESTION, text)
    out = tmp_path / "braces.yaml"

    assert main(["import", _write(book, tmp_path / "braces.jsonl"), "--out", str(out)]) == 0
    assert main(["check", str(out)]) == 0


def test_a_scenario_that_would_be_too_large_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    book = Book().assistant()
    for number in range(5):
        book.talk(f"Question {number}", f"Answer {number}", number)
    file, out = _write(book, tmp_path / "many.jsonl"), tmp_path / "many.yaml"
    monkeypatch.setattr(emulator.scenarios.document._DocumentBuilder, "max_size", 20)

    assert main(["import", file, "--out", str(out)]) == 2
    assert not out.exists()
    assert "the scenario would be too large to be read again: " in capsys.readouterr().err
