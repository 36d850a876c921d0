"""YAML as recorders write it, read into plain values: fast, bounded, and without making an object of any tag.

Values are built from the parser's events and not from its tree, because composing a deep one overruns the C stack.
Tags that stand for bytes are decoded; whatever else has a tag is read as the text, list or mapping that it looks like.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any, Final

from emulator.base.problems import EmulatorError
from emulator.scenarios.scalars import LINE_END

MAX_DEPTH: Final = 100
#: Values of one file, aliases counted as often as they are used; 64 characters of text count as one.
MAX_VALUES: Final = 10_000_000

_NULLS: Final = frozenset(("", "~", "null", "Null", "NULL"))
_TRUTHS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})")
_FLOAT: Final = re.compile(r"[-+]?[0-9]{1,30}\.[0-9]*(?:[eE][-+][0-9]{1,3})?")
_BYTES: Final = ("!binary", ":binary", "python/bytes")
_TOO_DEEP: Final = f"expected at most {MAX_DEPTH} levels"
_NO_KEY: Final = object()


class Unreadable(EmulatorError):
    """Why a text cannot be read, and where: line and column, from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line, self.column = line, column


def load(text: str) -> Any:
    """The one document of a text; None if there is none. Raises Unreadable."""
    builder = _Builder()
    for event in _events(text):
        builder.take(event)
    return builder.document


def top_keys(text: str) -> Iterator[str]:
    """The keys of the mapping that a text is, read only as far as somebody asks. Raises Unreadable."""
    import yaml

    depth, key_is_next = 0, True
    for event in _events(text):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if (depth == 1 and isinstance(event, yaml.SequenceStartEvent)) or (depth == 2 and key_is_next):
                return
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            key_is_next = True
        elif depth == 1:
            if key_is_next and isinstance(event, yaml.ScalarEvent):
                yield event.value
            key_is_next = not key_is_next


def _events(text: str) -> Iterator[Any]:
    import yaml

    try:
        yield from yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if "nesting depth" in str(error.problem):  # libyaml has a limit of its own, and looks ahead
            raise Unreadable(_TOO_DEEP, *_place(mark)) from None
        said = " ".join(filter(None, [error.context, error.problem]))
        raise Unreadable(f"not readable as YAML: {said}", *_place(mark)) from None
    except yaml.reader.ReaderError as error:
        before = LINE_END.split(text[: text.find(chr(error.character))])
        message = f"not readable as YAML: unacceptable character U+{error.character:04X}"
        raise Unreadable(message, len(before), len(before[-1]) + 1) from None


def _place(mark: Any) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _refused(event: Any, message: str) -> Unreadable:
    return Unreadable(message, *_place(event.start_mark))


class _Open:
    """A list or mapping that has not ended. ``key``: of the value to come."""

    __slots__ = ("anchor", "key", "size_before", "value")

    def __init__(self, value: Any, anchor: str | None, size_before: int) -> None:
        self.value, self.anchor, self.size_before = value, anchor, size_before
        self.key: Any = _NO_KEY


class _Builder:
    """Puts values together. ``document``: the outermost one."""

    def __init__(self) -> None:
        self.document: Any = None
        self._stack: list[_Open] = []
        #: Value and size of what has an anchor; None while it is still open.
        self._anchors: dict[str, tuple[Any, int] | None] = {}
        self._size = 0

    def take(self, event: Any) -> None:
        import yaml

        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            self._open(event, {})
        elif isinstance(event, yaml.SequenceStartEvent):
            self._open(event, [])
        elif isinstance(event, yaml.CollectionEndEvent):
            ended = self._stack.pop()
            if ended.anchor:
                self._anchors[ended.anchor] = ended.value, self._size - ended.size_before
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent) and self._size:
            raise _refused(event, "expected one document, got another")

    def _scalar(self, event: Any) -> None:
        in_mapping = self._stack and isinstance(self._stack[-1].value, dict)
        if in_mapping and self._stack[-1].key is _NO_KEY:
            self._stack[-1].key = _key(event)
            return
        value = _typed(event)
        size = 1 + len(event.value) // 64
        if event.anchor:
            self._anchors[event.anchor] = value, size
        self._put(event, value, size)

    def _open(self, event: Any, value: Any) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise _refused(event, _TOO_DEEP)
        if event.anchor:
            self._anchors[event.anchor] = None
        size_before = self._size
        self._put(event, value, 1)
        self._stack.append(_Open(value, event.anchor, size_before))

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            raise _refused(event, f"there is no anchor {event.anchor!r} for this alias")
        anchored = self._anchors[event.anchor]
        if anchored is None:
            raise _refused(event, "this alias contains itself")
        self._put(event, *anchored)

    def _put(self, event: Any, value: Any, size: int) -> None:
        self._size += size
        if self._size > MAX_VALUES:
            raise _refused(event, f"expected at most {MAX_VALUES} values, aliases counted as often as used")
        if not self._stack:
            self.document = value
            return
        inner = self._stack[-1]
        if isinstance(inner.value, list):
            inner.value.append(value)
        elif inner.key is _NO_KEY:
            raise _refused(event, "expected text as a key, got a list, a mapping or an alias")
        else:
            inner.value[inner.key] = value
            inner.key = _NO_KEY


def _key(event: Any) -> str:
    """Older recorders wrote names of headers as bytes."""
    value = _typed(event)
    return value.decode("latin-1") if isinstance(value, bytes) else str(event.value)


def _typed(event: Any) -> Any:
    text: str = event.value
    if event.tag is None or event.tag == "!":
        return _plain(text) if event.implicit[0] else text
    if event.tag.endswith(_BYTES):
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            raise _refused(event, f"expected base64 after the tag {event.tag}") from None
    return text


def _plain(text: str) -> Any:
    """The value of text without quotes: only what is unmistakably none, a truth or a number is not text."""
    if text in _NULLS:
        return None
    if text in _TRUTHS:
        return _TRUTHS[text]
    if text[0] in "+-0123456789":
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
    return text
