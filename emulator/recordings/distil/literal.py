"""Text that a template gives back unchanged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

_OPENING: Final = re.compile(r"\{[{%#]")
#: Tags that are written one by one; a template with very many of them is refused.
_MANY: Final = 50
#: What ends a raw block, wherever it stands.
_END: Final = "endraw"


def verbatim(text: str) -> str:
    """Text that a template gives back unchanged."""
    if not _OPENING.search(text):
        return text
    if len(_OPENING.findall(text)) <= _MANY or _END in text:
        return "".join(_quoted(text))
    return f"{{% raw %}}{text}{{% endraw %}}"


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
