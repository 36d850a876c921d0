"""Text that a template gives back unchanged."""

from __future__ import annotations

from collections.abc import Iterator


def verbatim(text: str) -> str:
    """Text that a template gives back unchanged."""
    for opening in ("{{", "{%", "{#"):
        if opening in text:
            return "".join(_quoted(text))
    return text


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
