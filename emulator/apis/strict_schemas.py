"""What the service demands of a schema that is to be strict, in its words; shared by the APIs that take tools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Context = tuple[str, ...]


def parameters_fault(parameters: Any, *, is_strict: bool) -> str | None:
    """Why a schema cannot be that of a function's parameters, or cannot be strict; None if it can."""
    kind = parameters.get("type") if isinstance(parameters, dict) else None
    if kind != "object":
        return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
    return first_fault(parameters) if is_strict else None


def first_fault(schema: Any) -> str | None:
    """Why a schema cannot be strict: every object lists all its properties as required and allows no others."""
    return next(_faults(schema, ()), None)


def _faults(schema: Any, context: Context) -> Iterator[str]:
    if not isinstance(schema, dict):
        return
    properties = schema.get("properties")
    if schema.get("type") == "object" or isinstance(properties, dict):
        if schema.get("additionalProperties") is not False:
            yield f"In context={context}, 'additionalProperties' is required to be supplied and to be false."
        required = schema.get("required")
        known = list(properties) if isinstance(properties, dict) else []
        named = {one for one in required if isinstance(one, str)} if isinstance(required, list) else set()
        missing = [name for name in known if name not in named]
        if missing:
            yield (
                f"In context={context}, 'required' is required to be supplied and to be an array including every key "
                f"in properties. Missing '{missing[0]}'."
            )
    for keyword in ("properties", "$defs", "definitions"):
        inner = schema.get(keyword)
        for name, value in inner.items() if isinstance(inner, dict) else ():
            yield from _faults(value, (*context, keyword, str(name)))
    yield from _faults(schema.get("items"), (*context, "items"))
    alternatives = schema.get("anyOf")
    for number, value in enumerate(alternatives if isinstance(alternatives, list) else ()):
        yield from _faults(value, (*context, "anyOf", str(number)))
