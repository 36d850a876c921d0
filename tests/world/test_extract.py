"""Text out of files: what is read, what is refused in the service's words, and how a text is cut."""

from __future__ import annotations

import io
import sys
import zipfile
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.base import limits
from emulator.world.state import extract
from emulator.world.state.extract import Unreadable, chunks, extension, text_of

EMPTY = "The file could not be parsed because it is empty."
BROKEN = "The file could not be parsed."
TOO_LARGE = "The file could not be parsed because it is too large."


def pdf(*lines: str) -> bytes:
    """A PDF with one page a line."""
    pages = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(lines)))
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{pages}] /Count {len(lines)} >>",
        font,
    ]
    for n, line in enumerate(lines):
        shown = f"BT /F1 12 Tf 72 720 Td ({line}) Tj ET"
        page = f"/MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * n} 0 R"
        objects.append(f"<< /Type /Page /Parent 2 0 R {page} >>")
        objects.append(f"<< /Length {len(shown)} >>\nstream\n{shown}\nendstream")
    written, places = "%PDF-1.4\n", []
    for number, thing in enumerate(objects, 1):
        places.append(len(written))
        written += f"{number} 0 obj\n{thing}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    tail = f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(written)}\n%%EOF\n"
    return f"{written}xref\n0 {size}\n0000000000 65535 f \n{table}{tail}".encode("latin-1")


def docx(*paragraphs: str, table: list[list[str]] | None = None, after: str = "") -> bytes:
    from docx import Document

    document: Any = Document()
    for text in paragraphs:
        document.add_paragraph(text)
    if table:
        made = document.add_table(len(table), len(table[0]))
        for row, cells in zip(made.rows, table, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
    if after:
        document.add_paragraph(after)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def zipped(**files: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return written.getvalue()


PAGE = b"""<!doctype html><html><head><title>Menu</title><style>p { color: red }</style>
<script>alert("<p>no</p>")</script></head><body><h1>Soup &amp; bread</h1><!-- secret -->
<template>later</template><p>Gr&uuml;&szlig;e</p><script src="x"></script><p>last</p></body></html>"""

READ = {
    "text": ("a.txt", b"Hello\nworld", "Hello\nworld"),
    "capital extension": ("A.TXT", b"Hello", "Hello"),
    "no extension": ("README", b"Hello", "Hello"),
    "UTF-8": ("a.txt", "Grüße, 世界 🌍".encode(), "Grüße, 世界 🌍"),
    "UTF-8 with a mark": ("a.txt", b"\xef\xbb\xbfHello", "Hello"),
    "UTF-16, little end first": ("a.txt", "Grüße".encode("utf-16"), "Grüße"),
    "UTF-16, big end first": ("a.txt", b"\xfe\xff" + "Grüße".encode("utf-16-be"), "Grüße"),
    "Markdown": ("a.md", b"# Soup\n\n* bread", "# Soup\n\n* bread"),
    "JSON": ("a.json", b'{"soup": ["bread"]}', '{"soup": ["bread"]}'),
    "CSV": ("a.csv", b"soup,price\nbread,2", "soup,price\nbread,2"),
    "Python": ("a.py", b"def soup():\n    return 'bread'\n", "def soup():\n    return 'bread'\n"),
    "HTML": ("a.html", PAGE, "Menu\nSoup & bread\nGrüße\nlast"),
    "PDF": ("a.pdf", pdf("Soup of the day", "Second page"), "Soup of the day\nSecond page"),
    "Word": ("a.docx", docx("Soup", "Grüße 🌍"), "Soup\nGrüße 🌍"),
    "Word with a table": (
        "a.docx",
        docx("Menu", table=[["Soup", "3"], ["Bread", "2"]], after="Enjoy"),
        "Menu\nSoup\n3\nBread\n2\nEnjoy",
    ),
}


@pytest.mark.parametrize(("filename", "data", "text"), READ.values(), ids=READ)
def test_each_format_is_read_as_text(filename: str, data: bytes, text: str) -> None:
    assert text_of(filename, data) == text


REFUSED = {
    "nothing": ("a.txt", b"", EMPTY),
    "white space": ("a.txt", b" \n\t\r\n", EMPTY),
    "only a byte order mark": ("a.txt", b"\xef\xbb\xbf", EMPTY),
    "HTML without text": ("a.html", b"<html><body><script>x</script></body></html>", EMPTY),
    "PDF without text": ("a.pdf", pdf(""), EMPTY),
    "Word without text": ("a.docx", docx(), EMPTY),
    "an empty PDF": ("a.pdf", b"", EMPTY),
    "NUL in text": ("a.txt", b"abc\x00def", BROKEN),
    "Latin-1": ("a.txt", "Grüße".encode("latin-1"), BROKEN),
    "half a character": ("a.txt", "世".encode()[:2], BROKEN),
    "odd UTF-16": ("a.txt", b"\xff\xfea", BROKEN),
    "a picture called text": ("a.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", BROKEN),
    "garbage called PDF": ("a.pdf", b"garbage", BROKEN),
    "half a PDF": ("a.pdf", pdf("Soup")[:40], BROKEN),
    "garbage called Word": ("a.docx", b"garbage", BROKEN),
    "a zip called Word": ("a.docx", zipped(a="b"), BROKEN),
    "half a Word": ("a.docx", docx("Soup")[:500], BROKEN),
    "old Word": ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00", BROKEN),
}


@pytest.mark.parametrize(("filename", "data", "message"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_read_says_why(filename: str, data: bytes, message: str) -> None:
    with pytest.raises(Unreadable) as refused:
        text_of(filename, data)
    assert str(refused.value) == message


@pytest.mark.parametrize("size", [9, 10, 11])
def test_a_text_longer_than_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    assert limits.MAX_TEXT == 5_000_000 * 4
    monkeypatch.setattr(extract, "MAX_TEXT", 10)
    if size <= 10:
        assert text_of("a.txt", b"x" * size) == "x" * size
    else:
        with pytest.raises(Unreadable, match=TOO_LARGE):
            text_of("a.txt", b"x" * size)


@pytest.mark.parametrize(("name", "module"), [("a.pdf", "pypdf"), ("a.docx", "docx")])
def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, name: str, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(Unreadable, match=r"install assistants-emulator\[documents\]"):
        text_of(name, b"data")


@given(st.sampled_from([".txt", ".html", ".pdf", ".docx", ".json", ""]), st.binary(max_size=200))
@example(".html", b"<![CDATA[")
@example(".html", b"<!")
@example(".html", b"<script>")
@settings(deadline=None, max_examples=150)
def test_no_bytes_are_more_than_unreadable(suffix: str, data: bytes) -> None:
    try:
        read = text_of(f"a{suffix}", data)
    except Unreadable as error:
        read = str(error)
        assert read in (EMPTY, BROKEN)  # most bytes are unreadable, some are text
    assert read.strip()


@pytest.mark.parametrize(
    ("name", "ending"),
    [("a.TXT", ".txt"), ("a.tar.gz", ".gz"), ("a", ""), (".txt", ""), ("a.", ""), ("../x/a.Md", ".md"), ("", "")],
)
def test_an_extension_is_the_end_of_the_name_in_lower_case(name: str, ending: str) -> None:
    assert extension(name) == ending


def test_csv_is_read_and_not_searched() -> None:
    """The service refuses it (docs/wire.md §4)."""
    assert ".csv" not in extract.SEARCHABLE
    assert {".txt", ".md", ".json", ".html", ".pdf", ".docx", ".py"} <= extract.SEARCHABLE


# ---- Chunks ----


def test_a_short_text_is_one_chunk() -> None:
    assert chunks("short", 800, 400) == ["short"]
    assert chunks("x" * 3200, 800, 400) == ["x" * 3200]


def test_a_text_without_space_is_cut_where_it_has_to_be() -> None:
    text = "".join(chr(0x4E00 + n) for n in range(1000))
    assert chunks(text, 100, 0) == [text[:400], text[400:800], text[800:]]
    assert chunks(text, 100, 50) == [text[:400], text[200:600], text[400:800], text[600:]]


def test_words_stay_whole() -> None:
    text = " ".join(f"word{n}" for n in range(500))
    words = set(text.split())
    cut = chunks(text, 100, 50)
    assert len(cut) > 5
    for chunk in cut:
        assert set(chunk.split()) <= words


@given(
    st.lists(st.text("ab \n世", max_size=120) | st.integers(1, 300).map(lambda n: "x" * n), max_size=40).map("".join),
    st.integers(100, 300).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size // 2))),
)
@settings(deadline=None, max_examples=150)
def test_chunks_are_the_text_in_order_none_too_large(text: str, strategy: tuple[int, int]) -> None:
    size, overlap = strategy
    cut = chunks(text, size, overlap)
    start = end = 0
    for number, chunk in enumerate(cut):
        assert len(chunk) <= size * 4
        assert chunk or text == ""
        # each begins after the last began, at most the overlap before its end, and leaves nothing out
        begins = next(place for place in range(max(end - overlap * 4, 0), end + 1) if text.startswith(chunk, place))
        assert number == 0 or begins > start - 1
        start, end = begins, max(end, begins + len(chunk))
    assert end == len(text)
    assert cut[0] == text[: len(cut[0])]
    assert text.endswith(cut[-1])
