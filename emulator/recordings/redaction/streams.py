"""Redacts an event stream: each event by itself, and the deltas of a text as the whole text.

A model sends a secret a few characters at a time, and no single event shows it. So the deltas of a text are joined,
redacted, and cut at the same places; joined again they are the redacted text.
"""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Final, Protocol

from emulator.base.secrets.names import is_secret_name
from emulator.recordings.redaction.json_leaves import Leaf, Span, apply, encode, is_json, leaves, parse

#: The path of a string in the data of an event: keys and list indexes.
Path = tuple[str | int, ...]

_LINE: Final = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")
_FIELDS: Final = ("", "event", "id", "retry")
#: The keys that identify the text to which an event belongs.
_IDENTITY: Final = ("id", "item_id", "output_index", "content_index", "summary_index", "type")


class Scrubs(Protocol):
    """Redacts strings; ``Scrubber`` does."""

    def may_find(self, text: str) -> bool: ...
    def plain(self, text: str) -> str: ...
    def spans(self, text: str, depth: int = 0) -> list[Span]: ...
    def leaf(self, leaf: Leaf, raw: str, depth: int = 0) -> str | None: ...


@dataclass(slots=True)
class _Event:
    """The data of an event, its lines, and the redacted pieces by path."""

    data: str
    lines: list[int]
    pieces: dict[Path, str] = field(default_factory=dict)
    changes: bool = False
    is_object: bool = False


def redact_stream(text: str, scrubber: Scrubs) -> str:
    """The text of a stream without its secrets; every other byte stays as it is."""
    lines = [(line[1], line[2]) for line in _LINE.finditer(text) if line[0]]
    events = list(_events([line for line, _ in lines]))
    _redact_deltas(events, scrubber)
    written: list[str | None] = [line for line, _ in lines]
    if has_secrets := scrubber.may_find(text):
        written = [line if _data_of(line) is not None else _redacted_line(line, scrubber) for line, _ in lines]
    for event in events:
        if has_secrets or event.changes:
            _write(event, _redacted(event, scrubber), written)
    return "".join(f"{line}{end}" for line, (_, end) in zip(written, lines, strict=True) if line is not None)


def _events(lines: list[str]) -> Iterator[_Event]:
    at: list[int] = []
    for number, line in enumerate([*lines, ""]):
        if line and _data_of(line) is not None:
            at.append(number)
        elif not line and at:
            yield _Event("\n".join(_data_of(lines[one]) or "" for one in at), at)
            at = []


def _redacted_line(line: str, scrubber: Scrubs) -> str:
    """A line that is not data, with the value after its field name redacted."""
    field, colon, value = line.partition(":")
    return field + colon + scrubber.plain(value) if field in _FIELDS else scrubber.plain(line)


def _data_of(line: str) -> str | None:
    return line[5:].removeprefix(" ") if line.startswith("data:") else None


# ---- Deltas ----


def _redact_deltas(events: list[_Event], scrubber: Scrubs) -> None:
    """Joins the deltas of each text, and puts the redacted ones into ``pieces`` of their events."""
    shown: list[Any] = []
    for event in events:
        value = parse(event.data) if event.data.lstrip()[:1] == "{" else None
        event.is_object = isinstance(value, dict)
        has_deltas = event.is_object and '"delta"' in event.data
        shown.append(value if has_deltas else {} if event.is_object else event.data)
    for number, path, text, piece in _pieces(shown, scrubber):
        events[number].pieces[path] = piece
        events[number].changes |= piece != text


def redacted_events(events: list[Any], scrubber: Scrubs) -> list[Any]:
    """The events of a stream as JSON, each with its ``data``, whose deltas are redacted as the texts that they are."""
    changed = [
        (number, path, piece)
        for number, path, text, piece in _pieces([one["data"] for one in events], scrubber)
        if piece != text
    ]
    events = copy.deepcopy(events) if changed else events
    for number, path, piece in changed:
        inner, steps = events[number], ("data", *path)
        for step in steps[:-1]:
            inner = inner[step]
        inner[steps[-1]] = piece
    return events


def _pieces(data: list[Any], scrubber: Scrubs) -> Iterator[tuple[int, Path, str, str]]:
    """The deltas of all texts, and data that is no object: the event's index, the path, the text, the redacted text."""
    texts: defaultdict[Hashable, list[tuple[int, Path, str]]] = defaultdict(list)
    for number, value in enumerate(data):
        if isinstance(value, dict):
            identity = tuple(str(value.get(name)) for name in _IDENTITY)
            for path, by_index, text in _deltas(value):
                texts[identity, by_index].append((number, path, text))
        elif isinstance(value, str):
            texts[()].append((number, (), value))
    for deltas in texts.values():
        old = [text for _, _, text in deltas]
        spans = scrubber.spans("".join(old))
        new = distributed(old, spans) if spans else old
        yield from ((*delta, piece) for delta, piece in zip(deltas, new, strict=True))


def _deltas(data: Any) -> Iterator[tuple[Path, Path, str]]:
    """Yields each string under a key ``delta``: its path, its path by the ``index`` of list items, and the string.

    Strings under the name of a secret are left out, because they are redacted anyway.
    """
    waiting: list[tuple[Any, Path, Path, bool]] = [(data, (), (), False)]
    while waiting:
        value, path, by_index, within = waiting.pop()
        if isinstance(value, dict):
            waiting += reversed(
                [
                    (inner, (*path, key), (*by_index, key), within or key == "delta")
                    for key, inner in value.items()
                    if not is_secret_name(key)
                ]
            )
        elif isinstance(value, list):
            named = [one.get("index", n) if isinstance(one, dict) else n for n, one in enumerate(value)]
            waiting += reversed([(one, (*path, n), (*by_index, str(named[n])), within) for n, one in enumerate(value)])
        elif within and isinstance(value, str):
            yield path, by_index, value


def distributed(pieces: list[str], spans: list[Span]) -> list[str]:
    """The pieces of a text whose spans are replaced; a replacement goes to the piece in which its span begins."""
    result: list[str] = []
    begin = 0
    for piece in pieces:
        end, at, kept = begin + len(piece), begin, []
        for start, stop, new in spans:
            if stop <= begin or start >= end:
                continue
            kept.append(piece[at - begin : max(start, at) - begin])
            if start >= begin:
                kept.append(new)
            at = min(stop, end)
        result.append("".join([*kept, piece[at - begin :]]))
        begin = end
    return result


# ---- One event ----


def _redacted(event: _Event, scrubber: Scrubs) -> str:
    """The data of an event, with its redacted pieces and everything else redacted by itself."""
    data = event.data
    if not event.is_object:
        return event.pieces.get((), data)
    spans: list[Span] = []
    if event.changes or scrubber.may_find(data):
        for leaf in leaves(data):
            raw = data[leaf.start : leaf.end]
            piece = event.pieces.get(leaf.path) if leaf.kind == "string" else None
            if piece is None:
                new = scrubber.leaf(leaf, raw)
            else:
                new = None if piece == leaf.value else encode(piece, raw)
            if new is not None:
                spans.append((leaf.start, leaf.end, new))
    redacted = apply(data, spans)
    return redacted if is_json(data) else scrubber.plain(redacted)


def _write(event: _Event, data: str, written: list[str | None]) -> None:
    """Puts the data back on its lines; there are fewer if a secret contained a line end."""
    if data != event.data:
        for number, line in zip_longest(event.lines, data.split("\n")):
            written[number] = None if line is None else f"data: {line}"
