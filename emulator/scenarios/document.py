"""Reads the text of a scenario, YAML 1.2 or JSON, with the place of every value, so that an error can point at it.

Only ``true``, ``false``, ``null`` and plain numbers are typed; everything else is text (``no``, ``0123``, dates).
Duplicate keys, aliases that contain themselves, and documents beyond a limit are refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import orjson

from emulator.base.limits import MAX_SCENARIO_VALUES, MAX_SCENARIO_YAML, MAX_WRITTEN_VALUES, MAX_YAML_DEPTH
from emulator.base.problems import ScenarioError
from emulator.base.text import shorten
from emulator.scenarios.scalars import INTEGER, NUMBER
from emulator.scenarios.yaml_tree import (
    CONTAINS_ITSELF,
    TOO_DEEP,
    Anchored,
    Place,
    TreeBuilder,
    Unreadable,
    place_of,
    refused,
    yaml_events,
)

if TYPE_CHECKING:
    from yaml import Event

__all__ = ["Document", "Path", "from_data", "in_memory", "parse", "path_in_words"]

Path = tuple[str | int, ...]


_QUOTE_HINT = "; if this is text, put it in quotes"
#: The tag of text, which is the only one that a scenario may have.
_TEXT_TAG = "tag:yaml.org,2002:str"
#: Characters of a key that an error shows.
_KEY_SHOWN = 200


class Document:
    """Parsed data, and the place of each value: line and column, from 1, of its key or of the list item.

    ``aliases``: by the path of an alias, the path of its anchor; the values below it stand there.
    """

    def __init__(self, data: Any, file: str, places: dict[Path, Place], aliases: dict[Path, Path]) -> None:
        self.data, self.file = data, file
        self._places, self._aliases = places, aliases

    def place(self, path: Path) -> Place:
        """Line and column of the value at ``path``, or of the nearest value around it."""
        while path:
            found = self._places.get(path) or self._places.get(self._in_anchor(path))
            if found:
                return found
            path = path[:-1]
        return self._places.get((), Place(1, 1))

    def _in_anchor(self, path: Path) -> Path:
        """The path by which the text spells out a value: that in an anchor, for one below an alias."""
        if not self._aliases:
            return path
        length = 0
        while length < len(path):
            anchor = self._aliases.get(path[:length])
            if anchor is not None:
                path, length = (*anchor, *path[length:]), 0
            else:
                length += 1
        return path

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
    """Raises ScenarioError with the place of the error."""
    builder = _DocumentBuilder()
    try:
        events = _events(text.removeprefix("\ufeff"))
        data = builder.build(events)
    except Unreadable as error:
        raise ScenarioError([f"{file}:{error.line}:{error.column}: {error}"]) from None
    if not builder.size:
        raise ScenarioError([f"{file}:1:1: the file is empty; expected a scenario"])
    return Document(data, file, builder.places, builder.aliases)


def _events(text: str) -> list[Event]:
    """The events of JSON if the text is JSON, else of YAML. If it is neither, the error is that of the longer part."""
    if text.lstrip()[:1] not in ("{", "["):
        return list(_yaml_events(text))
    from emulator.scenarios.json_events import NotJson, json_events

    try:
        return list(json_events(text, MAX_SCENARIO_VALUES))
    except NotJson as error:
        as_json = Unreadable(f"not readable as JSON: {error}", *place_of(error.mark))
    try:
        return list(_yaml_events(text))
    except Unreadable as as_yaml:
        raise max(as_yaml, as_json, key=lambda error: (error.line, error.column)) from None


def _yaml_events(text: str) -> Iterator[Event]:
    """The events of a document. Raises Unreadable, also for what PyYAML's composer would refuse in them."""
    import yaml

    if len(text) > MAX_SCENARIO_YAML:
        raise Unreadable(f"expected at most {MAX_SCENARIO_YAML} characters of YAML; JSON may be longer", 1, 1)
    written = documents = depth = 0
    anchors: set[str] = set()
    for event in yaml_events(text, yaml.SafeLoader, _QUOTE_HINT):
        if isinstance(event, yaml.NodeEvent):
            written += 1
            if written > MAX_WRITTEN_VALUES:
                raise refused(event, f"expected at most {MAX_WRITTEN_VALUES} values of YAML; JSON may have more")
            depth += isinstance(event, yaml.CollectionStartEvent)
            if depth > MAX_YAML_DEPTH + 1:  # here and not in the builder, as the parser is slow in deep text
                raise refused(event, TOO_DEEP)
            if problem := _anchor_problem(event, anchors):
                raise refused(event, f"not readable as YAML: {problem}{_QUOTE_HINT}")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                problem = "expected a single document in the stream but found another document"
                raise refused(event, f"not readable as YAML: {problem}{_QUOTE_HINT}")
        yield event


def _anchor_problem(event: Any, anchors: set[str]) -> str | None:
    """What is wrong with an alias or an anchor, in the words of PyYAML; a new anchor is added."""
    import yaml

    if isinstance(event, yaml.AliasEvent):
        return None if event.anchor in anchors else f"found undefined alias {event.anchor!r}"
    if event.anchor in anchors:
        return f"found duplicate anchor {event.anchor!r}; first occurrence second occurrence"
    if event.anchor is not None:
        anchors.add(event.anchor)
    return None


class _DocumentBuilder(TreeBuilder):
    """Types values as YAML 1.2 does, and notes their places."""

    max_size = MAX_SCENARIO_VALUES
    no_key = "expected a key, got a mapping or list; a template such as {{ message }} stands in quotes"

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[Path, Place] = {}
        #: By the path of an alias, the path of its anchor.
        self.aliases: dict[Path, Path] = {}
        self._anchor_paths: dict[str, Path] = {}

    def key(self, event: Any) -> str:
        mapping = self.stack[-1]
        key = _joined_surrogates(event.value)
        if key in mapping.value:
            raise refused(event, f"the key {key!r} stands here twice")
        self.places[(*mapping.note, key)] = place_of(event.start_mark)
        return key

    def begin(self, event: Any) -> Path:
        """Notes the place of a value and returns its path. The place of a mapping's value is that of its key."""
        path = self._path()
        self.places.setdefault(path, place_of(event.start_mark))
        if event.tag not in (None, "!", _TEXT_TAG):
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise refused(event, f"expected no tag but !!str, got {tag}{_QUOTE_HINT}")
        if event.anchor is not None:
            self._anchor_paths[event.anchor] = path
        return path

    def _path(self) -> Path:
        """The path of the value that follows."""
        if not self.stack:
            return ()
        container = self.stack[-1]
        last = len(container.value) if isinstance(container.value, list) else container.key
        return (*container.note, last)

    def alias(self, event: Any) -> None:
        import yaml

        anchored = self.anchors[event.anchor]  # ``_yaml_events`` has refused unknown anchors
        if anchored.size is None:
            raise refused(anchored.start, CONTAINS_ITSELF)
        if not self.awaits_key():
            super().alias(event)
        elif isinstance(anchored.start, yaml.ScalarEvent):
            self.stack[-1].key = self.key(anchored.start)
        else:
            raise refused(anchored.start, self.no_key)

    def aliased(self, alias: Any, anchored: Anchored) -> Any:
        """A copy, so that no two places of a document share a value."""
        path = self._path()
        self.places.setdefault(path, place_of(anchored.start.start_mark))
        self.aliases[path] = self._anchor_paths[alias.anchor]
        return _copied(anchored.value)

    def scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.tag == _TEXT_TAG or not event.implicit[0]:
            return _joined_surrogates(text)
        if text in ("null", ""):
            return None
        if text in ("true", "false"):
            return text == "true"
        if not NUMBER.fullmatch(text):
            return text
        number = _number(text)
        if number is None:
            raise refused(event, f"expected a number of at most 64 bits{_QUOTE_HINT}")
        return number


def _copied(value: Any) -> Any:
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return {key: _copied(item) for key, item in value.items()} if isinstance(value, dict) else value


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
