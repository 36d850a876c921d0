"""The leaves of a JSON text with their places, so that one string can be replaced and every other byte stays."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from emulator.base.json_tokens import CLOSED_STRING, TOKEN

#: Start, end and replacement.
Span = tuple[int, int, str]


@dataclass(slots=True, eq=False)
class Container:
    """An object or list, and its place. ``names``: its keys so far. ``type``: the text under the key ``type``."""

    outer: Container | None
    key: str | int
    is_list: bool
    count: int = 0
    names: set[str] = field(default_factory=set)
    type: str | None = None


@dataclass(slots=True, eq=False)
class Leaf:
    """A key, a string or a plain value (a number, true, false, null). ``value``: a string's, decoded."""

    start: int
    end: int
    kind: Literal["key", "string", "plain"]
    value: str
    inside: Container | None
    key: str | int

    @property
    def path(self) -> tuple[str | int, ...]:
        """The keys and list indexes from the outermost value to this one."""
        steps: list[str | int] = []
        key, inside = self.key, self.inside
        while inside is not None:
            steps.append(key)
            key, inside = inside.key, inside.outer
        return tuple(reversed(steps))


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def leaves(text: str) -> list[Leaf]:
    """All leaves in their order. A text that is not quite JSON, like the start of one, is read as far as it goes."""
    found: list[Leaf] = []
    inside: Container | None = None
    key: str | int = ""
    wants_key = False
    for token in TOKEN.finditer(text):
        raw = token[0]
        if raw in "{[":
            inside = Container(inside, key, raw == "[")
            key, wants_key = 0, raw == "{"
        elif raw in "}]":
            if inside is not None:
                key, inside = inside.key, inside.outer
            wants_key = False
        elif raw == ",":
            if inside is not None and inside.is_list:
                inside.count += 1
                key = inside.count
            wants_key = inside is not None and not inside.is_list
        elif raw != ":":
            leaf = _leaf(token, "key" if wants_key else "string", inside, key)
            found.append(leaf)
            if wants_key and inside is not None:
                inside.names.add(leaf.value)
                key, wants_key = leaf.value, False
            elif key == "type" and inside is not None:
                inside.type = leaf.value
    return found


def _leaf(token: re.Match[str], kind: Literal["key", "string"], inside: Container | None, key: str | int) -> Leaf:
    raw = token[0]
    if raw[0] != '"':
        return Leaf(token.start(), token.end(), "plain", raw, inside, key)
    return Leaf(token.start(), token.end(), kind, decode(raw), inside, key)


def decode(raw: str) -> str:
    """The value of a string, which may break off; escapes that JSON does not know stay as they are."""
    if "\\" not in raw:
        return raw[1:-1] if raw.endswith('"') and len(raw) > 1 else raw[1:]
    try:
        value: str = json.loads(raw if _is_closed(raw) else f'{raw}"', strict=False)
    except ValueError:
        return raw[1:].removesuffix('"')
    return value


def encode(value: str, raw: str) -> str:
    """A value in the style of the string ``raw`` that it replaces: with escapes or not, closed or not."""
    try:
        written = json.dumps(value, ensure_ascii=raw.isascii())
        written.encode()
    except UnicodeEncodeError:  # UTF-8 has no half of a surrogate pair, only its escape is possible
        written = json.dumps(value)
    return written if raw[:1] != '"' or _is_closed(raw) else written[:-1]


def _is_closed(raw: str) -> bool:
    return CLOSED_STRING.fullmatch(raw) is not None


def apply(text: str, spans: list[Span]) -> str:
    """The text with its spans replaced; they are in order and do not overlap."""
    if not spans:
        return text
    pieces, at = [], 0
    for start, end, new in spans:
        pieces += [text[at:start], new]
        at = end
    return "".join([*pieces, text[at:]])


def parse(text: str) -> Any:
    """The value of a JSON text, or of the start of one with everything closed; None for any other text."""
    with contextlib.suppress(ValueError):
        return orjson.loads(text)
    for complete in (str, _closed):
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(complete(text), strict=False)
    return None


def _closed(text: str) -> str:
    closers: list[str] = []
    in_string = False
    for token in TOKEN.finditer(text):
        raw = token[0]
        in_string = raw[0] == '"' and not _is_closed(raw)
        if raw in "{[":
            closers.append("}" if raw == "{" else "]")
        elif raw in "}]" and closers:
            closers.pop()
    return text + '"' * in_string + "".join(reversed(closers))
