"""Words and documents that commands print."""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Iterable
from typing import Final

from emulator.cli.terminal import is_watched

#: Lines of a list that a terminal shows.
_SHOWN: Final = 12


def many(number: int, what: str) -> str:
    """``1 turn``, ``1,000 turns``."""
    return f"{number:,} {what}{'s' * (number != 1)}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'serve'?``, if there is something near."""
    import difflib

    near = difflib.get_close_matches(word, list(known), 1, cutoff=0.7)
    return f"; did you mean {near[0]!r}?" if near else ""


def in_words(error: OSError) -> str:
    """``nowhere.yaml: No such file or directory``, and what is there with nearly that name."""
    if error.filename is None or error.strerror is None:
        return str(error)
    meant = ""
    if isinstance(error, FileNotFoundError):
        folder, name = os.path.split(os.fsdecode(error.filename))
        if os.path.isdir(folder or "."):
            meant = did_you_mean(name, os.listdir(folder or "."))
    return f"{error.filename}: {error.strerror}{meant}"


def listed(lines: Iterable[str]) -> list[str]:
    """Lines below a heading on stderr, equal neighbours counted; who looks at a terminal gets the first ones."""
    groups = [(line, len(list(group))) for line, group in itertools.groupby(lines)]
    told = [f"  {line} ×{times}" if times > 1 else f"  {line}" for line, times in groups]
    if not is_watched(sys.stderr) or len(told) <= _SHOWN + 1:
        return told
    return [*told[:_SHOWN], f"  … {len(told) - _SHOWN} more; 2> FILE has them all"]


def tell(line: str) -> None:
    """Something for a person, beside what the command prints."""
    print(line, file=sys.stderr, flush=True)


def say_where(url: str, *, json: bool) -> None:
    """The first line on stdout of what serves: scripts wait for it."""
    if json:
        show_json_line({"listening": url})
    else:
        print(f"listening on {url}", flush=True)


def show_json(value: object) -> None:
    """One document."""
    print(json.dumps(value, indent=2, ensure_ascii=False), flush=True)


def show_json_line(value: object) -> None:
    """One of several documents, a line each."""
    print(json.dumps(value, ensure_ascii=False), flush=True)
