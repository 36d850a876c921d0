"""A scenario as YAML: our reader gives back the very same, comments stay comments, and a person likes to read it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.recordings.distil.yaml_writer import write
from emulator.scenarios.document import parse
from tests.golden import expect
from tests.recording.samples_of_sessions import session
from tests.support import GOLDEN

HARD = [
    "null", "~", "true", "True", "no", "yes", "on", "1", "01", "1e3", "0x1f", "1_000", "1:30", "-0", ".5", "+1",
    ".inf", "2026-01-01", "", " ", "  x", "x ", "- x", "-", "---", "...", "? x", ": x", "x: y", "x:", "# x",
    "x #y", "&a", "*a", "!b", "!!str x", "%TAG", "@x", "`x`", "|", ">", "{", "}", "[", "]", "{a: b}", "[a, b]",
    ",", "'", "''", '"', "\\", "\\n", "a\\\n", "\n", "a\n", "a\n\n", "\na", " a\nb", "a\n b\n  c", "a\n\n\nb",
    "a \nb", "\t", "a\tb", "\ta", "a\r\nb", "\r", "\x00", "\x07", "\x1b[0m", "\x7f", "\x85", "\xa0", "\xad",
    "\u2028", "\u2029", "\ufeff", "\ufffe", "\uffff", "😀", "\U0010ffff", "é", "e\u0301", "日本語", "\u202e", "<<",
    "=", "{{ x }}", "{% x %}", "a\nb: c\n- d", "\n\n", "a\n#b", "x" * 200, "word " * 60,
    "word " * 60 + "\n" + "x" * 150, "  " * 70, "a  b" * 50, "'" * 50, "\"'" * 60, "é " * 90,
]  # fmt: skip
TEXTS = (
    st.sampled_from(HARD)
    | st.lists(st.sampled_from(HARD), max_size=4).map("".join)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=15
)
OBJECTS = st.dictionaries(TEXTS | st.sampled_from(["steps", "when", "say", "id"]), VALUES, min_size=1, max_size=4)
ITEMS = st.lists(OBJECTS, min_size=1, max_size=3)
DOCUMENTS = st.fixed_dictionaries(
    {"version": st.just(1)},
    optional={
        "name": TEXTS,
        "description": TEXTS,
        "settings": OBJECTS,
        "given": st.dictionaries(st.sampled_from(["files", "assistants"]), ITEMS, min_size=1),
        "turns": ITEMS,
        "indexing": ITEMS,
        "faults": ITEMS,
        "stubs": ITEMS,
    },
)


def _read(text: str) -> Any:
    return parse(text, "written.yaml").data


@settings(max_examples=120, deadline=None)
@given(DOCUMENTS)
@example({"version": 1, "turns": [{"steps": [{"say": {"text": "a\nb", "chunks": HARD}}]}]})
def test_what_is_written_is_read_back_as_it_was(document: dict[str, Any]) -> None:
    text = write(document, about="Made up.")

    assert _read(text) == document
    assert write(document, about="Made up.") == text


@pytest.mark.parametrize("text", HARD, ids=ascii)
def test_hard_texts_are_read_back_wherever_they_stand(text: str) -> None:
    document: dict[str, Any] = {
        "version": 1,
        "name": text,
        "given": {"files": [{"id": text, "content": text}]},
        "turns": [
            {"name": text, "when": {"message": {"equals": text}}, "steps": [
                {"say": text}, {"say": {"text": text, "chunks": [text, text]}}, {"call": {text: {text: [text]}}},
            ]},
        ],
        "stubs": [{"request": "GET /x", "body": {text: {text: text}}}, {"request": "GET /y", "body": text}],
    }  # fmt: skip

    assert _read(write(document, about="Made up.")) == document


@settings(max_examples=80, deadline=None)
@given(TEXTS, st.lists(TEXTS, max_size=3), TEXTS)
def test_comments_cannot_break_out(about: str, left_out: list[str], comment: str) -> None:
    document = {"version": 1, "turns": [{"name": "a", "steps": []}], "stubs": [{"request": "GET /x"}]}
    comments = {("turns", 0): comment, ("stubs", 0): comment, ("faults", 9): comment}

    text = write(document, about=about, left_out=left_out, comments=comments)

    assert _read(text) == document
    assert text.isascii() or all(c.isprintable() or c == "\n" for c in text)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain words", "say: plain words"),
        ("No.", "say: No."),
        ("no", "say: no"),
        ("null", "say: 'null'"),
        ("2026-01-01", "say: 2026-01-01"),
        ("7", "say: '7'"),
        ("a: b", "say: 'a: b'"),
        ("", "say: ''"),
        ("one\ntwo\n", "say: |\n          one\n          two"),
        ("one\ntwo", "say: |-\n          one\n          two"),
        ("sunny ☀", "say: sunny ☀"),
        (3.5, "say: 3.5"),
        (None, "say: null"),
        ({"text": "x", "chunks": 3}, "say: {text: x, chunks: 3}"),
        (["a", 1, True], "say: [a, 1, true]"),
        ({}, "say: {}"),
        ([], "say: []"),
    ],
)
def test_values_are_written_as_a_person_would(value: Any, written: str) -> None:
    text = write({"version": 1, "turns": [{"steps": [{"say": value}]}]}, about="Made up.")

    assert f"      - {written}\n" in text


def test_no_line_is_longer_than_a_screen_unless_a_word_is() -> None:
    words = "word " * 200
    said = [words, {"text": "x" * 300, "chunks": 7}, {"text": words, "chunks": words.split()}]
    document = {"version": 1, "turns": [{"name": "a", "steps": [{"say": one} for one in said]}]}

    lines = write(document, about=words, left_out=[words]).splitlines()

    assert [line for line in lines if len(line) > 122 and "xxx" not in line] == []


# ---- A nice import ----


def test_an_import_that_a_person_would_like_to_read() -> None:
    distilled = session().distilled()

    assert _read(distilled.text()) == distilled.document
    expect(GOLDEN / "imported.yaml", distilled.text().encode())
    assert session().distilled().text() == distilled.text()
