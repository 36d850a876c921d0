"""Reads a scenario's text: YAML 1.2 or JSON, with the place of every value, so that an error can point at it.

Only ``true``, ``false``, ``null`` and plain numbers are typed; everything else is text (``no``, ``0123``, dates).
Duplicate keys, aliases that contain themselves and documents that grow beyond a bound are refused.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import orjson

from emulator.base.problems import EmulatorError, ScenarioError
from emulator.base.text import shorten
from emulator.scenarios.scalars import INTEGER, LINE_END, NUMBER, PLAIN, TEXT

if TYPE_CHECKING:
    from yaml import Node

Path = tuple[str | int, ...]
Place = tuple[int, int]

#: Values in one document, aliases counted as often as they are used.
MAX_VALUES = 200_000
MAX_DEPTH = 100
#: Values that are written as YAML, and its characters: it is read slowly.
MAX_WRITTEN = 50_000
MAX_YAML = 4_000_000

_QUOTE_HINT = "; if this is text, put it in quotes"
_TOO_MANY = f"expected at most {MAX_VALUES} values, aliases counted as often as used"
#: Characters of a key that an error shows.
_KEY_SHOWN = 200
_TOO_DEEP = f"expected at most {MAX_DEPTH} levels"


class Document:
    """Parsed data, and where each value stands: line and column, from 1, of its key or of the list item."""

    def __init__(self, data: Any, file: str, places: dict[Path, Place]) -> None:
        self.data, self.file = data, file
        self._places = places

    def place(self, path: Path) -> Place:
        """Line and column of the value at ``path``, or of the nearest value around it."""
        while path and path not in self._places:
            path = path[:-1]
        return self._places.get(path, (1, 1))

    def line(self, path: Path) -> int:
        return self.place(path)[0]

    def report(self, path: Path, message: str) -> str:
        """``file:line:column: message``, with the path in words."""
        line, column = self.place(path)
        words = path_in_words(path)
        return f"{self.file}:{line}:{column}: {words + ': ' if words else ''}{message}"


def in_memory(file: str) -> bool:
    """True for a document that was never a file: its lines lead nowhere."""
    return file.startswith("<")


def path_in_words(path: Path) -> str:
    """``turns[0].when`` for ``("turns", 0, "when")``; a key that cannot be seen is quoted, and a long one cut."""
    words = [f"[{part}]" if isinstance(part, int) else f".{_key_in_words(part)}" for part in path]
    return "".join(words).removeprefix(".")


def _key_in_words(key: str) -> str:
    shown = shorten(key, _KEY_SHOWN)
    return shown if shown.strip() and shown.isprintable() else repr(shown)


def from_data(data: Any, file: str = "<scenario>") -> Document:
    """A document that was never text. Raises ScenarioError if it is not JSON."""
    try:
        return parse(orjson.dumps(data).decode(), file)
    except TypeError as error:
        raise ScenarioError([f"{file}:1:1: a scenario is made of JSON values: {error}"]) from None


def parse(text: str, file: str) -> Document:
    """Raises ScenarioError with the place of what cannot be read."""
    text = text.removeprefix("\ufeff")
    try:
        node = _compose(text)
        if node is None:
            raise ScenarioError([f"{file}:1:1: the file is empty; expected a scenario"])
        reader = _Reader(file)
        return Document(reader.value(node, (), ()), file, reader.places)
    except _Unreadable as error:
        raise ScenarioError([f"{file}:{error.line}:{error.column}: {error}"]) from None
    except RecursionError:
        raise ScenarioError([f"{file}:1:1: {_TOO_DEEP}"]) from None


class _Unreadable(EmulatorError):
    """Why a text cannot be read, and where: line and column, from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line, self.column = line, column


def _compose(text: str) -> Node | None:
    """The text's nodes: as JSON if it is JSON, else as YAML. When it is neither, what got further tells why."""
    if text.lstrip()[:1] not in ("{", "["):
        return _compose_yaml(text)
    from emulator.scenarios import json_nodes

    try:
        return json_nodes.compose(text, MAX_VALUES)
    except json_nodes.TooMany as error:
        raise _Unreadable(_TOO_MANY, error.mark.line + 1, error.mark.column + 1) from None
    except json_nodes.NotJson as error:
        as_json = _Unreadable(f"not readable as JSON: {error}", error.mark.line + 1, error.mark.column + 1)
    try:
        return _compose_yaml(text)
    except _Unreadable as as_yaml:
        raise max(as_yaml, as_json, key=lambda error: (error.line, error.column)) from None


def _compose_yaml(text: str) -> Node | None:
    import yaml

    if len(text) > MAX_YAML:
        raise _Unreadable(f"expected at most {MAX_YAML} characters of YAML; JSON may be longer", 1, 1)
    try:
        return yaml.compose(text, Loader=_loader())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(filter(None, [error.context, error.problem]))
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise _Unreadable(f"not readable as YAML: {said}{_QUOTE_HINT}", line, column) from None
    except yaml.reader.ReaderError as error:
        before = LINE_END.split(text[: error.position])
        message = f"not readable as YAML: unacceptable character U+{error.character:04X}: {error.reason}"
        raise _Unreadable(message, len(before), len(before[-1]) + 1) from None


@functools.cache
def _loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """Composes nodes only; scalars are typed by ``_Reader``."""

        written = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            self.written += 1
            if self.written > MAX_WRITTEN:
                line, column = self.line + 1, self.column + 1
                raise _Unreadable(f"expected at most {MAX_WRITTEN} values of YAML; JSON may have more", line, column)
            return super().compose_node(parent, index)

        def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
            """The tag of a node that has none of its own."""
            return TEXT if kind is yaml.ScalarNode and not implicit[0] else PLAIN

    return Loader


class _Reader:
    """Turns nodes into values and notes their places."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.places: dict[Path, Place] = {}
        self._values = 0

    def value(self, node: Node, path: Path, above: tuple[int, ...]) -> Any:
        import yaml

        self.places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
        self._values += 1
        if self._values > MAX_VALUES:
            raise self._refuse(node, _TOO_MANY)
        if id(node) in above:
            raise self._refuse(node, "this alias contains itself")
        if len(above) > MAX_DEPTH:
            raise self._refuse(node, _TOO_DEEP)
        if node.tag not in (PLAIN, TEXT):
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            raise self._refuse(node, f"expected no tag but !!str, got {tag}{_QUOTE_HINT}")
        above = (*above, id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, above)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, n), above) for n, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: Any, path: Path, above: tuple[int, ...]) -> dict[str, Any]:
        import yaml

        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._refuse(
                    key_node, "expected a key, got a mapping or list; a template such as {{ message }} stands in quotes"
                )
            key = _joined_surrogates(key_node.value)
            if key in mapping:
                raise self._refuse(key_node, f"the key {key!r} stands here twice")
            mapping[key] = self.value(value_node, (*path, key), above)
            self.places[(*path, key)] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        return mapping

    def _scalar(self, node: Any) -> Any:
        text: str = node.value
        if node.tag == TEXT:
            return _joined_surrogates(text)
        if text in ("null", ""):
            return None
        if text in ("true", "false"):
            return text == "true"
        if not NUMBER.fullmatch(text):
            return text
        number = _number(text)
        if number is None:
            raise self._refuse(node, f"expected a number of at most 64 bits{_QUOTE_HINT}")
        return number

    def _refuse(self, node: Node, message: str) -> _Unreadable:
        return _Unreadable(message, node.start_mark.line + 1, node.start_mark.column + 1)


def _joined_surrogates(text: str) -> str:
    """JSON writes characters beyond U+FFFF as two escapes, which YAML leaves apart."""
    if any("\ud800" <= c <= "\udfff" for c in text):
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _number(text: str) -> int | float | None:
    """None for one that 64 bits do not hold."""
    if not INTEGER.fullmatch(text):
        return number if math.isfinite(number := float(text)) else None
    whole = int(text) if len(text) <= 20 else 2**64  # no number that fits is longer
    return whole if -(2**63) <= whole < 2**64 else None
