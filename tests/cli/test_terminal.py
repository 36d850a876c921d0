"""What is written for a terminal, and what for a log."""

from __future__ import annotations

import io

import pytest

from emulator.cli.terminal import Cell, CountingLines, Paint, ProgressLine, has_colours, in_columns, is_interactive


class Stream(io.StringIO):
    def __init__(self, *, terminal: bool = True) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("terminal", "environ", "watched", "coloured"),
    [
        (True, {}, True, True),
        (False, {}, False, False),
        (True, {"CI": "true"}, False, False),
        (True, {"TERM": "dumb"}, False, False),
        (True, {"NO_COLOR": "1"}, True, False),
        (True, {"NO_COLOR": ""}, True, True),
        (True, {"FORCE_COLOR": "0"}, True, False),
        (False, {"FORCE_COLOR": "1"}, False, True),
        (False, {"FORCE_COLOR": "1", "CI": "true"}, False, True),
        (False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_who_looks_and_sees_colours(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, environ: dict[str, str], watched: bool, coloured: bool
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    stream = Stream(terminal=terminal)
    assert (is_interactive(stream), has_colours(stream)) == (watched, coloured)
    assert Paint(stream)("x", "red") == ("\x1b[31mx\x1b[0m" if coloured else "x")


@pytest.mark.parametrize(
    ("width", "shown"),
    [(None, "200 GET path"), (12, "200 GET path"), (11, "200 GET pa…"), (9, "200 GET …"), (8, "200 GET…"), (1, "…")],
)
def test_a_line_is_cut_to_its_width(width: int | None, shown: str) -> None:
    cells: list[Cell] = [("200 ", "green"), ("GET ", ""), ("path", "cyan")]

    assert Paint(Stream(terminal=False)).line(cells, width) == shown


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("天气怎么样", 10, "天气怎么样"),
        ("天气怎么样", 9, "天气怎么…"),
        ("天气怎么样", 8, "天气怎…"),
        ("e\N{COMBINING ACUTE ACCENT}te", 3, "e\N{COMBINING ACUTE ACCENT}te"),
    ],
)
def test_wide_characters_take_two_columns(text: str, width: int, shown: str) -> None:
    assert Paint(Stream(terminal=False)).line([(text, "")], width) == shown


@pytest.mark.parametrize("terminal", [True, False])
def test_what_clients_send_does_not_steer_the_terminal(terminal: bool) -> None:
    stream = Stream(terminal=terminal)
    lines = CountingLines(stream)
    lines.write_line([("/v1/\x1b[2Jthreads\r\n", "")])
    lines.write_text("one\ntwo\x1b]0;title\x07")

    assert stream.getvalue() == "/v1/�[2Jthreads��\none\ntwo�]0;title�\n"


def test_columns_stand_below_each_other() -> None:
    rows: list[list[Cell]] = [[("a", ""), ("bb", ""), ("c", "")], [("aaa", ""), ("b", ""), ("c", "")], [("last", "")]]

    assert ["".join(text for text, _ in row) for row in in_columns(rows)] == ["a    bb  c", "aaa  b   c", "last"]


def test_a_line_like_the_last_is_counted_on_a_terminal_alone() -> None:
    told = {}
    for terminal in (True, False):
        stream = Stream(terminal=terminal)
        lines = CountingLines(stream)
        for text in ("one", "one", "one", "two", "one"):
            lines.write_line([(text, "")])
        lines.end("stopped")
        told[terminal] = stream.getvalue()

    up = "\x1b[1A\rone\x1b[1m ×{}\x1b[0m\x1b[K\n"
    assert told[True] == f"one\n{up.format(2)}{up.format(3)}two\none\n\r\x1b[2mstopped\x1b[0m\x1b[K\n"
    assert told[False] == "one\none\none\ntwo\none\n"


def test_a_line_gives_way_to_another_while_it_is_the_last() -> None:
    stream = Stream()
    lines = CountingLines(stream)
    lines.write_line([("begun", "")])
    lines.write_line([("ended", "")], instead_of=[("begun", "")])
    lines.write_line([("begun", "")])
    lines.write_text("something\nelse", "red")
    lines.write_line([("ended", "")], instead_of=[("begun", "")])

    red = "\x1b[31m{}\x1b[0m\n"
    expected = f"begun\n\x1b[1A\rended\x1b[K\nbegun\n{red.format('something')}{red.format('else')}ended\n"
    assert stream.getvalue() == expected


def test_a_progress_line_is_wiped_and_silent_where_nobody_looks() -> None:
    told = {}
    for terminal in (True, False):
        stream = Stream(terminal=terminal)
        with ProgressLine(stream) as progress:
            progress.report("reading", 0, 1)
            progress.report("reading", 2, 3)
        with ProgressLine(stream):
            told[terminal] = stream.getvalue()

    assert told == {True: "\rreading\x1b[K\rreading (2 of 3)\x1b[K\r\x1b[K", False: ""}
