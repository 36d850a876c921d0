"""Schemas that clients send with tools and response formats: what the service demands of them, in its words.

The words are those of the Chat Completions API, whose validation the Assistants API shares (not recorded for it).
"""

from __future__ import annotations

from typing import Any

from emulator.apis.assistants import errors
from emulator.apis.strict_schemas import first_fault, parameters_fault
from emulator.base.json_types import Object


def check_tools(tools: list[Object] | None) -> None:
    """Raises ApiError for a function whose parameters cannot be, or cannot be strict."""
    for number, tool in enumerate(tools or []):
        if tool["type"] != "function":
            continue
        function = tool["function"]
        parameters = function.get("parameters")
        if not parameters:
            continue
        reason = parameters_fault(parameters, is_strict=bool(function.get("strict")))
        if reason:
            subject = f"function '{function['name']}'"
            raise errors.invalid_function_schema(subject, reason, f"tools[{number}].function.parameters")


def check_response_format(response_format: Any) -> None:
    """Raises ApiError for a strict ``json_schema`` format that is not strict enough."""
    described = response_format.get("json_schema") if isinstance(response_format, dict) else None
    if not described or not described.get("strict") or "schema" not in described:
        return
    if reason := first_fault(described["schema"]):
        raise errors.invalid_response_format(described["name"], reason)
