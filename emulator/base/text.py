"""Small pieces of the sentences that people read: a hint, a shortened value, a counted noun."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

#: How alike two words are, from 0 to 1, before one is suggested for the other.
_SIMILARITY: Final = 0.55


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like ``word``; None if none is like it."""
    import difflib

    found = difflib.get_close_matches(word, list(known), n=1, cutoff=_SIMILARITY)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str], *, before: str = "; ", after: str = "") -> str:
    """``; did you mean 'serve'?`` between ``before`` and ``after``; empty if no known word is like ``word``."""
    meant = nearest(word, known)
    return "" if meant is None else f"{before}did you mean {meant!r}?{after}"


def shorten(text: str, width: int = 80) -> str:
    """The text in at most ``width`` characters; an ellipsis replaces the rest."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def duration(seconds: float) -> str:
    """``90 minutes``, ``1 hour``: in the largest unit that needs no fraction."""
    for unit, length in (("hour", 3600), ("minute", 60)):
        if seconds >= length and seconds % length == 0:
            return plural(int(seconds // length), unit)
    return f"{seconds:g} second{'' if seconds == 1 else 's'}"


def plural(number: int, noun: str) -> str:
    """``1 turn``, ``1,000 turns``."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"
