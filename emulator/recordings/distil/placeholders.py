"""Placeholders of redacted texts. The real text has a secret there, so no condition may contain a placeholder."""

from __future__ import annotations

import re
from typing import Any, Final

from emulator.base.json_types import Object

#: Our own placeholder, and those that other recorders and their users write.
_PLACEHOLDER: Final = re.compile(
    r"[\[<({]{1,2}[\w -]{0,30}?(?i:redacted|filtered|sanitized|scrubbed|masked|removed)[\w -]{0,20}[\])}>]{1,2}"
    r"|[<{]{1,2}\s?[A-Z_]*(?:KEY|TOKEN|SECRET|PASSWORD)[A-Z_]*\s?[>}]{1,2}"
    r"|\b(?:[A-Z]+_)*(?:REDACTED|FILTERED|SANITIZED|SCRUBBED|MASKED)(?:_[A-Z]+)*\b|\bSanitized\b"
    r"|\*{3,}|(?<!\w)[xX]{8,40}(?!\w)"
)
#: What pieces of a text are stripped of where they begin and end.
_AROUND: Final = " \t.,:;!?'\"()"


def has_placeholder(value: Any) -> bool:
    """True if a text, or any text in a list or an object, contains a placeholder."""
    if isinstance(value, str):
        return _PLACEHOLDER.search(value) is not None
    if isinstance(value, dict):
        return any(has_placeholder(inner) for pair in value.items() for inner in pair)
    return isinstance(value, list) and any(map(has_placeholder, value))


def pieces(text: str) -> list[str]:
    """The pieces of a text between its placeholders, as they are."""
    return _PLACEHOLDER.split(text)


def longest_piece(text: str) -> str:
    """The longest piece without a placeholder, without spaces and marks at its ends; perhaps empty."""
    return max((piece.strip(_AROUND) for piece in pieces(text)), key=len)


def whole(text: str) -> Object:
    """A pattern for a whole text: something else may stand in place of each placeholder."""
    if not has_placeholder(text):
        return {"equals": text}
    return {"matches": r"(?s)\A" + ".+".join(re.escape(piece) for piece in pieces(text)) + r"\Z"}


def without_placeholders(texts: Any) -> Object:
    """The texts of a mapping that have no placeholder."""
    return {key: value for key, value in (texts or {}).items() if not has_placeholder([key, value])}
