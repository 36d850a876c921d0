"""Guesses a loose JSON Schema of submitted outputs: the types of values, and the keys that are always present."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from emulator.sandbox.json_schema import Schema

#: Levels of an output that a schema describes.
_LEVELS = 2


def guess(outputs: Iterable[str], known: Schema | None = None) -> Schema:
    """A schema that all outputs fit, and everything that fits ``known``. Outputs that are JSON are parsed."""
    for output in outputs:
        schema = _schema(_value(output), _LEVELS)
        known = schema if known is None else either(known, schema)
    return known or {}


def _value(output: str) -> Any:
    try:
        return orjson.loads(output)
    except orjson.JSONDecodeError:
        return output


def _schema(value: Any, levels: int) -> Schema:
    if isinstance(value, dict):
        if not value or not levels:
            return {"type": "object"}
        # null does not show which type it may have
        properties = {key: {} if inner is None else _schema(inner, levels - 1) for key, inner in value.items()}
        return {"type": "object", "required": list(value), "properties": properties}
    kinds = {str: "string", bool: "boolean", int: "number", float: "number", list: "array"}
    return {"type": kinds.get(type(value), "null")}


def either(one: Schema, other: Schema) -> Schema:
    """A schema for everything that fits one of them: the union of types, and the required keys of both."""
    if one == other or not one or not other:
        return one if one == other else {}
    kinds = list(dict.fromkeys([*_types(one), *_types(other)]))
    if kinds != ["object"]:
        return {"type": kinds if len(kinds) > 1 else kinds[0]} if kinds else {}
    required = [key for key in one.get("required", []) if key in other.get("required", [])]
    mine, theirs = one.get("properties", {}), other.get("properties", {})
    properties = {
        key: either(mine[key], theirs[key]) if key in mine and key in theirs else mine.get(key, theirs.get(key))
        for key in {**mine, **theirs}
    }
    return {
        "type": "object",
        **({"required": required} if required else {}),
        **({"properties": properties} if properties else {}),
    }


def _types(schema: Schema) -> list[str]:
    kinds = schema.get("type", [])
    return kinds if isinstance(kinds, list) else [kinds]
