"""The requests of the journal, as rows of a list and in detail."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import orjson

from emulator.base.json_types import Object
from emulator.base.operations import OPERATIONS
from emulator.base.text import shorten
from emulator.world.journal import Entry
from emulator.world.world import World

#: Characters of the text beside a request.
_WIDTH: Final = 120
#: Ids in a path, such as ``run_abc``; the last one is what the request is about.
_ID: Final = re.compile(r"^[a-z]+[_-]\w+$")
_WORDS: Final = frozenset(part for operation in OPERATIONS for part in operation.path.split("/"))


def row(entry: Entry, world: World) -> Object:
    """A request in a list: without headers and bodies."""
    return {
        "seq": entry.seq,
        "changed": entry.changed,
        "ms": entry.ms,
        "took": entry.done_ms - entry.ms,
        "time": int(entry.time),
        "method": entry.method,
        "path": entry.path,
        "operation": entry.operation,
        "status": entry.status,
        "thread_id": entry.thread_id,
        "run_id": entry.run_id,
        "turn": entry.turn,
        "fault": entry.fault,
        "moved": entry.moved,
        "repeats": entry.repeats,
        "size": entry.size,
        **about(entry, world),
    }


def about(entry: Entry, world: World) -> Object:
    """What a request is about: an object, a short text, and the scenario line of its turn."""
    answer = _parsed(entry.answer) if len(entry.answer) < 100_000 else None
    turn = world.turns.get(entry.run_id or "")
    played = _place(turn) if turn is not None else (None, None)
    return {
        "object_id": _object_id(entry, answer),
        "text": shorten(" ".join(_text(entry, answer).split()), _WIDTH),
        "file": played[0],
        "line": played[1],
    }


def _place(turn: Any) -> tuple[str | None, int | None]:
    return turn.turn.file, turn.turn.line


def _object_id(entry: Entry, answer: Any) -> str | None:
    """The object in the response, or the last one that the path names."""
    if isinstance(answer, dict) and isinstance(answer.get("id"), str):
        return str(answer["id"])
    named = [part for part in entry.path.split("/") if _ID.match(part) and part not in _WORDS]
    return entry.run_id or (named[-1] if named else None)


def _text(entry: Entry, answer: Any) -> str:
    """The error of a refusal, or the words that the client sends."""
    if entry.status >= 400:
        error = answer.get("error") if isinstance(answer, dict) else None
        return str(error.get("message") or "") if isinstance(error, dict) else ""
    body = _parsed(entry.body) if len(entry.body) < 100_000 else None
    return " ".join(_words(body)) if isinstance(body, dict) else ""


def _words(body: Object) -> Iterable[str]:
    """Texts of a request's body: content of a message, input of a response, outputs of tools, a name."""
    for key in ("content", "input", "additional_messages", "messages"):
        yield from texts_in(body.get(key))
    for output in body.get("tool_outputs") or ():
        if isinstance(output, dict):
            yield f"{output.get('tool_call_id')} → {output.get('output')}"
    if isinstance(body.get("name"), str):
        yield body["name"]


def texts_in(value: Any) -> Iterable[str]:
    """The texts of a content: a string, parts, or messages with them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from texts_in(one)
    elif isinstance(value, dict):
        for key in ("text", "content", "output"):
            yield from texts_in(value.get(key))


def _parsed(raw: bytes) -> Any:
    try:
        return orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        return None
