"""Output for an interactive terminal, which a log does not get: colours, and lines that are rewritten."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Literal, Self, TextIO

Style = Literal["", "bold", "dim", "red", "green", "yellow", "cyan"]
#: A piece of a line and its style.
Cell = tuple[str, Style]

_CODES: Final[dict[Style, int]] = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "cyan": 36}
#: Up one line; clear from the cursor to the end of the line.
_UP, _CLEAR = "\x1b[1A\r", "\x1b[K"


def is_interactive(stream: TextIO) -> bool:
    """True for a terminal that can rewrite its lines and is not that of a CI job."""
    return stream.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"


def has_colours(stream: TextIO) -> bool:
    """``NO_COLOR`` decides, then ``FORCE_COLOR``, unless empty; otherwise an interactive stream has colours."""
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR")
    return forced != "0" if forced else is_interactive(stream)


class Paint:
    """Paints text for a stream. Without colours the text stays as it is."""

    def __init__(self, stream: TextIO) -> None:
        self._is_on = has_colours(stream)

    def __call__(self, text: str, style: Style) -> str:
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self._is_on and style and text else text

    def line(self, cells: Sequence[Cell], width: int | None = None) -> str:
        """The cells in a row, cut to ``width`` columns with an ellipsis."""
        if width is None or columns_of("".join(text for text, _ in cells)) <= width:
            return "".join(self(text, style) for text, style in cells)
        left = width - 1
        pieces: list[str] = []
        for text, style in cells:
            fits = _beginning(text, left)
            left -= columns_of(fits)
            if fits != text:
                return "".join([*pieces, self(f"{fits}…", style)])
            pieces.append(self(text, style))
        return "".join(pieces)


def columns_of(text: str) -> int:
    """The columns that text takes on a terminal: two for East Asian characters, none for combining ones."""
    return len(text) if text.isascii() else sum(map(_columns_of_one, text))


def _columns_of_one(character: str) -> int:
    return 0 if unicodedata.combining(character) else 1 + (unicodedata.east_asian_width(character) in "WF")


def _beginning(text: str, columns: int) -> str:
    for place, character in enumerate(text):
        columns -= _columns_of_one(character)
        if columns < 0:
            return text[:place]
    return text


def printable(text: str) -> str:
    """The text without control characters: text from clients must not control the terminal."""
    return text if text.isprintable() else "".join(one if one.isprintable() else "�" for one in text)


def in_columns(rows: Sequence[Sequence[Cell]]) -> list[list[Cell]]:
    """Rows of cells, padded to columns. The last cell of a row is not padded."""
    widths: dict[int, int] = {}
    for row in rows:
        for place, (text, _) in enumerate(row[:-1]):
            widths[place] = max(widths.get(place, 0), columns_of(text))
    return [
        [
            (text + " " * (widths[place] - columns_of(text) + 2) if place < len(row) - 1 else text, style)
            for place, (text, style) in enumerate(row)
        ]
        for row in rows
    ]


def _printable(cells: Sequence[Cell]) -> list[Cell]:
    return [(printable(text), style) for text, style in cells]


class CountingLines:
    """Writes lines. A terminal counts a repeated line in place and cuts a line that is too wide."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._paint, self._is_interactive = stream, Paint(stream), is_interactive(stream)
        self._last: Sequence[Cell] = ()
        self._times = 0

    @property
    def is_interactive(self) -> bool:
        return self._is_interactive

    @property
    def width(self) -> int:
        return _width(self._stream)

    def write_line(self, cells: Sequence[Cell], instead_of: Sequence[Cell] = ()) -> None:
        """Writes a line. ``instead_of``: the line that it replaces, if that is the last one."""
        cells, instead_of = _printable(cells), _printable(instead_of)
        if not self._is_interactive:
            self._stream.write(f"{self._paint.line(cells)}\n")
        elif cells == self._last:
            self._times += 1
            counted: Cell = (f" ×{self._times}", "bold")
            room = _width(self._stream) - 1 - len(counted[0])
            line = self._paint.line(cells, room) + self._paint(*counted)
            self._stream.write(f"{_UP}{line}{_CLEAR}\n")
        else:
            up = _UP if instead_of and instead_of == self._last else ""
            self._last, self._times = cells, 1
            self._stream.write(f"{up}{self._paint.line(cells, _width(self._stream) - 1)}{_CLEAR if up else ''}\n")
        self._stream.flush()

    def write_text(self, text: str, style: Style = "") -> None:
        """Writes text of any length, neither counted nor cut."""
        self._last = ()
        self._stream.write("".join(f"{self._paint(printable(line), style)}\n" for line in text.splitlines()))
        self._stream.flush()

    def end(self, words: str) -> None:
        """Writes the last words on a terminal, over the ^C that ended the command."""
        if self._is_interactive:
            self._stream.write(f"\r{self._paint(words, 'dim')}{_CLEAR}\n")
            self._stream.flush()


class ProgressLine:
    """A line that is rewritten while work goes on, and cleared at the end. Silent unless interactive."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_interactive = is_interactive(stream)
        self._shown = False

    def report(self, what: str, done: int, of: int) -> None:
        """Shows ``reading weather.yaml (3 of 12)``."""
        self.show(f"{what} ({done} of {of})" if of > 1 else what)

    def show(self, text: str) -> None:
        if self._is_interactive:
            self._stream.write(f"\r{text[: _width(self._stream) - 1]}{_CLEAR}")
            self._stream.flush()
            self._shown = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._stream.write(f"\r{_CLEAR}")
            self._stream.flush()


def _width(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
