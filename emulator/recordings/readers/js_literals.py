"""Literals of JavaScript, as code that a recorder writes has them: strings, numbers, lists, objects and buffers."""

from __future__ import annotations

import re
from typing import Any, Final

from emulator.recordings.readers.decoding import BadBody, from_base64, from_hex

_SPACE: Final = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,30})?(?:[eE][-+]?\d{1,3})?(?![\w.])")
_WORD: Final = re.compile(r"[A-Za-z_$][\w$]*")
_WORDS: Final = {"true": True, "false": False, "null": None, "undefined": None}
_ESCAPE: Final = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|.))", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": ""}
_DEPTH: Final = 100
#: Encodings of ``Buffer.from``.
_BUFFERS: Final = {"hex": from_hex, "base64": from_base64}


class NoLiteral(ValueError):
    """What stands at a place is no literal. ``at``: its offset in the text."""

    def __init__(self, expected: str, at: int) -> None:
        super().__init__(f"expected {expected}")
        self.at = at


class Literals:
    """Reads literals from a text, one after another; ``at`` is where the next begins."""

    def __init__(self, text: str, at: int = 0) -> None:
        self.text, self.at = text, at

    def skip(self, token: str) -> bool:
        """Skips white space and comments, and a token if it stands there. Returns whether it does."""
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at
        is_there = self.text.startswith(token, self.at)
        self.at += len(token) if is_there else 0
        return is_there

    def expect(self, token: str) -> None:
        if not self.skip(token):
            raise NoLiteral(repr(token), self.at)

    def word(self) -> str:
        """A name. Raises NoLiteral."""
        self.skip("")
        found = _WORD.match(self.text, self.at)
        if found is None:
            raise NoLiteral("a name", self.at)
        self.at = found.end()
        return found[0]

    def arguments(self, depth: int = 0) -> list[Any]:
        """The arguments of a call, from its parenthesis on. Raises NoLiteral for one that is no literal."""
        self.expect("(")
        return self._until(")", depth)

    def _until(self, closer: str, depth: int) -> list[Any]:
        found: list[Any] = []
        while not self.skip(closer):
            found.append(self.value(depth + 1))
            if not self.skip(","):
                self.expect(closer)
                break
        return found

    def value(self, depth: int = 0) -> Any:
        """A literal. Raises NoLiteral."""
        if depth > _DEPTH:
            raise NoLiteral(f"at most {_DEPTH} levels", self.at)
        value = self._one(depth)
        while isinstance(value, str) and self.skip("+"):
            following = self._one(depth)
            if not isinstance(following, str):
                raise NoLiteral("text", self.at)
            value += following
        return value

    def _one(self, depth: int) -> Any:
        self.skip("")
        mark = self.text[self.at : self.at + 1]
        if mark in ("'", '"', "`") and mark:
            return self._string(mark)
        if self.skip("["):
            return self._until("]", depth)
        if self.skip("{"):
            return self._object(depth)
        if number := _NUMBER.match(self.text, self.at):
            self.at = number.end()
            is_whole = not set(number[0]) & set(".eE")
            return int(number[0]) if is_whole else float(number[0])
        return self._named(depth)

    def _named(self, depth: int) -> Any:
        begin = self.at
        name = self.word()
        if name in _WORDS:
            return _WORDS[name]
        if name == "Buffer" and self.skip(".") and self.word() == "from":
            return self._buffer(self.arguments(depth), begin)
        raise NoLiteral(f"a literal, got {name}", begin)

    def _buffer(self, arguments: list[Any], begin: int) -> bytes:
        text, *more = arguments or [None]
        encoding = more[0] if more else "utf8"
        if not isinstance(text, str) or (encoding not in _BUFFERS and encoding not in ("utf8", "utf-8")):
            raise NoLiteral("the text of a buffer in hex, base64 or utf8", begin)
        try:
            return _BUFFERS[encoding](text) if encoding in _BUFFERS else text.encode("utf-8", "replace")
        except BadBody as error:
            raise NoLiteral(str(error).removeprefix("expected "), begin) from None

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not self.skip("}"):
            self.skip("")
            is_quoted = self.text[self.at : self.at + 1] in ("'", '"')
            if is_quoted:
                key = self._string(self.text[self.at])
            elif number := _NUMBER.match(self.text, self.at):
                key, self.at = number[0], number.end()
            else:
                key = self.word()
            self.expect(":")
            found[key] = self.value(depth + 1)
            if not self.skip(","):
                self.expect("}")
                break
        return found

    def _string(self, mark: str) -> str:
        begin = self.at
        end = begin + 1
        while (character := self.text[end : end + 1]) != mark:
            if not character or (character == "\n" and mark != "`"):
                raise NoLiteral("the end of a text", begin)
            if mark == "`" and self.text.startswith("${", end):
                raise NoLiteral("a literal, got a template with an expression", begin)
            end += 2 if character == "\\" else 1
        self.at = end + 1
        return _ESCAPE.sub(_unescaped, self.text[begin + 1 : end])


def _unescaped(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    if code:
        number = int(code, 16)
        return chr(number) if number <= 0x10FFFF else "\ufffd"
    return _ESCAPED.get(found[4], found[4])
