"""Schemas that clients send with tools and response formats: what the service demands of them, in its words.

The words are those of the Chat Completions API, whose validation the Assistants API shares (not recorded for it).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.apis.assistants import errors
from emulator.base.json_types import Object

Context = tuple[str, ...]


def check_tools(tools: list[Object] | None) -> None:
    """Raises ApiError for a function whose parameters cannot be, or cannot be strict."""
    for number, tool in enumerate(tools or []):
        if tool["type"] != "function":
            continue
        function = tool["function"]
        parameters = function.get("parameters")
        if not parameters:
            continue
        subject = f"function '{function['name']}'"
        kind = parameters.get("type")
        reason = None
        if kind != "object":
            reason = f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
        elif function.get("strict"):
            reason = first_fault(parameters)
        if reason:
            raise errors.invalid_function_schema(subject, reason, f"tools[{number}].function.parameters")


def check_response_format(response_format: Any) -> None:
    """Raises ApiError for a strict ``json_schema`` format that is not strict enough."""
    described = response_format.get("json_schema") if isinstance(response_format, dict) else None
    if not described or not described.get("strict") or "schema" not in described:
        return
    if reason := first_fault(described["schema"]):
        raise errors.invalid_response_format(described["name"], reason)


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
