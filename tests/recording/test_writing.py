"""A scenario as YAML: our reader gives back the very same, comments stay comments, and a person likes to read it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.document import parse
from emulator.recording.writing import write
from tests.golden import expect
from tests.recording.handmade import (
    Book,
    assistant,
    code,
    delta,
    file,
    found,
    functions,
    image,
    image_part,
    listed,
    logs,
    message,
    proven,
    refusal,
    requires,
    run,
    search,
    step,
    store,
    stored,
    streamed,
    text_part,
)
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


def _session() -> Book:
    """What a small application has asked on one afternoon."""
    tools = [*functions("get_weather"), {"type": "code_interpreter"}, {"type": "file_search"}]
    book = Book("cassettes/session.yaml")
    held = {"file_search": {"vector_store_ids": ["vs_menus"]}}
    helper = assistant(
        "asst_helper", name="Helper", instructions="You help.\nBe brief.", tools=tools, tool_resources=held
    )
    book.ask("GET /v1/assistants/asst_helper", None, helper)
    book.ask("GET /v1/vector_stores/vs_menus", None, store("vs_menus", 1, name="Menus"))
    book.ask("GET /v1/vector_stores/vs_menus/files", None, listed(stored("file-menu", "vs_menus")))
    book.ask("GET /v1/files/file-menu", None, file("file-menu", "menu.md", bytes=30))
    _weather(book, tools)
    _chart(book, tools)
    _soup(book, tools)
    book.thread("Tell me a story", id="thread_4").run("failed", id="run_4", thread="thread_4", assistant="asst_helper",
        tools=tools, last_error={"code": "server_error", "message": "Sorry, something went wrong."})  # fmt: skip
    book.ask("POST /v1/moderations", {"input": "Tell me a story"}, {"id": "modr-1", "results": [{"flagged": False}]})
    return book


def _weather(book: Book, tools: Any) -> None:
    runs = "/v1/threads/thread_1/runs"
    more = {"assistant": "asst_helper", "tools": tools}
    limit = refusal("Rate limit reached for gpt-4o. Please try again in 6s.", type="tokens", code="rate_limit_exceeded")
    book.thread("What is the weather in Paris?\nAnd is it going to rain?")
    book.ask(f"POST {runs}", {"assistant_id": "asst_helper"}, limit, 429,
             answer_headers=(("content-type", "application/json"), ("retry-after", "6")))  # fmt: skip
    book.run("in_progress", **more)
    book.ask(f"GET {runs}/run_1", None, requires(("call_1", "get_weather", '{"city":"Paris"}'), **more))
    outputs = [{"tool_call_id": "call_1", "output": '{"celsius": 21, "sky": "clear"}'}]
    book.ask(f"POST {runs}/run_1/submit_tool_outputs", {"tool_outputs": outputs}, run("queued", **more))
    used = {"prompt_tokens": 310, "completion_tokens": 21, "total_tokens": 331}
    book.ask(f"GET {runs}/run_1", None, run("completed", usage=used, **more))
    book.says(
        "It is 21 °C and clear.\n\nNo rain is expected.", "What is the weather in Paris?\nAnd is it going to rain?"
    )


def _chart(book: Book, tools: Any) -> None:
    book.thread("Draw me a chart of the sales.", id="thread_2")
    made = {"id": "run_2", "thread": "thread_2", "assistant": "asst_helper", "tools": tools}
    book.run("in_progress", "completed", **made)
    drawn = "import pandas as pd\n\nsales = pd.read_csv('sales.csv')\nsales.plot()\n"
    steps = [step("step_2", message_id="msg_2", run="run_2", at=15),
             step("step_1", code("call_2", drawn, logs("<Axes>"), image("file-chart")), run="run_2")]  # fmt: skip
    book.ask("GET /v1/threads/thread_2/runs/run_2/steps", None, listed(*steps))
    shown = message(
        [image_part("file-chart"), text_part("Here you are.")], "msg_2", run="run_2", thread="thread_2", at=15
    )
    asked = message("Draw me a chart of the sales.", "msg_1", thread="thread_2", at=1)
    book.ask("GET /v1/threads/thread_2/messages", None, listed(shown, asked))
    book.ask("GET /v1/files/file-chart/content", None, bytes(range(256)) * 4)


def _soup(book: Book, tools: Any) -> None:
    book.thread("Which soup do you have?", id="thread_3")
    pieces = ["We have ", "leek", " and ", "potato", " soup【4:0†menu.md】", "."]
    moved = {"thread": "thread_3", "assistant": "asst_helper", "tools": tools}
    events: list[tuple[str, Any]] = []
    for name, data in streamed(*pieces, id="run_3", message_id="msg_3"):
        if name.startswith("thread.run.") and "step" not in name:
            data = run(name.rpartition(".")[2].replace("created", "queued"), "run_3", **moved)
        if name == "thread.run.step.created" and len(events) == 3:
            hit = found("file-menu", "menu.md", 0.72, "Soups: leek and potato, 5 €.")
            looked = step("step_0", search("call_3", hit), run="run_3", at=11)
            begun = step("step_0", run="run_3", at=11, status="in_progress")
            events += [("thread.run.step.created", begun), ("thread.run.step.in_progress", begun)]
            events += [delta("thread.run.step", "step_0", {}), ("thread.run.step.completed", looked)]
        if name == "thread.message.completed":
            cited = {"type": "file_citation", "text": "【4:0†menu.md】", "start_index": 29, "end_index": 43,
                     "file_citation": {"file_id": "file-menu"}}  # fmt: skip
            data = message(
                [text_part("".join(pieces), cited)], "msg_3", run="run_3", thread="thread_3", status="completed"
            )
        events.append((name, data))
    book.stream("POST /v1/threads/thread_3/runs", {"assistant_id": "asst_helper"}, *events)


def test_an_import_that_a_person_would_like_to_read() -> None:
    distilled = proven(_session())

    assert _read(distilled.text()) == distilled.document
    expect(GOLDEN / "imported.yaml", distilled.text().encode())
    assert _session().distilled().text() == distilled.text()
