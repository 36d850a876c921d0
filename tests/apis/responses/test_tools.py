"""Tools and formats: how a response echoes them, and which schemas are refused."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from emulator.apis.http.errors import ApiError
from emulator.apis.responses import tools

STRING = {"type": "string"}
CITY = {"type": "object", "properties": {"city": STRING, "unit": STRING}}


def function(parameters: Any, **more: Any) -> dict[str, Any]:
    return {"type": "function", "name": "f", "parameters": parameters, **more}


def echo(parameters: Any, strict: bool, description: str | None = None) -> dict[str, Any]:
    return {
        "type": "function",
        "description": description,
        "name": "f",
        "output_schema": None,
        "parameters": parameters,
        "strict": strict,
    }


OPEN = {"type": "object", "properties": {}, "additionalProperties": {"type": "string"}}
NESTED = {
    "type": "object",
    "properties": {"a": {"type": "array", "items": CITY}, "b": {"anyOf": [CITY, {"type": "null"}]}, "c": STRING},
    "required": ["c"],
    "$defs": {"d": CITY},
}
STRICT_CITY = {**CITY, "additionalProperties": False, "required": ["city", "unit"]}
ECHOED = [
    ("a function becomes strict", function(CITY), echo(STRICT_CITY, True)),
    ("with a null too", function(CITY, strict=None), echo(STRICT_CITY, True)),
    (
        "required is completed in its place",
        function({"type": "object", "required": ["unit"], "properties": CITY["properties"]}),
        echo(
            {
                "type": "object",
                "required": ["unit", "city"],
                "properties": CITY["properties"],
                "additionalProperties": False,
            },
            True,
        ),
    ),
    (
        "objects inside are rewritten",
        function(NESTED),
        echo(
            {
                "type": "object",
                "properties": {
                    "a": {"type": "array", "items": STRICT_CITY},
                    "b": {"anyOf": [STRICT_CITY, {"type": "null"}]},
                    "c": STRING,
                },
                "required": ["c", "a", "b"],
                "$defs": {"d": STRICT_CITY},
                "additionalProperties": False,
            },
            True,
        ),
    ),
    ("not strict by its word", function(CITY, strict=False, description="d"), echo(CITY, False, "d")),
    ("strict by its word", function(STRICT_CITY, strict=True, description=""), echo(STRICT_CITY, True)),
    ("cannot be strict", function(OPEN), echo(OPEN, False)),
    ("no parameters", function({}, strict=False), echo({"type": "object", "properties": {}}, False)),
    (
        "file search",
        {"vector_store_ids": ["vs_1"], "type": "file_search"},
        {
            "type": "file_search",
            "filters": None,
            "max_num_results": 20,
            "ranking_options": {"ranker": "auto", "score_threshold": 0.0},
            "vector_store_ids": ["vs_1"],
        },
    ),
    (
        "file search with all",
        {
            "type": "file_search",
            "vector_store_ids": [],
            "ranking_options": {"score_threshold": 0.5},
            "max_num_results": 3,
            "filters": {"type": "eq", "key": "k", "value": 1},
        },
        {
            "type": "file_search",
            "filters": {"type": "eq", "key": "k", "value": 1},
            "max_num_results": 3,
            "ranking_options": {"ranker": "auto", "score_threshold": 0.5},
            "vector_store_ids": [],
        },
    ),
    (
        "code interpreter",
        {"type": "code_interpreter", "container": {"file_ids": ["file-1"], "type": "auto", "memory_limit": None}},
        {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-1"]}},
    ),
    (
        "code interpreter of a container",
        {"container": "cntr_1", "type": "code_interpreter"},
        {"type": "code_interpreter", "container": "cntr_1"},
    ),
    (
        "another tool",
        {"name": "n", "type": "custom", "format": {"syntax": "lark", "definition": "d", "type": "grammar"}},
        {"type": "custom", "format": {"type": "grammar", "definition": "d", "syntax": "lark"}, "name": "n"},
    ),
]


@pytest.mark.parametrize(("sent", "expected"), [row[1:] for row in ECHOED], ids=[row[0] for row in ECHOED])
def test_a_tool_comes_back_completed(sent: dict[str, Any], expected: dict[str, Any]) -> None:
    before = copy.deepcopy(sent)
    assert json.dumps(tools.echoed_tools([sent])) == json.dumps([expected])
    assert sent == before


def test_no_tools_are_an_empty_list() -> None:
    assert tools.echoed_tools(None) == []


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (None, "auto"),
        ("required", "required"),
        ({"name": "f", "type": "function"}, {"type": "function", "name": "f"}),
        (
            {"tools": [{"name": "f", "type": "function"}], "mode": "auto", "type": "allowed_tools"},
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
        ),
    ],
)
def test_a_tool_choice_comes_back_in_order(sent: Any, expected: Any) -> None:
    assert json.dumps(tools.echoed_tool_choice(sent)) == json.dumps(expected)


PLAIN = {"format": {"type": "text"}, "verbosity": "medium"}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (None, PLAIN),
        ({}, PLAIN),
        ({"verbosity": "low"}, {**PLAIN, "verbosity": "low"}),
        ({"format": {"type": "json_object"}}, {**PLAIN, "format": {"type": "json_object"}}),
        (
            {"format": {"name": "n", "schema": {"$schema": "s", "type": "object"}, "type": "json_schema"}},
            {
                "format": {
                    "type": "json_schema",
                    "description": None,
                    "name": "n",
                    "schema": {"type": "object"},
                    "strict": True,
                },
                "verbosity": "medium",
            },
        ),
    ],
)
def test_text_comes_back_with_its_defaults(sent: Any, expected: Any) -> None:
    assert json.dumps(tools.echoed_text(sent)) == json.dumps(expected)


NO_ADDITIONAL = "In context=(), 'additionalProperties' is required to be supplied and to be false."
MISSING = (
    "In context=(), 'required' is required to be supplied and to be an array including every key in properties. "
    "Missing 'unit'."
)
SCHEMAS = [
    (function(CITY, strict=True), NO_ADDITIONAL),
    (function({**STRICT_CITY, "required": ["city"]}, strict=True), MISSING),
    (function({"type": "string"}), "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"string\"'."),
]


@pytest.mark.parametrize(("tool", "reason"), SCHEMAS)
def test_a_function_whose_schema_cannot_be_is_refused(tool: dict[str, Any], reason: str) -> None:
    with pytest.raises(ApiError) as caught:
        tools.check_tools([{"type": "custom", "name": "c"}, tool])
    assert (caught.value.message, caught.value.param, caught.value.code) == (
        f"Invalid schema for function 'f': {reason}",
        "tools[1].parameters",
        "invalid_function_parameters",
    )


@pytest.mark.parametrize("strict", [None, False])
def test_what_is_not_strict_by_its_word_is_taken(strict: bool | None) -> None:
    tools.check_tools([function(CITY, strict=strict)])
    tools.check_format({"format": {"type": "json_schema", "name": "n", "schema": CITY, "strict": strict}})
    tools.check_format(None)


def test_a_strict_format_that_is_not_strict_is_refused() -> None:
    with pytest.raises(ApiError) as caught:
        tools.check_format({"format": {"type": "json_schema", "name": "n", "schema": CITY, "strict": True}})
    assert (caught.value.message, caught.value.param) == (
        f"Invalid schema for response_format 'n': {NO_ADDITIONAL}",
        "text.format.schema",
    )
