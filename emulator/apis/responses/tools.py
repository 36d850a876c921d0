"""Tools, ``tool_choice`` and ``text`` of a request: what is demanded of them, and how a response echoes them.

The service completes what it echoes with its defaults, in its key order: ``type`` first, then the alphabet. A function
that does not say ``strict`` becomes strict, and its schema is rewritten (recorded).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from emulator.apis.responses import errors
from emulator.apis.strict_schemas import first_fault, parameters_fault
from emulator.base.json_types import Object

_RANKING: Final = {"ranker": "auto", "score_threshold": 0.0}
_MAX_RESULTS: Final = 20
_TEXT: Final = {"type": "text"}


# ---- What is demanded ----


def check_tools(tools: list[Object] | None) -> None:
    """Raises ApiError for a function whose parameters cannot be, or are to be strict by its own word and are not."""
    for number, tool in enumerate(tools or []):
        if tool["type"] == "function" and tool.get("parameters"):
            reason = parameters_fault(tool["parameters"], is_strict=tool.get("strict") is True)
            if reason:
                raise errors.invalid_function_schema(number, tool["name"], reason)


def check_format(text: Object | None) -> None:
    """Raises ApiError for a ``json_schema`` format that is to be strict by its own word and is not."""
    described = (text or {}).get("format") or _TEXT
    if described["type"] != "json_schema" or described.get("strict") is not True:
        return
    if reason := first_fault(described["schema"]):
        raise errors.invalid_format_schema(described["name"], reason)


# ---- What is echoed ----


def echoed_tools(tools: list[Object] | None) -> list[Object]:
    """The key ``tools`` of a response."""
    return [_ECHOED.get(tool["type"], in_order)(tool) for tool in tools or []]


def echoed_text(text: Object | None) -> Object:
    """The key ``text`` of a response."""
    given = text or {}
    return {"format": _format(given.get("format") or _TEXT), "verbosity": given.get("verbosity") or "medium"}


def echoed_tool_choice(choice: str | Object | None) -> str | Object:
    """The key ``tool_choice`` of a response."""
    if choice is None:
        return "auto"
    return choice if isinstance(choice, str) else in_order(choice)


def in_order(value: Object) -> Object:
    """An object in the service's key order, and so are those in it: ``type``, then the alphabet."""
    return {key: _in_order(one) for key, one in _by_key(value).items()}


def _by_key(value: Object) -> Object:
    return {key: value[key] for key in sorted(value, key=lambda key: (key != "type", key))}


def _in_order(value: Any) -> Any:
    if isinstance(value, list):
        return [_in_order(one) for one in value]
    return in_order(value) if isinstance(value, dict) else value


def _function(tool: Object) -> Object:
    parameters = tool.get("parameters") or {"type": "object", "properties": {}}
    strict = tool.get("strict")
    if strict is None:
        strict = can_be_strict(parameters)
        parameters = strict_schema(parameters) if strict else parameters
    echoed = {
        "type": "function",
        "description": tool.get("description") or None,
        "name": tool["name"],
        "output_schema": tool.get("output_schema"),
        "parameters": parameters,
        "strict": strict,
    }
    extras = {key: tool[key] for key in ("allowed_callers", "defer_loading") if tool.get(key) is not None}
    return _by_key({**echoed, **extras})


def _file_search(tool: Object) -> Object:
    ranking = {key: value for key, value in (tool.get("ranking_options") or {}).items() if value is not None}
    return {
        "type": "file_search",
        "filters": tool.get("filters"),
        "max_num_results": tool.get("max_num_results") or _MAX_RESULTS,
        "ranking_options": in_order({**_RANKING, **ranking}),
        "vector_store_ids": tool["vector_store_ids"],
    }


def _code_interpreter(tool: Object) -> Object:
    container = tool["container"]
    if isinstance(container, dict):
        container = in_order({key: value for key, value in container.items() if value is not None})
    return {"type": "code_interpreter", "container": container}


#: By type; every other tool comes back as it was sent, in the service's key order.
_ECHOED: Final = {"function": _function, "file_search": _file_search, "code_interpreter": _code_interpreter}


def _format(described: Object) -> Object:
    if described["type"] != "json_schema":
        return in_order(described)
    strict = described.get("strict")
    return {
        "type": "json_schema",
        "description": described.get("description") or None,
        "name": described["name"],
        "schema": {key: value for key, value in described["schema"].items() if key != "$schema"},  # recorded
        "strict": True if strict is None else strict,
    }


# ---- Schemas that become strict ----


def can_be_strict(schema: Object) -> bool:
    """False for a schema that describes objects with other keys than those it lists: it is left as it was sent.

    Inferred from the published description; no such tool was recorded.
    """
    return not any(part.get("additionalProperties") not in (None, False) for part in _objects(schema))


def strict_schema(schema: Any) -> Any:
    """A schema in which every object requires all its properties, and allows no others.

    ``required`` is completed in its place, and ``additionalProperties`` appended; if there is no ``required``, it comes
    after ``additionalProperties`` (recorded; inferred for objects inside). The schema itself stays as it is.
    """
    if isinstance(schema, list):
        return [strict_schema(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inside = {key: _strict_below(key, value) for key, value in schema.items()}
    if not _is_object(schema):
        return inside
    named, properties = schema.get("required"), schema.get("properties")
    required = list(named) if isinstance(named, list) else []
    required += [name for name in properties if name not in required] if isinstance(properties, dict) else []
    if "required" in inside:
        return {**inside, "required": required, "additionalProperties": False}
    return {**inside, "additionalProperties": False, "required": required}


#: Keywords whose value is a schema or a list of them, and those whose value has schemas by name.
_SCHEMAS: Final = frozenset({"items", "anyOf", "allOf", "oneOf"})
_NAMED_SCHEMAS: Final = frozenset({"properties", "$defs", "definitions"})


def _strict_below(key: str, value: Any) -> Any:
    if key in _SCHEMAS:
        return strict_schema(value)
    if key in _NAMED_SCHEMAS and isinstance(value, dict):
        return {name: strict_schema(one) for name, one in value.items()}
    return value


def _is_object(schema: Object) -> bool:
    kind = schema.get("type")
    return (
        kind == "object" or (isinstance(kind, list) and "object" in kind) or isinstance(schema.get("properties"), dict)
    )


def _objects(schema: Any) -> Iterator[Object]:
    """The schemas in a schema that describe objects, itself among them."""
    if isinstance(schema, list):
        for one in schema:
            yield from _objects(one)
    if not isinstance(schema, dict):
        return
    if _is_object(schema):
        yield schema
    for key, value in schema.items():
        if key in _SCHEMAS:
            yield from _objects(value)
        elif key in _NAMED_SCHEMAS and isinstance(value, dict):
            yield from _objects(list(value.values()))
