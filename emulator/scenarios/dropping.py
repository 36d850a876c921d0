"""Takes keys out of the text of a scenario, and leaves everything else as its author wrote it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, Final

from emulator.base.files import read_file
from emulator.base.problems import ScenarioError
from emulator.scenarios.checks import problems
from emulator.scenarios.document import Path, parse
from emulator.scenarios.steps.pieces import DO_NOT_JOIN
from emulator.scenarios.yaml_parsers import python_events

_KEY: Final = "chunks"
_COMMA: Final = re.compile(r"\s*,\s*")
_REST_OF_LINE: Final = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")


def drop_unjoined_chunks(file: FilePath) -> int:
    """Drops the chunks that do not join to their text from a scenario file. Returns how many texts had such.

    A file that cannot be read as a scenario, or is JSON, stays as it is. Raises OSError.
    """
    try:
        text = read_file(file).decode("utf-8")
        data = parse(text, str(file)).data
    except (ScenarioError, UnicodeDecodeError):
        return 0
    wrong = {path[: path.index(_KEY) + 1] for path, why in problems(data, {}) if _KEY in path and DO_NOT_JOIN in why}
    new = without_keys(text, wrong) if wrong and text.lstrip()[:1] != "{" else text
    if new == text:
        return 0
    file.write_text(new, encoding="utf-8")
    return len(wrong)


@dataclass(slots=True)
class _Open:
    """A list or mapping that has not ended. ``end``: where its latest value ends; ``begin``: where its key begins."""

    path: Path
    is_list: bool
    is_flow: bool
    key: Any = None
    begin: int = 0
    end: int | None = None
    count: int = 0


def without_keys(text: str, paths: Collection[Path]) -> str:
    """The text of a YAML document without the values at these paths and their keys."""
    finder = _Finder(text, paths)
    for event in python_events(text):
        finder.take(event)
    for begin, end in sorted(finder.spans, reverse=True):
        text = text[:begin] + text[end:]
    return text


class _Finder:
    """Finds what to cut out, event by event."""

    def __init__(self, text: str, paths: Collection[Path]) -> None:
        self._text, self._paths = text, paths
        self._open: list[_Open] = []
        #: Where the latest text or bracket ends.
        self._end = 0
        self.spans: list[tuple[int, int]] = []

    def take(self, event: Any) -> None:
        import yaml

        if isinstance(event, yaml.CollectionStartEvent):
            is_list = isinstance(event, yaml.SequenceStartEvent)
            self._open.append(_Open(self._path(), is_list, bool(getattr(event, "flow_style", False))))
        elif isinstance(event, yaml.CollectionEndEvent):
            if self._open.pop().is_flow:
                self._end = _offset(event.end_mark)
            self._close()
        elif isinstance(event, (yaml.ScalarEvent, yaml.AliasEvent)):
            self._end = _offset(event.end_mark)
            if self._open and not self._open[-1].is_list and self._open[-1].key is None:
                self._open[-1].key = getattr(event, "value", "")
                self._open[-1].begin = _offset(event.start_mark)
            else:
                self._close()

    def _path(self) -> Path:
        """The path of the value that follows."""
        if not self._open:
            return ()
        inner = self._open[-1]
        return (*inner.path, inner.count if inner.is_list else inner.key)

    def _close(self) -> None:
        """A value has ended."""
        if not self._open:
            return
        inner, path = self._open[-1], self._path()
        if path in self._paths and (span := self._span(inner)):
            self.spans.append(span)
        inner.end, inner.key, inner.count = self._end, None, inner.count + 1

    def _span(self, inner: _Open) -> tuple[int, int] | None:
        """The part of the text with a key and its value; None if it cannot be cut out."""
        text = self._text
        if inner.is_flow:
            if inner.end is not None:
                return inner.end, self._end
            comma = _COMMA.match(text, self._end)
            return inner.begin, comma.end() if comma else self._end
        line = text.rfind("\n", 0, inner.begin) + 1
        rest = self._end if text[self._end - 1 : self._end] == "\n" else None
        found = _REST_OF_LINE.match(text, self._end)
        if text[line : inner.begin].strip() or (rest is None and found is None):
            return None
        return line, rest if rest is not None else found.end() if found else self._end


def _offset(mark: Any) -> int:
    place: int = mark.index
    return place
