"""Schemas of the plainest kind, as most functions have: decided without ``jsonschema``, whose import takes long."""

from __future__ import annotations

import functools
from typing import Any, Final

import orjson

from emulator.sandbox.fast_validators import fast_validator

_TYPES: Final = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})
#: Levels of schemas; a deeper one is not plain.
_DEPTH: Final = 20


def is_plain(schema: Any, depth: int = 0) -> bool:
    """True for a schema that is certainly valid, and has neither references nor patterns."""
    return (
        isinstance(schema, dict)
        and depth < _DEPTH
        and all(_is_plain_keyword(keyword, value, depth) for keyword, value in schema.items())
    )


def fits(schema: Any, value: Any) -> bool:
    """True for a value that certainly fits a plain schema; False if somebody else has to decide."""
    if not is_plain(schema):
        return False
    try:
        return bool(_validator(orjson.dumps(schema)).is_valid(value))
    except (TypeError, ValueError, OverflowError, RecursionError):  # the value is none of JSON's
        return False


@functools.lru_cache(maxsize=256)
def _validator(schema: bytes) -> Any:
    return fast_validator(orjson.loads(schema))


def _is_plain_keyword(keyword: str, value: Any, depth: int) -> bool:
    match keyword:
        case "type":
            return _are_types(value) if isinstance(value, list) else _is_text(value) and value in _TYPES
        case "properties":
            return isinstance(value, dict) and all(is_plain(one, depth + 1) for one in value.values())
        case "required" | "enum":
            return isinstance(value, list) and all(map(_is_text, value)) and len(set(value)) == len(value) > 0
        case "items":
            return is_plain(value, depth + 1)
        case "additionalProperties":
            return isinstance(value, bool) or is_plain(value, depth + 1)
        case "description" | "title":
            return _is_text(value)
        case _:
            return False


def _are_types(value: list[Any]) -> bool:
    return all(map(_is_text, value)) and 0 < len(set(value)) == len(value) and set(value) <= _TYPES


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
