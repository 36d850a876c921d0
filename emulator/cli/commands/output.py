"""What commands print: lines, documents, errors."""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, TextIO

from emulator.base.text import nearest, plural
from emulator.cli.terminal import is_interactive

if TYPE_CHECKING:
    from emulator.recordings.redaction.redactor import Place

#: Lines of a list that a terminal shows.
_SHOWN: Final = 12


def describe_os_error(error: OSError) -> str:
    """``nowhere.yaml: No such file or directory``, with a hint if the folder has a file of a similar name."""
    if isinstance(error, FileNotFoundError) and error.filename is None and not _is_somewhere():
        return "the current directory is no longer there"
    if error.filename is None or error.strerror is None:
        return str(error)
    hint = ""
    if isinstance(error, FileNotFoundError):
        folder, name = os.path.split(os.fsdecode(error.filename))
        if os.path.isdir(folder or "."):
            by_stem = {os.path.splitext(one)[0]: one for one in os.listdir(folder or ".")}
            meant = nearest(os.path.splitext(name)[0], by_stem)  # most names share their extension
            hint = f"; did you mean {by_stem[meant]!r}?" if meant else ""
    return f"{error.filename}: {error.strerror}{hint}"


def _is_somewhere() -> bool:
    """False if somebody has removed the current directory."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return False
    return True


def bullet_lines(lines: Iterable[str]) -> list[str]:
    """Indented lines for stderr, equal neighbours counted; a terminal gets only the first of them."""
    groups = [(line, len(list(group))) for line, group in itertools.groupby(lines)]
    shown = [f"  {line} ×{times}" if times > 1 else f"  {line}" for line, times in groups]
    if not is_interactive(sys.stderr) or len(shown) <= _SHOWN + 1:
        return shown
    return [*shown[:_SHOWN], f"  … {len(shown) - _SHOWN} more; redirect stderr (2> FILE) for all of them"]


def redaction_lines(redacted: Counter[Place]) -> list[str]:
    """How many secrets were redacted, and where they stood."""
    if not redacted:
        return []
    where = [f"{one.exchange}: {one.kind} in its {one.part}{f' ×{times}' if times > 1 else ''}"
             for one, times in redacted.items()]  # fmt: skip
    return [f"redacted: {plural(redacted.total(), 'secret')}; --no-redact keeps them", *bullet_lines(where)]


def print_stderr(line: str) -> None:
    """A message for a person; stdout is for the command's result."""
    print(line, file=sys.stderr, flush=True)


def announce_url(url: str, *, json: bool) -> None:
    """The first line that a server prints on stdout: scripts wait for it."""
    if json:
        show_json_line({"listening": url})
    else:
        print(f"listening on {url}\n", end="", flush=True)  # in one piece, as a terminal shows stderr between two


def show_json(value: object) -> None:
    """Prints one JSON document."""
    print(json.dumps(value, indent=2, ensure_ascii=False), flush=True)


def show_json_line(value: object, file: TextIO | None = None) -> None:
    """Prints one of several JSON documents, a line each; on stdout if no file is named."""
    (file or sys.stdout).write(f"{json.dumps(value, ensure_ascii=False)}\n")
    (file or sys.stdout).flush()
