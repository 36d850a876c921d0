"""Reads a scenario's text: YAML 1.2 or JSON, with the place of every value, so that an error can point at it.

Only ``true``, ``false``, ``null`` and plain numbers are typed; everything else is text (``no``, ``0123``, dates).
Duplicate keys, aliases that contain themselves and documents that grow beyond a bound are refused.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

import orjson

from emulator.errors import ScenarioError

if TYPE_CHECKING:
    from yaml import Node

Path = tuple[str | int, ...]
Place = tuple[int, int]

#: Values in one document, aliases counted as often as they are used.
MAX_VALUES = 200_000
MAX_DEPTH = 100

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_QUOTE_HINT = "; if this is text, put it in quotes"


class Document:
    """Parsed data, and where each value stands: line and column, from 1, of its key or of the list item."""

    def __init__(self, data: Any, file: str, text: str, places: dict[Path, Place] | None = None) -> None:
        self.data, self.file = data, file
        self._text, self._places = text, places

    def place(self, path: Path) -> Place:
        """Line and column of the value at ``path``, or of the nearest value around it."""
        if self._places is None:
            try:
                self._places = _read_yaml(self._text, self.file)[1]
            except ScenarioError:  # JSON that is no YAML, as with tabs: its errors name the path alone
                self._places = {}
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
    """``turns[0].when`` for ``("turns", 0, "when")``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def from_data(data: Any, file: str = "<scenario>") -> Document:
    """A document that was never text. Raises ScenarioError if it is not JSON."""
    try:
        return parse(orjson.dumps(data).decode(), file)
    except TypeError as error:
        raise ScenarioError([f"{file}:1:1: a scenario is made of JSON values: {error}"]) from None


def parse(text: str, file: str) -> Document:
    """Raises ScenarioError with the place of what cannot be read."""
    if text.lstrip()[:1] == "{":
        try:
            return Document(orjson.loads(text), file, text)
        except (orjson.JSONDecodeError, UnicodeEncodeError):
            pass  # perhaps a YAML flow mapping; if not, YAML tells where it fails
    data, places = _read_yaml(text, file)
    return Document(data, file, text, places)


def _read_yaml(text: str, file: str) -> tuple[Any, dict[Path, Place]]:
    import yaml

    try:
        node = yaml.compose(text, Loader=_loader())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        said = " ".join(filter(None, [error.context, error.problem]))
        raise ScenarioError([f"{file}:{line}:{column}: not readable as YAML: {said}{_QUOTE_HINT}"]) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ScenarioError([f"{file}:1:1: not readable as YAML: {error}"]) from None
    if node is None:
        raise ScenarioError([f"{file}:1:1: the file is empty; expected a scenario"])
    reader = _Reader(file)
    return reader.value(node, (), ()), reader.places


@functools.cache
def _loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """Composes nodes only; scalars are typed by ``_Reader``."""

    Loader.yaml_implicit_resolvers = {}
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
            raise self._refuse(node, f"expected at most {MAX_VALUES} values, aliases counted as often as used")
        if id(node) in above:
            raise self._refuse(node, "this alias contains itself")
        if len(above) > MAX_DEPTH:
            raise self._refuse(node, f"expected at most {MAX_DEPTH} levels")
        above = (*above, id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, above)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, n), above) for n, item in enumerate(node.value)]
        return _scalar(node)

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

    def _refuse(self, node: Node, message: str) -> ScenarioError:
        return ScenarioError([f"{self.file}:{node.start_mark.line + 1}:{node.start_mark.column + 1}: {message}"])


def _scalar(node: Any) -> Any:
    text: str = node.value
    if node.style is not None or (node.tag and node.tag.startswith("!")):
        return _joined_surrogates(text)
    if text in ("null", ""):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _joined_surrogates(text: str) -> str:
    """JSON writes characters beyond U+FFFF as two escapes, which YAML leaves apart."""
    if any("\ud800" <= c <= "\udfff" for c in text):
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
