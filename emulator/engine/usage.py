"""Estimates of tokens, the same on every run: a token is four bytes of UTF-8, rounded up."""

from __future__ import annotations

from collections.abc import Iterable

#: Tokens that a context holds at most.
CONTEXT = 128_000


def tokens(text: str) -> int:
    """The estimate for one text."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // 4)


def prompt(fixed: int, messages_newest_first: Iterable[int], most: int | None = None) -> int:
    """Tokens that the model reads: those of fixed texts (instructions, tools), and of the newest messages.

    ``most``: how many messages it reads; None for as many as the context holds.
    """
    read = 0
    for number, size in enumerate(messages_newest_first):
        if number == most or fixed + read >= CONTEXT:
            break
        read += size
    return min(fixed + read, CONTEXT)


def part(whole: int, number: int, parts: int) -> int:
    """What falls to one of so many parts of a whole (``number`` counts from 0); the first ones get the rest."""
    each, rest = divmod(whole, parts)
    return each + (number < rest)
