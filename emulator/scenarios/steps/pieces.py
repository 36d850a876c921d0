"""The pieces in which a text is streamed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from emulator.sandbox.json_schema import TEXT, Schema
from emulator.sandbox.templates import is_template
from emulator.scenarios.steps.context import StepFailed
from emulator.scenarios.steps.step import Path

CHUNKS: Final[Schema] = {
    "anyOf": [
        {"enum": ["words", "chars"]},
        {"type": "integer", "minimum": 1},
        {"type": "array", "items": TEXT},
    ],
    "description": "words (default), chars, a number of characters, or the exact list of deltas",
}


_WORD = re.compile(r" ?\w[\w'’]*| ?[^\w\s]|\s+")  # an apostrophe inside a word, as tokens have it


#: How the message begins for chunks that do not join to their text.
DO_NOT_JOIN: Final = "the chunks join to"


def join_flaw(path: Path, text: str | None, chunks: Any) -> Iterator[tuple[Path, str]]:
    """Chunks at ``path`` that do not join to their text, as far as that is known before templates are rendered."""
    if isinstance(chunks, list) and text is not None and not is_template(text) and "".join(chunks) != text:
        yield path, f"{_do_not_join(text, chunks)}; correct them, or drop them (`check --drop-chunks` does)"


def _do_not_join(text: str, chunks: list[str]) -> str:
    return f"{DO_NOT_JOIN} {''.join(chunks)!r}, but the text is {text!r}"


def cut(text: str, chunks: str | int | list[str]) -> list[str]:
    """The pieces in which a text is streamed; joined they are the text.

    Raises StepFailed (``chunks``) for a list that does not join to the text.
    """
    if isinstance(chunks, list):
        if "".join(chunks) != text:
            raise StepFailed("chunks", _do_not_join(text, chunks))
        return chunks
    if isinstance(chunks, int):
        return [text[start : start + chunks] for start in range(0, len(text), chunks)]
    return list(text) if chunks == "chars" else _WORD.findall(text)
