"""The entries of a chat, whichever API they come from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from emulator.base.json_types import Object
from emulator.base.text import shorten

#: Entries of a chat that are shown: the newest.
MAX_ENTRIES: Final = 300
#: Characters of a text that are shown.
_WIDTH: Final = 20_000
_TITLE: Final = 80


def chat_of(
    id: str, *, api: str, kind: str, metadata: Object, entries: list[Object], files: Iterable[Object] = ()
) -> Object:
    """A chat with its newest entries. ``kind``: ``thread``, ``conversation`` or ``chain``."""
    return {
        "id": id,
        "api": api,
        "kind": kind,
        "title": _title(entries),
        "metadata": metadata,
        "files": list(files),
        "left_out": max(0, len(entries) - MAX_ENTRIES),
        "entries": entries[-MAX_ENTRIES:],
    }


def _title(entries: list[Object]) -> str:
    """The first words of the user."""
    for entry in entries:
        if entry["type"] == "message" and entry["role"] == "user":
            words = " ".join(part["text"] for part in entry["parts"] if part["type"] == "text")
            return shorten(" ".join(words[:500].split()), _TITLE)
    return ""


def message(id: str, role: str, parts: list[Object], *, run_id: str | None, status: str | None) -> Object:
    return {"type": "message", "id": id, "role": role, "run_id": run_id, "status": status, "parts": parts}


def text(value: str, citations: Iterable[Object] = ()) -> Object:
    return {"type": "text", "text": cut(value), "citations": list(citations)}


def refusal(value: str) -> Object:
    return {"type": "refusal", "text": cut(value)}


def image(source: Any) -> Object:
    """An image: the id of a file, or a URL."""
    return {"type": "image", "source": shorten(str(source or ""), 2000)}


def attachment(file_id: Any, filename: Any) -> Object:
    return {"type": "file", "file_id": file_id, "filename": filename}


def citation(file_id: Any, filename: Any, marker: str = "") -> Object:
    return {"file_id": file_id, "filename": filename, "marker": marker}


def call(id: str, run_id: str | None, name: str, arguments: str, output: Any) -> Object:
    """A function call. ``output`` is None while it is awaited."""
    shown = output if output is None or isinstance(output, str) else str(output)
    return {
        "type": "call",
        "id": id,
        "run_id": run_id,
        "name": name,
        "arguments": cut(arguments),
        "output": None if shown is None else cut(shown),
    }


def code(id: str, run_id: str | None, source: str, logs: Iterable[str], images: Iterable[Any]) -> Object:
    return {
        "type": "code",
        "id": id,
        "run_id": run_id,
        "input": cut(source),
        "logs": [cut(one) for one in logs],
        "images": [str(one) for one in images],
    }


def search(id: str, run_id: str | None, queries: Iterable[str], results: Iterable[Object]) -> Object:
    """A search. Each result has ``filename``, ``score`` and ``text``."""
    return {"type": "search", "id": id, "run_id": run_id, "queries": [*queries], "results": list(results)}


def result(filename: Any, score: Any, found: str) -> Object:
    return {"filename": filename, "score": score, "text": shorten(found, 300)}


def reasoning(id: str, run_id: str | None, summary: str) -> Object:
    return {"type": "reasoning", "id": id, "run_id": run_id, "text": cut(summary)}


def cut(value: str) -> str:
    """A text that is not too long to be shown."""
    return value if len(value) <= _WIDTH else f"{value[:_WIDTH]}… {len(value) - _WIDTH:,} more characters"
