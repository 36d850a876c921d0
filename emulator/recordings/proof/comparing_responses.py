"""Compares a recorded response of the Responses API with the emulator's: its end, and its items in order."""

from __future__ import annotations

from typing import Any

from emulator.base.json_types import Object
from emulator.recordings.distil.response_turns import output_of, rank


def response_object_difference(expected: Object, actual: Object) -> str | None:
    """What differs, in words; None for no difference, and for a response that is not at rest."""
    if rank(expected) < rank({}):
        return None
    for words, values in (
        ("the response was {}, here it is {}", [one.get("status") for one in (expected, actual)]),
        ("it failed with {}, here with {}", [_code(one) for one in (expected, actual)]),
        ("it has the items {}, here {}", [_items(one) for one in (expected, actual)]),
    ):
        if values[0] != values[1]:
            return words.format(*map(_shown, values))
    return None


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else repr(value)


def _code(response: Object) -> object:
    details = response.get("incomplete_details") or {}
    return (response.get("error") or {}).get("code") or details.get("reason")


def _items(response: Object) -> list[str]:
    return [_item(item) for item in output_of(response)]


def _item(item: Object) -> str:
    """An item in words, without ids."""
    match item.get("type"):
        case "message":
            return f"message {''.join(map(_part, item.get('content') or []))!r}"
        case "function_call":
            return f"{item.get('name')}({item.get('arguments')})"
        case "code_interpreter_call":
            return f"code {item.get('code')!r}"
        case "file_search_call":
            return f"search {item.get('queries')!r}"
        case "reasoning":
            return f"reasoning {[part.get('text') for part in item.get('summary') or [] if isinstance(part, dict)]!r}"
    return str(item.get("type"))


def _part(part: Any) -> str:
    marks = [str(one.get("filename")) for one in part.get("annotations") or [] if "filename" in one]
    return f"{part.get('text') or part.get('refusal') or ''}{marks or ''}"
