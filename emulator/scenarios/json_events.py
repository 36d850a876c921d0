"""Parses JSON strictly, into the events of a YAML parser, so that one builder makes the values of both.

PyYAML itself refuses some JSON: tabs between tokens, and a few characters in strings.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from yaml import Event, MappingEndEvent, MappingStartEvent, Mark, ScalarEvent, SequenceEndEvent, SequenceStartEvent

from emulator.base.json_tokens import TOKEN
from emulator.base.limits import MAX_YAML_DEPTH
from emulator.scenarios.scalars import NUMBER
from emulator.scenarios.yaml_tree import TOO_DEEP, Unreadable, place_of, too_many

_SPACE: Final = re.compile(r"[ \t\r\n]*")
#: A string as JSON allows it: closed, and without control characters. Its escapes are checked as it is decoded.
_STRING: Final = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
#: Whether a scalar event is plain, or quoted, as PyYAML says it.
_PLAIN: Final = (True, False)
_QUOTED: Final = (False, True)


class NotJson(ValueError):
    """The text is not JSON. ``mark`` is the place of the first error."""

    def __init__(self, expected: str, mark: Mark) -> None:
        super().__init__(f"expected {expected}")
        self.mark = mark


def json_events(text: str, max_values: int) -> Iterator[Event]:
    """The events of the value that a text is. Raises NotJson, and Unreadable for a value beyond the limits."""
    return _Parser(text, max_values).events()


class _Parser:
    def __init__(self, text: str, max_values: int) -> None:
        self._text, self._max_values, self._left = text, max_values, max_values
        self._line_starts = [0, *(found.end() for found in re.finditer("\n", text))]
        #: The latest token, and where it starts and ends.
        self._token, self._start, self._end = "", 0, 0

    def events(self) -> Iterator[Event]:
        closers: list[str] = []
        self._read()
        while True:
            yield self._value_start(len(closers))
            if self._token in ("{", "["):
                closers.append("}" if self._token == "{" else "]")
                if self._read() != closers[-1]:
                    if closers[-1] == "}":
                        yield self._key()
                    continue
                yield self._end_event(closers.pop())
            while closers and self._read() != ",":
                if self._token != closers[-1]:
                    raise self._expected(f"',' or '{closers[-1]}'")
                yield self._end_event(closers.pop())
            if not closers:
                break
            self._read()
            if closers[-1] == "}":
                yield self._key()
        if self._read() or self._end < len(self._text):
            raise self._expected("the end of the document")

    def _read(self) -> str:
        """The next token; empty at the end of the text, and where no token of JSON can start."""
        space = _SPACE.match(self._text, self._end)
        assert space is not None
        self._start = self._end = space.end()
        found = TOKEN.match(self._text, self._start)
        self._token = found[0] if found else ""
        if found and (self._token[0] != '"' or _STRING.fullmatch(self._token)):
            self._end = found.end()
        else:
            self._token = ""
        return self._token

    def _mark(self) -> Mark:
        line = bisect_right(self._line_starts, self._start) - 1
        return Mark("", self._start, line, self._start - self._line_starts[line], None, 0)

    def _expected(self, what: str) -> NotJson:
        return NotJson(what, self._mark())

    def _value_start(self, depth: int) -> Event:
        """The event of a scalar, or of the start of a container, at the latest token."""
        token, mark = self._token, self._mark()
        self._left -= 1
        if self._left < 0:
            raise Unreadable(too_many(self._max_values), *place_of(mark))
        if depth > MAX_YAML_DEPTH:
            raise Unreadable(TOO_DEEP, *place_of(mark))
        if token == "{":
            return MappingStartEvent(None, None, True, mark, mark)
        if token == "[":
            return SequenceStartEvent(None, None, True, mark, mark)
        if token.startswith('"'):
            return self._string(mark)
        if token not in ("true", "false", "null") and not NUMBER.fullmatch(token):
            raise self._expected("a value")
        return ScalarEvent(None, None, _PLAIN, token, mark, mark)

    def _end_event(self, closer: str) -> Event:
        mark = self._mark()
        return MappingEndEvent(mark, mark) if closer == "}" else SequenceEndEvent(mark, mark)

    def _key(self) -> Event:
        """The event of a key at the latest token. Reads up to the first token of its value."""
        if not self._token.startswith('"'):
            raise self._expected("a key in double quotes")
        key = self._string(self._mark())
        if self._read() != ":":
            raise self._expected("':'")
        self._read()
        return key

    def _string(self, mark: Mark) -> Event:
        try:
            return ScalarEvent(None, None, _QUOTED, json.loads(self._token), mark, mark)
        except ValueError:
            raise self._expected("a string whose escapes JSON knows") from None
