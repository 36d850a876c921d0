"""The values of transcripts in a line each."""

from __future__ import annotations

import json
from itertools import takewhile
from typing import Any, Final

from emulator.base.text import shorten

#: Characters before the values of a block.
LABEL: Final = 11
#: Characters of a value that are shown, and those before the first difference of two long ones.
_WIDTH: Final = 72
_BEFORE: Final = 12


def shown(field: str, value: Any) -> str:
    """The value of a field, however long; ``none`` for an empty one."""
    if not value:
        return "none"
    if field == "calls":
        return ", ".join(map(_call, value))
    if field == "files":
        return ", ".join(f"{one['name']} {one['sha256'][:8] if one['sha256'] else 'without content'}" for one in value)
    if isinstance(value, list):
        return (" | " if field == "text" else ", ").join(value).replace("\n", " ⏎ ")
    return str(value).replace("\n", " ⏎ ")


def shown_pair(field: str, old: Any, new: Any) -> tuple[str, str]:
    """Two values that differ, each in one line without secrets; of long ones the part where they begin to differ."""
    from emulator.base.secrets.texts import redact_value

    texts = shown(field, redact_value(old)), shown(field, redact_value(new))
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(*texts, strict=False)))
    if max(map(len, texts)) > _WIDTH and same > 2 * _BEFORE:
        texts = f"…{texts[0][same - _BEFORE :]}", f"…{texts[1][same - _BEFORE :]}"
    return shorten(texts[0], _WIDTH), shorten(texts[1], _WIDTH)


def _call(call: dict[str, Any]) -> str:
    if "refused" in call:
        return f"a request refused ({call['refused']})"
    arguments = call["arguments"]
    written = [f"{key}: {_json(value)}" for key, value in arguments.items()] if isinstance(arguments, dict) else None
    inner = _json(arguments) if written is None else ", ".join(written)
    output = "no output" if call["output"] is None else call["output"].replace("\n", " ⏎ ") or "''"
    return f"{call['name']}({inner}) → {output}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
