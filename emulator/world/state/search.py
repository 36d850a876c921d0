"""Search over chunks of text: BM25 by SQLite's FTS5, in memory. Deterministic: equal scores keep the chunks' order.

A score tells how many of the query's words a chunk has and how it ranks among the others, in 0…1, so that a score
threshold means something also in a store with a single chunk, where BM25 alone gives nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any, Final, NamedTuple

_WORD = re.compile(r"\w+")
#: Characters of scripts that put no space between words (Han, Kana): each is indexed as a word of its own.
_UNSPACED = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")

#: Words that say nothing about what is looked for.
_STOP = frozenset(
    "a an and are as at be by can do does for from have how i in is it me my of on or tell that the this to was what "
    "when where which who why will with you your".split()
)


def _spaced(text: str) -> str:
    return text if text.isascii() else _UNSPACED.sub(r" \1 ", text)


def _words(query: str) -> list[str]:
    """What a query asks for: words, and in scripts without spaces each two neighbours."""
    words = []
    for word in _WORD.findall(query.lower()):
        pieces = [piece for piece in _UNSPACED.split(word) if piece]
        unspaced = [piece for piece in pieces if _UNSPACED.fullmatch(piece)]
        pairs = [f"{one} {next}" for one, next in pairwise(pieces) if one in unspaced and next in unspaced]
        words += [piece for piece in pieces if piece not in unspaced] + (pairs or unspaced)
    return list(dict.fromkeys(words))


class Hit(NamedTuple):
    """A chunk that was found: its number, and its score in 0…1."""

    number: int
    score: float


_WEIGHED: Final = "SELECT rowid, -bm25(chunk) FROM chunk WHERE chunk MATCH ?"
_WITH_WORD: Final = "SELECT rowid FROM chunk WHERE chunk MATCH ?"


class Index:
    """Chunks of text that can be searched."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        """``texts``: with the numbers from 0 on."""
        import sqlite3

        # Made by one thread, used by the server's: never by two at a time.
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        # Without its own copy of the texts, for whoever adds chunks has them.
        self._database.execute(
            "CREATE VIRTUAL TABLE chunk USING fts5(text, content = '', tokenize = 'porter unicode61')"
        )
        self.add(enumerate(texts))

    def __del__(self) -> None:
        self._database.close()

    def add(self, chunks: Iterable[tuple[int, str]]) -> None:
        """Chunks by numbers that no other chunk has."""
        spaced = ((number, _spaced(text)) for number, text in chunks)
        self._database.executemany("INSERT INTO chunk(rowid, text) VALUES (?, ?)", spaced)

    def remove(self, chunks: Iterable[tuple[int, str]]) -> None:
        """Chunks as they were added."""
        spaced = ((number, _spaced(text)) for number, text in chunks)
        self._database.executemany("INSERT INTO chunk(chunk, rowid, text) VALUES ('delete', ?, ?)", spaced)

    def search(self, query: str, place: Callable[[int], int] = lambda number: number) -> list[Hit]:
        """The chunks that have a word of the query, best first. ``place``: of a chunk among equals, by its number."""
        words = _words(query)
        telling = [word for word in words if word not in _STOP] or words
        if not telling:
            return []
        any_word = " OR ".join(f'"{word}"' for word in telling)
        # FTS5's bm25() is the better the more negative it is.
        found: list[tuple[int, float]] = self._ask(_WEIGHED, any_word)
        best = max((weight for _, weight in found), default=0.0)
        has = Counter(number for word in telling for (number,) in self._ask(_WITH_WORD, f'"{word}"'))
        scored = (
            (
                -round(has[number] / len(telling) * (0.5 + 0.5 * (weight / best if best > 0 else 1)), 6),
                place(number),
                number,
            )
            for number, weight in found
        )
        return [Hit(number, -negative) for negative, _, number in sorted(scored)]

    def _ask(self, statement: str, match: str) -> list[Any]:
        return self._database.execute(statement, (match,)).fetchall()
