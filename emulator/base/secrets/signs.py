"""Finds out fast which kinds of secrets a text may contain: by the signs of each kind."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Any

from emulator.base.secrets.kinds import KINDS


def signs_of_kinds() -> Iterator[tuple[str, str]]:
    """Every sign with the title of its kind."""
    yield from ((sign, one.title) for one in KINDS.values() for sign in one.signs)


class Signs:
    """Signs and the titles of their kinds. One expression finds all signs; those of one character are in most texts."""

    def __init__(self, signs: Iterable[tuple[str, str]]) -> None:
        self._characters: dict[str, list[str]] = {}
        self._longer: dict[str, list[str]] = {}
        self._beginning: dict[str, list[str]] = {}
        for sign, title in signs:
            (self._longer if len(sign) > 1 else self._characters).setdefault(sign, []).append(title)

    def titles_in(self, text: str) -> list[str]:
        """The titles of the kinds of which a sign stands in a text; some may be there twice."""
        titles: list[str] = []
        for sign, of_it in self._characters.items():
            if sign in text:
                titles += of_it
        found = self._any.search(text)
        while found:
            titles += self._of_those_that_begin(found[0])
            found = self._any.search(text, found.start() + 1)
        return titles

    def _of_those_that_begin(self, begin: str) -> list[str]:
        if begin not in self._beginning:
            longer = (titles for sign, titles in self._longer.items() if sign.startswith(begin))
            self._beginning[begin] = [title for titles in longer for title in titles]
        return self._beginning[begin]

    @functools.cached_property
    def _any(self) -> re.Pattern[str]:
        tree: dict[str, Any] = {}
        for sign in self._longer:
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
