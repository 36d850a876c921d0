"""Text that a template gives back unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def verbatim(text: str) -> str:
    """Text that a template gives back unchanged."""
    for opening in ("{{", "{%", "{#"):
        if opening in text:
            return "".join(_quoted(text))
    return text


def verbatim_in(value: Any) -> Any:
    """A JSON value of which templates give back every text unchanged."""
    if isinstance(value, str):
        return verbatim(value)
    if isinstance(value, list):
        return [verbatim_in(one) for one in value]
    return {key: verbatim_in(one) for key, one in value.items()} if isinstance(value, dict) else value


def _quoted(text: str) -> Iterator[str]:
    """Two characters that open a tag are written as the tag that writes them."""
    place = 0
    while place < len(text):
        pair = text[place : place + 2]
        if pair in ("{{", "{%", "{#"):
            yield "{{ '" + pair + "' }}"
            place += 2
        else:
            yield text[place]
            place += 1
