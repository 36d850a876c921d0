"""The pieces in which a text is streamed."""

from __future__ import annotations

import re
from typing import Final

from emulator.sandbox.json_schema import TEXT, Schema
from emulator.scenarios.steps.context import StepFailed

CHUNKS: Final[Schema] = {
    "anyOf": [
        {"enum": ["words", "chars"]},
        {"type": "integer", "minimum": 1},
        {"type": "array", "items": TEXT},
    ],
    "description": "words (default), chars, a number of characters, or the exact list of deltas",
}

_WORD = re.compile(r" ?\w[\w'’]*| ?[^\w\s]|\s+")  # an apostrophe inside a word, as tokens have it


def cut(text: str, chunks: str | int | list[str]) -> list[str]:
    """The pieces in which a text is streamed; joined they are the text.

    Raises StepFailed (``chunks``) for a list that does not join to the text.
    """
    if isinstance(chunks, list):
        if "".join(chunks) != text:
            raise StepFailed("chunks", f"the chunks join to {''.join(chunks)!r}, but the text is {text!r}")
        return chunks
    if isinstance(chunks, int):
        return [text[start : start + chunks] for start in range(0, len(text), chunks)]
    return list(text) if chunks == "chars" else _WORD.findall(text)
