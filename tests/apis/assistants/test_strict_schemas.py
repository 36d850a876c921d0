"""What strict schemas have to be, and the words that refuse the others."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.apis.assistants.strict_schemas import check_response_format, check_tools
from emulator.apis.http.errors import ApiError
from emulator.apis.strict_schemas import first_fault

CLOSED: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False, "required": []}
OPEN: dict[str, Any] = {"type": "object", "properties": {}}
WANTS_CLOSED = "In context={}, 'additionalProperties' is required to be supplied and to be false."
WANTS_ALL = (
    "In context={}, 'required' is required to be supplied and to be an array including every key in properties. "
    "Missing '{}'."
)


def closed(**properties: Any) -> dict[str, Any]:
    """A strict object of these."""
    return {**CLOSED, "properties": properties, "required": list(properties)}


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        pytest.param(CLOSED, None, id="empty"),
        pytest.param(closed(city={"type": "string"}, near=closed(x={"type": "number"})), None, id="nested"),
        pytest.param(True, None, id="no mapping"),
        pytest.param({"type": "string"}, None, id="no object"),
        pytest.param(OPEN, WANTS_CLOSED.format("()"), id="nothing said of others"),
        pytest.param({**CLOSED, "additionalProperties": True}, WANTS_CLOSED.format("()"), id="others allowed"),
        pytest.param({"properties": {}}, WANTS_CLOSED.format("()"), id="an object by its properties"),
        pytest.param({"type": "object", "additionalProperties": False}, None, id="no properties"),
        pytest.param(
            {**closed(a={}, b={}), "required": ["a"]}, WANTS_ALL.format("()", "b"), id="one that is not required"
        ),
        pytest.param({**closed(a={}), "required": "a"}, WANTS_ALL.format("()", "a"), id="required is no list"),
        pytest.param(closed(a=OPEN), WANTS_CLOSED.format("('properties', 'a')"), id="in a property"),
        pytest.param(
            closed(a={"type": "array", "items": OPEN}),
            WANTS_CLOSED.format("('properties', 'a', 'items')"),
            id="in items",
        ),
        pytest.param(
            closed(a={"anyOf": [{"type": "null"}, OPEN]}),
            WANTS_CLOSED.format("('properties', 'a', 'anyOf', '1')"),
            id="in an alternative",
        ),
        pytest.param({**CLOSED, "$defs": {"d": OPEN}}, WANTS_CLOSED.format("('$defs', 'd')"), id="in a definition"),
        pytest.param({**CLOSED, "$defs": [OPEN], "anyOf": OPEN}, None, id="keywords of another form say nothing"),
    ],
)
def test_a_strict_schema_closes_every_object(schema: Any, fault: str | None) -> None:
    assert first_fault(schema) == fault


def function(parameters: dict[str, Any] | None, *, strict: bool | None = None) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "f", "parameters": parameters, "strict": strict}}


@pytest.mark.parametrize(
    "tools",
    [
        pytest.param(None, id="no tools"),
        pytest.param([{"type": "code_interpreter"}, function(None, strict=True)], id="no parameters"),
        pytest.param([function(OPEN)], id="open, and not strict"),
        pytest.param([function(closed(a={}), strict=True)], id="strict"),
    ],
)
def test_valid_tools_are_accepted(tools: list[dict[str, Any]] | None) -> None:
    check_tools(tools)


@pytest.mark.parametrize(
    ("tool", "reason"),
    [
        pytest.param(
            function({"type": "array"}),
            "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"array\"'.",
            id="no object",
        ),
        pytest.param(
            function({"properties": {}}),
            "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'.",
            id="no type",
        ),
        pytest.param(function(OPEN, strict=True), WANTS_CLOSED.format("()"), id="not strict enough"),
    ],
)
def test_an_invalid_function_is_refused_with_the_reason(tool: dict[str, Any], reason: str) -> None:
    with pytest.raises(ApiError) as refused:
        check_tools([{"type": "file_search"}, tool])
    error = refused.value
    assert (error.status, error.code) == (400, "invalid_function_parameters")
    assert (error.param, str(error)) == (
        "tools[1].function.parameters", f"Invalid schema for function 'f': {reason}"
    )  # fmt: skip


def response_format(schema: dict[str, Any], *, strict: bool) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "menu", "schema": schema, "strict": strict}}


@pytest.mark.parametrize(
    "wanted",
    ["auto", {"type": "text"}, response_format(OPEN, strict=False), response_format(closed(a={}), strict=True),
     {"type": "json_schema", "json_schema": {"name": "menu", "strict": True}}],
)  # fmt: skip
def test_valid_response_formats_are_accepted(wanted: Any) -> None:
    check_response_format(wanted)


def test_a_response_format_that_is_not_strict_enough() -> None:
    with pytest.raises(ApiError) as refused:
        check_response_format(response_format(OPEN, strict=True))
    error = refused.value
    assert (error.status, error.param, error.code) == (400, "response_format", None)
    assert str(error) == f"Invalid schema for response_format 'menu': {WANTS_CLOSED.format('()')}"
