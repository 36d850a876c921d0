"""Programs in a terminal of their own, and what a person would see there."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

#: Escape codes that the emulator and pytest write, and how a capture shows them.
_STYLES: Final = {
    "0": "/", "1": "bold", "2": "dim", "31": "red", "32": "green", "33": "yellow", "35": "magenta", "36": "cyan"
}  # fmt: skip
#: Run first, and becomes the program: signals of the terminal go to it and to what it starts.
_TAKES_THE_TERMINAL: Final = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
)
_CODE: Final = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|\r|\n|[^\x1b\r\n]")


class Terminal:
    """A program that believes that somebody looks. Its stdin, stdout and stderr are one pseudo-terminal."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self._own, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        plain = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR", "FORCE_COLOR")}
        self.process = subprocess.Popen(
            [sys.executable, "-ISc", _TAKES_THE_TERMINAL, *command],
            stdin=other,
            stdout=other,
            stderr=other,
            cwd=cwd,
            env={**plain, "TERM": "xterm-256color", **(environ or {})},
            start_new_session=True,
        )
        os.close(other)
        self.columns, self.written = columns, ""

    def read_until(self, words: str, seconds: float = 20) -> str:
        """What was written, once these words are in it. Raises AssertionError if they do not come."""
        while words not in self.written:
            assert self._read(seconds), f"{words!r} did not come: {self.written}"
        return self.written

    def read_all(self, seconds: float = 30) -> str:
        """What was written when the program has ended."""
        while self._read(seconds):
            continue
        self.process.wait(timeout=10)
        return self.written

    def _read(self, seconds: float) -> bool:
        if not select.select([self._own], [], [], seconds)[0]:
            return False
        try:
            piece = os.read(self._own, 65536)
        except OSError:  # the program and all that it started have closed their side
            return False
        self.written += piece.decode("utf-8", "replace")
        return bool(piece)

    def press(self, keys: str) -> None:
        os.write(self._own, keys.encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._own)


def screen(written: str) -> str:
    """What stands on the screen in the end: each line with its styles as ``{green}200{/}``."""
    lines: list[list[str]] = [[]]
    row, column, style = 0, 0, ""
    for code in _CODE.finditer(written):
        text, number, kind = code[0], code[1], code[2]
        if text == "\r":
            column = 0
        elif text == "\n":
            row, column = row + 1, 0
            lines += [[]] * (row == len(lines))
            lines[row] = lines[row][:]
        elif kind == "A":
            row -= int(number or 1)
        elif kind == "K":
            del lines[row][column:]
        elif kind == "m":
            style = "" if number in ("", "0") else number
        elif kind is None:
            lines[row] += [" "] * (column - len(lines[row]))
            lines[row][column : column + 1] = [f"{style}\0{text}"]
            column += 1
    return "\n".join(_line(cells) for cells in lines).rstrip("\n") + "\n"


def _line(cells: list[str]) -> str:
    """Neighbours of one style have one mark."""
    told, before = "", ""
    for cell in [*cells, "\0"]:
        style, _, text = cell.rpartition("\0")
        if style != before:
            told += ("{/}" if before else "") + (f"{{{' '.join(map(_name, style.split(';')))}}}" if style else "")
            before = style
        told += text
    return told.rstrip()


def _name(code: str) -> str:
    return _STYLES.get(code, code)
