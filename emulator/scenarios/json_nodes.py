"""Reads JSON into the nodes that YAML is composed of, so that one reader types, places and bounds the values of both.

PyYAML refuses some of JSON: tabs between tokens, and a few characters in strings.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator

from yaml import MappingNode, Mark, Node, ScalarNode, SequenceNode

from emulator.scenarios.scalars import NUMBER, PLAIN, TEXT

_TOKEN = re.compile(r'[ \t\r\n]*([{}\[\]:,]|"(?:[^"\\\x00-\x1f]|\\.)*"|[-+.\w]+|)')


class NotJson(ValueError):
    """What was expected instead, and where."""

    def __init__(self, expected: str, mark: Mark) -> None:
        super().__init__(f"expected {expected}")
        self.mark = mark


class TooMany(ValueError):
    """More values than are taken, and where."""

    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self.mark = mark


def compose(text: str, most: int) -> Node:
    """The text's value. Raises NotJson, and TooMany for one that has more values than ``most``."""
    return _Composer(text, most).document()


class _Composer:
    def __init__(self, text: str, most: int) -> None:
        self._text, self._left = text, most
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]
        #: The token read last, and where it begins and ends.
        self._token, self._start, self._end = "", 0, 0

    def document(self) -> Node:
        self._read()
        node = self._value()
        if self._read() or self._end < len(self._text):
            raise self._expected("the end of the document")
        return node

    def _read(self) -> str:
        """The next token; empty at the end, and for what is none."""
        found = _TOKEN.match(self._text, self._end)
        assert found is not None
        self._token, (self._start, self._end) = found[1], found.span(1)
        return self._token

    def _mark(self) -> Mark:
        line = bisect_right(self._lines, self._start) - 1
        return Mark("", self._start, line, self._start - self._lines[line], None, 0)

    def _expected(self, what: str) -> NotJson:
        return NotJson(what, self._mark())

    def _value(self) -> Node:
        """The value that begins with the token read last."""
        token, mark = self._token, self._mark()
        self._left -= 1
        if self._left < 0:
            raise TooMany(mark)
        if token == "{":
            pairs = [self._pair() for _ in self._items("}")]
            return MappingNode(PLAIN, pairs, mark)
        if token == "[":
            return SequenceNode(PLAIN, [self._value() for _ in self._items("]")], mark)
        if token.startswith('"'):
            return self._string()
        if token not in ("true", "false", "null") and not NUMBER.fullmatch(token):
            raise self._expected("a value")
        return ScalarNode(PLAIN, token, mark)

    def _items(self, close: str) -> Iterator[None]:
        """Stops at the first token of each item, until ``close``."""
        if self._read() == close:
            return
        while True:
            yield
            if self._read() == close:
                return
            if self._token != ",":
                raise self._expected(f"',' or '{close}'")
            self._read()

    def _pair(self) -> tuple[Node, Node]:
        if not self._token.startswith('"'):
            raise self._expected("a key in double quotes")
        key = self._string()
        if self._read() != ":":
            raise self._expected("':'")
        self._read()
        return key, self._value()

    def _string(self) -> Node:
        try:
            return ScalarNode(TEXT, json.loads(self._token), self._mark())
        except ValueError:
            raise self._expected("a string whose escapes JSON knows") from None
