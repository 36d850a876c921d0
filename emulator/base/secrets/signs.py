"""Finds out fast which kinds of secrets a text may contain: by the signs of each kind."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from emulator.base.secrets.kinds import KINDS

#: Characters of a sign that many texts have by chance.
_FREQUENT: Final = 3


def signs_of_kinds() -> Iterator[tuple[str, str]]:
    """Every sign with the title of its kind."""
    yield from ((sign, one.title) for one in KINDS.values() for sign in one.signs)


class Signs:
    """Signs and the titles of their kinds. One expression for all rare signs tells that a text has none of them."""

    def __init__(self, signs: Iterable[tuple[str, str]]) -> None:
        self._frequent: dict[str, list[str]] = {}
        self._rare: dict[str, list[str]] = {}
        for sign, title in signs:
            (self._frequent if len(sign) <= _FREQUENT else self._rare).setdefault(sign, []).append(title)

    def titles_in(self, text: str) -> Iterator[str]:
        """The titles of the kinds of which a sign stands in a text."""
        for sign, titles in self._frequent.items():
            if sign in text:
                yield from titles
        if self._any_rare.search(text):
            for sign, titles in self._rare.items():
                if sign in text:
                    yield from titles

    @functools.cached_property
    def _any_rare(self) -> re.Pattern[str]:
        tree: dict[str, Any] = {}
        for sign in self._rare:
            place = tree
            for character in sign:
                place = place.setdefault(character, {})
            place[""] = {}
        return re.compile(_expression(tree))


def _expression(tree: dict[str, Any]) -> str:
    """Matches where a word of a tree begins. What several have in common is compared once."""
    if "" in tree:  # a word ends here: a longer one makes no difference
        return ""
    branches = [re.escape(character) + _expression(rest) for character, rest in sorted(tree.items())]
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
