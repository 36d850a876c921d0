"""Reads the text of a scenario, YAML 1.2 or JSON, with the place of every value, so that an error can point at it.

Only ``true``, ``false``, ``null`` and plain numbers are typed; everything else is text (``no``, ``0123``, dates).
Duplicate keys, aliases that contain themselves, and documents beyond a limit are refused.
"""

from __future__ import annotations

import functools
import math
import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from emulator.base.limits import MAX_PYTHON_VALUES, MAX_SCENARIO_VALUES, MAX_SCENARIO_YAML, MAX_YAML_DEPTH
from emulator.base.problems import ScenarioError
from emulator.base.text import shorten
from emulator.scenarios.scalars import INTEGER, NUMBER
from emulator.scenarios.yaml_parsers import (
    NotReadByLibyaml,
    TooLarge,
    bounded,
    has_libyaml,
    libyaml_events,
    python_events,
    unreadable,
    warn_without_libyaml,
)
from emulator.scenarios.yaml_tree import (
    CONTAINS_ITSELF,
    NO_KEY,
    Anchored,
    Place,
    TreeBuilder,
    Unreadable,
    place_of,
    refused,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from yaml import Event

__all__ = ["Document", "Path", "from_data", "in_memory", "max_values", "parse", "path_in_words"]

Path = tuple[str | int, ...]


_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_QUOTE_HINT = "; if this is text, put it in quotes"
#: The tag of text, which is the only one that a scenario may have.
_TEXT_TAG: Final = "tag:yaml.org,2002:str"
_TAGS: Final = (None, "!", _TEXT_TAG)
#: Characters of a key that an error shows.
_KEY_SHOWN = 200


#: The mark of a value: line and column, from 0, of its key or of the list item. A list or mapping has its mark and
#: those inside it, by key or number; so has an alias, which shares those of its anchor.
Marks = Any


class Document:
    """Parsed data, and the place of each value."""

    def __init__(self, data: Any, file: str, marks: Callable[[], Marks]) -> None:
        self.data, self.file = data, file
        self._find_marks: Callable[[], Marks] = marks

    @functools.cached_property
    def _marks(self) -> Marks:
        return self._find_marks()

    def place(self, path: Path) -> Place:
        """Line and column of the value at ``path``, or of the nearest value around it."""
        found = self._marks
        for part in path:
            inner = found[1] if type(found) is tuple else None
            is_there = part in inner if isinstance(inner, dict) else isinstance(part, int) and part < len(inner or ())
            if inner is None or not is_there:
                break
            found = inner[part]
        return place_of(found[0] if type(found) is tuple else found)

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
        text = orjson.dumps(data)
    except TypeError as error:
        raise ScenarioError([f"{file}:1:1: a scenario is made of JSON values: {error}"]) from None
    if _is_within_limits(data):
        return Document(orjson.loads(text), file, lambda: _built(text.decode()).marks)
    return parse(text.decode(), file)  # which says what is too much, and where


def _is_within_limits(data: Any) -> bool:
    level, count = [data], 1
    for _ in range(MAX_YAML_DEPTH + 1):
        level = [inner for one in level if isinstance(one, (dict, list, tuple))
                 for inner in (one.values() if isinstance(one, dict) else one)]  # fmt: skip
        count += len(level)
        if not level or count > MAX_SCENARIO_VALUES:
            break
    return not level and count <= MAX_SCENARIO_VALUES


def max_values() -> int:
    """The most values that a scenario file in YAML may have here."""
    return MAX_SCENARIO_VALUES if has_libyaml() else MAX_PYTHON_VALUES


def parse(text: str, file: str) -> Document:
    """Raises ScenarioError with the place of the error."""
    try:
        builder = _built(text.removeprefix("\ufeff"))
    except Unreadable as error:
        raise ScenarioError([f"{file}:{error.line}:{error.column}: {error}"]) from None
    if not builder.size:
        raise ScenarioError([f"{file}:1:1: the file is empty; expected a scenario"])
    return Document(builder.document, file, lambda: builder.marks)


def _built(text: str) -> _DocumentBuilder:
    """From JSON if the text is JSON, else from YAML. If it is neither, the error is that of the longer part."""
    if text.lstrip()[:1] not in ("{", "["):
        return _from_yaml(text)
    from emulator.scenarios.json_events import NotJson, json_events

    try:
        return _built_from(json_events(text, MAX_SCENARIO_VALUES))
    except NotJson as error:
        as_json = Unreadable(f"not readable as JSON: {error}", *place_of(error.mark))
    try:
        return _from_flow(text)
    except Unreadable as as_yaml:
        raise max(as_yaml, as_json, key=lambda error: (error.line, error.column)) from None


def _from_flow(text: str) -> _DocumentBuilder:
    """By the parser in Python, if it can: libyaml reads much as YAML that was meant to be JSON."""
    try:
        return _from_yaml_in_python(text)
    except TooLarge:
        return _from_yaml(text)


def _from_yaml(text: str) -> _DocumentBuilder:
    if not has_libyaml():
        warn_without_libyaml()
        return _from_yaml_in_python(text)
    if len(text) > MAX_SCENARIO_YAML:
        raise Unreadable(f"expected at most {MAX_SCENARIO_YAML} characters of YAML; JSON may be longer", 1, 1)
    try:
        return _built_from(libyaml_events(text))
    except NotReadByLibyaml as error:
        refusal = unreadable(error.args[0], text, _QUOTE_HINT)
    try:
        return _from_yaml_in_python(text)
    except TooLarge:
        raise refusal from None


def _from_yaml_in_python(text: str) -> _DocumentBuilder:
    return _built_from(bounded(python_events(text, _QUOTE_HINT), text))


def _built_from(events: Iterable[Event]) -> _DocumentBuilder:
    builder = _DocumentBuilder()
    builder.build(events)
    return builder


class _DocumentBuilder(TreeBuilder):
    """Types values as YAML 1.2 does, and notes their marks: the note of a list or mapping is the marks inside it."""

    max_size = MAX_SCENARIO_VALUES
    no_key = "expected a key, got a mapping or list; a template such as {{ message }} stands in quotes"
    second_document = (
        f"not readable as YAML: expected a single document in the stream but found another document{_QUOTE_HINT}"
    )

    def __init__(self) -> None:
        super().__init__()
        self.marks: Marks = None
        #: The marks inside the value of an anchor.
        self._anchored_marks: dict[str, Any] = {}

    def key(self, event: Any) -> str:
        mapping = self.stack[-1]
        key = _joined_surrogates(event.value)
        if key in mapping.value:
            raise refused(event, f"the key {key!r} stands here twice")
        mapping.note[key] = event.start_mark
        return key

    def begin(self, event: Any, value: Any = None) -> Any:
        """Notes the mark of a value. The mark of a mapping's value is that of its key."""
        if event.tag not in _TAGS:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise refused(event, f"expected no tag but !!str, got {tag}{_QUOTE_HINT}")
        inner = None if value is None else type(value)()
        self._note(event.start_mark, inner)
        if event.anchor is not None:
            if event.anchor in self._anchored_marks:
                problem = f"found duplicate anchor {event.anchor!r}; first occurrence second occurrence"
                raise refused(event, f"not readable as YAML: {problem}{_QUOTE_HINT}")
            self._anchored_marks[event.anchor] = inner
        return inner

    def _note(self, mark: Any, inner: Any) -> None:
        if not self.stack:
            self.marks = mark if inner is None else (mark, inner)
            return
        container = self.stack[-1]
        if container.key is NO_KEY:
            container.note.append(mark if inner is None else (mark, inner))
        elif inner is not None:
            container.note[container.key] = (container.note[container.key], inner)

    def alias(self, event: Any) -> None:
        import yaml

        anchored = self.anchors.get(event.anchor)
        if anchored is None:
            raise refused(event, f"not readable as YAML: found undefined alias {event.anchor!r}{_QUOTE_HINT}")
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
        self._note(anchored.start.start_mark, self._anchored_marks[alias.anchor])
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
    if not text.isascii() and _SURROGATE.search(text):
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _number(text: str) -> int | float | None:
    """None for one that 64 bits do not hold."""
    if not INTEGER.fullmatch(text):
        return number if math.isfinite(number := float(text)) else None
    whole = int(text) if len(text) <= 20 else 2**64  # no number that fits is longer
    return whole if -(2**63) <= whole < 2**64 else None
