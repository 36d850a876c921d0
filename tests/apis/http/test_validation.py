"""Request schemas: two validators of one mind, words for every keyword, limits on both sides, the published names."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterator
from functools import partial
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from emulator.apis.http import validation_words
from emulator.apis.http.bodies import read_json
from emulator.apis.http.validation import query_error, request_error
from emulator.base.request_schemas import schema
from emulator.sandbox.json_schema import breaches
from tests.apis.endpoints.valid import BODIES, QUERIES
from tests.apis.endpoints.words import (
    Error,
    empty,
    error,
    ill_typed,
    key_too_long,
    missing,
    no_value,
    too_high,
    too_long,
    too_low,
    too_many,
    too_many_keys,
    unknown,
)
from tests.support import InProcess

DOCUMENT: dict[str, Any] = json.loads(files("emulator.base").joinpath("schemas/requests.json").read_bytes())

CASES = [("bodies", name, valid) for name, valid in BODIES.items()]
CASES += [("queries", name, valid) for name, valid in QUERIES.items()]
by_operation = pytest.mark.parametrize(("part", "operation", "valid"), CASES, ids=[f"{c[1]}-{c[0]}" for c in CASES])


def test_every_schema_has_a_valid_example_here() -> None:
    assert (set(BODIES), set(QUERIES)) == (set(DOCUMENT["bodies"]), set(DOCUMENT["queries"]))


@by_operation
def test_everything_at_once_is_accepted(part: str, operation: str, valid: dict[str, Any]) -> None:
    assert request_error(operation, valid, part) is None
    used, known = set(valid), set(_resolved(DOCUMENT[part][operation]).get("properties", {}))
    assert used == known


def test_an_operation_without_a_schema_takes_no_query() -> None:
    refused = query_error("get_thread", {"limit": 5})
    assert query_error("get_thread", {}) is None
    assert refused is not None
    assert (refused.message, refused.param) == ("Unknown parameter: 'limit'.", "limit")


# ---- Two validators, one verdict ----

#: Settings of a Hypothesis test that comes out the same on every run, on a slow machine too, and fails soon.
steady = partial(
    settings,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)

_WORDS = [
    "",
    "auto",
    "function",
    "file_search",
    "text",
    "json_schema",
    "last_messages",
    "a\n",
    "a" * 65,
    "x" * 513,
    "é",
]
_NUMBERS = [-1, 0, 1, 2, 3, 15, 16, 255, 256, 1.0, 1.5, 2.0, 101, 1e300, 2**63, 2**64 - 1, -(2**63), True, False]
SCALARS = st.none() | st.sampled_from(_WORDS) | st.sampled_from(_NUMBERS) | st.integers(-9, 999) | st.text(max_size=5)
ANYTHING = st.recursive(
    SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a value with every key or index in it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    for key, inner in list(items):
        yield value, key
        yield from _places(inner)


@st.composite
def nearly(draw: st.DrawFn, valid: Any) -> Any:
    """A valid value with a few things in it removed, replaced or added."""
    value = copy.deepcopy(valid)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(value))
        change = draw(st.sampled_from(["remove", "replace", "add"] if places else ["add"]))
        container, key = draw(st.sampled_from(places)) if places else (value, None)
        if change == "remove":
            del container[key]
        elif change == "replace":
            container[key] = draw(ANYTHING)
        elif isinstance(container, dict):
            container[draw(st.sampled_from(["type", "function", "metadata", "x"]))] = draw(ANYTHING)
        else:
            container.append(draw(ANYTHING))
    return value


@functools.cache
def _in_rust(part: str, operation: str) -> Any:
    import jsonschema_rs

    return jsonschema_rs.validator_for(schema(part, operation) or {})


def agreed(part: str, operation: str, value: Any) -> bool:
    """The verdict of both; what is refused gets the words of the one that gives reasons."""
    found = schema(part, operation)
    assert found is not None
    fits = bool(_in_rust(part, operation).is_valid(value))
    refused = request_error(operation, value, part)
    assert (refused is None) == fits
    if refused is None:
        assert not breaches(found, value)
        return True
    assert (refused.status, bool(refused.message), bool(refused.code)) == (400, True, True)
    assert not refused.message.startswith("Invalid body: it does not fit")  # what is said if the reasons are missing
    return False


@by_operation
@steady(max_examples=60)
@given(data=st.data())
def test_the_validators_agree_near_what_is_valid(part: str, operation: str, valid: Any, data: st.DataObject) -> None:
    agreed(part, operation, data.draw(nearly(valid)))


@by_operation
@steady(max_examples=15)
@given(value=ANYTHING)
def test_the_validators_agree_on_anything(part: str, operation: str, valid: Any, value: Any) -> None:
    agreed(part, operation, value)


@pytest.mark.parametrize("value", ["a\n", "a", "\n", "é", "a b", "", "a" * 64, "a" * 65, "A-z_0"], ids=repr)
def test_the_validators_agree_on_function_names(value: str) -> None:
    body = {"model": "m", "tools": [{"type": "function", "function": {"name": value}}]}
    assert agreed("bodies", "create_assistant", body) == (value in ("a", "a" * 64, "A-z_0"))


@pytest.mark.parametrize("value", ["🌍" * 256, "🌍" * 257, "e\u0301" * 128, "e\u0301" * 129], ids=len)
def test_the_validators_count_code_points(value: str) -> None:
    assert agreed("bodies", "create_assistant", {"model": "m", "name": value}) == (len(value) <= 256)


# ---- Words for every keyword ----

#: Keywords that never are the reason of a refusal: what stands below them is.
_STRUCTURE = {
    "$defs",
    "$ref",
    "$schema",
    "title",
    "properties",
    "items",
    "allOf",
    "if",
    "then",
    "else",
    "propertyNames",
    "x-url",
    "x-id",
}
#: Keywords that only choose, inside ``if``.
_CHOICE = {"const", "not"}


def keywords(node: Any, below: str = "") -> Iterator[tuple[str, str]]:
    """Each keyword of a schema, with the keyword that it stands under."""
    for key, value in node.items():
        yield key, below
        if key in ("properties", "$defs"):
            for name, inner in value.items():
                yield from keywords(inner, below if below == "if" else name)
        elif key in ("items", "if", "then", "else", "not", "propertyNames", "additionalProperties") and isinstance(
            value, dict
        ):
            yield from keywords(value, "if" if below == "if" else key)
        elif key == "allOf":
            for inner in value:
                yield from keywords(inner, below)


def _all_keywords() -> set[tuple[str, str]]:
    named = [*DOCUMENT["$defs"].values(), *DOCUMENT["bodies"].values(), *DOCUMENT["queries"].values()]
    return {pair for node in named for pair in keywords(node)}


def test_every_keyword_has_words() -> None:
    used = {keyword for keyword, _ in _all_keywords()}
    assert used - _STRUCTURE - _CHOICE == set(validation_words.WORDS)


def test_what_only_chooses_never_refuses() -> None:
    assert {below for keyword, below in _all_keywords() if keyword in _CHOICE} == {"if"}


# ---- Limits, on both sides ----


def _metadata(keys: int, key: int = 1, value: int = 1) -> dict[str, str]:
    return {str(n).rjust(key, "k"): "v" * value for n in range(keys)}


_NAMED = "tools[0].function.name"
_PATTERN = "^[a-zA-Z0-9_-]+$"
_NO_MATCH = (
    f"Invalid '{_NAMED}': string does not match pattern. Expected a string that matches the pattern '{_PATTERN}'."
)


def _fn(name: str) -> list[Any]:
    return [{"type": "function", "function": {"name": name}}]


def _fs(**more: Any) -> list[Any]:
    return [{"type": "file_search", "file_search": more}]


def _ci(files: int) -> dict[str, Any]:
    return {"code_interpreter": {"file_ids": ["file-1"] * files}}


def _stores(stores: int) -> dict[str, Any]:
    return {"file_search": {"vector_store_ids": ["vs_1"] * stores}}


A, T, M, R, TR = "create_assistant", "create_thread", "create_message", "create_run", "create_thread_and_run"
CODE: list[Any] = [{"type": "code_interpreter"}]
RESULTS = "tools[0].file_search.max_num_results"
LIMITS = [
    (A, "metadata", _metadata(16), _metadata(17), too_many_keys("metadata", 16, 17)),
    (M, "metadata", _metadata(1, key=64), _metadata(1, key=65), key_too_long("metadata", "0".rjust(65, "k"), 64)),
    (R, "metadata", _metadata(1, value=512), {"k": "v" * 513}, too_long("metadata.k", 512, 513)),
    (A, "model", "m", "", empty("model")),
    (A, "name", "x" * 256, "x" * 257, too_long("name", 256, 257)),
    (A, "description", "x" * 512, "x" * 513, too_long("description", 512, 513)),
    (A, "instructions", "x" * 256_000, "x" * 256_001, too_long("instructions", 256_000, 256_001)),
    (R, "instructions", "x" * 256_000, "x" * 256_001, too_long("instructions", 256_000, 256_001)),
    (A, "tools", CODE * 128, CODE * 129, too_many("tools", 128, 129)),
    (R, "tools", CODE * 20, CODE * 21, too_many("tools", 20, 21)),
    (TR, "tools", CODE * 20, CODE * 21, too_many("tools", 20, 21)),
    (A, "tools", _fn("x" * 64), _fn("x" * 65), too_long(_NAMED, 64, 65)),
    (A, "tools", _fn("get-it_2"), _fn("get it"), error(_NO_MATCH, _NAMED, "invalid_value")),
    (A, "tools", _fs(max_num_results=50), _fs(max_num_results=51), too_high(RESULTS, 50, 51)),
    (A, "tools", _fs(max_num_results=1), _fs(max_num_results=0), too_low(RESULTS, 1, 0)),
    (A, "temperature", 2, 2.1, too_high("temperature", 2, 2.1, "decimal")),
    (A, "temperature", 0, -0.1, too_low("temperature", 0, -0.1, "decimal")),
    (R, "top_p", 1, 1.1, too_high("top_p", 1, 1.1, "decimal")),
    (R, "top_p", 0.0, -1, too_low("top_p", 0, -1, "decimal")),
    (A, "tool_resources", _ci(20), _ci(21), too_many("tool_resources.code_interpreter.file_ids", 20, 21)),
    (T, "tool_resources", _stores(1), _stores(2), too_many("tool_resources.file_search.vector_store_ids", 1, 2)),
    (M, "content", "x" * 256_000, "x" * 256_001, too_long("content", 256_000, 256_001)),
    (M, "content", [{"type": "text", "text": "x" * 256_000}], [{"type": "text", "text": "x" * 256_001}],
     too_long("content[0].text", 256_000, 256_001)),
    (M, "content", "x", "", empty("content")),
    (M, "content", [{"type": "text", "text": "x"}], [], empty("content", "array")),
    (M, "role", "assistant", "system", no_value("system", "'user' and 'assistant'", "role")),
    (R, "max_prompt_tokens", 256, 255, too_low("max_prompt_tokens", 256, 255)),
    (R, "max_completion_tokens", 16, 15, too_low("max_completion_tokens", 16, 15)),
    (R, "stream", None, "yes", ill_typed("stream", "a boolean", "a string")),
    (R, "parallel_tool_calls", False, 0, ill_typed("parallel_tool_calls", "a boolean", "an integer")),
    (R, "model", None, 4, ill_typed("model", "a string", "an integer")),
    (R, "truncation_strategy", {"type": "auto"}, {}, missing("truncation_strategy.type")),
    (R, "truncation_strategy", {"type": "last_messages", "last_messages": 1}, {"type": "auto", "last_messages": 0},
     too_low("truncation_strategy.last_messages", 1, 0)),
    (R, "tool_choice", "required", "any", no_value("any", "'none', 'auto', and 'required'", "tool_choice")),
    (R, "tool_choice", {"type": "file_search"}, {"type": "function"}, missing("tool_choice.function")),
    (R, "response_format", {"type": "text"}, {"type": "json_schema"}, missing("response_format.json_schema")),
    (R, "response_format", {"type": "json_object"}, {"type": "text", "json_schema": [{}]},
     unknown("response_format.json_schema")),
    (R, "response_format", {"type": "text"}, {"type": "text", "schema": {}}, unknown("response_format.schema")),
    (R, "additional_messages", [{"role": "user", "content": "x"}], [{"role": "user"}],
     missing("additional_messages[0].content")),
    (TR, "thread", {"messages": []}, {"message": []}, unknown("thread.message")),
]  # fmt: skip
_REQUIRED = {
    A: {"model": "m"},
    M: {"role": "user", "content": "x"},
    R: {"assistant_id": "a"},
    TR: {"assistant_id": "a"},
}


@pytest.mark.parametrize(
    ("operation", "field", "good", "bad", "expected"), LIMITS, ids=[f"{row[0]}.{row[1]}: {row[4][4]}" for row in LIMITS]
)
def test_a_limit_from_both_sides(operation: str, field: str, good: Any, bad: Any, expected: Error) -> None:
    required = _REQUIRED.get(operation, {})
    assert agreed("bodies", operation, {**required, field: good})
    refused = request_error(operation, {**required, field: bad})
    assert refused is not None
    assert (refused.status, refused.message, refused.type, refused.param, refused.code) == expected


@pytest.mark.parametrize("operation", ["list_assistants", "list_messages", "list_runs", "list_run_steps"])
@pytest.mark.parametrize(("limit", "good"), [(0, False), (1, True), (100, True), (101, False)])
def test_the_limit_of_a_page(operation: str, limit: int, good: bool) -> None:
    assert (query_error(operation, {"limit": limit}) is None) == good


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    return DOCUMENT["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node


@pytest.mark.parametrize("number", ["43", "43.0", "4.3e1", "430E-1"])
def test_a_whole_number_is_one_however_it_is_written(number: str) -> None:
    free = f'{{"type": "eq", "key": "k", "value": {number}}}'
    read = read_json(
        "search_vector_store", f'{{"query": "x", "max_num_results": {number}, "filters": {free}}}'.encode()
    )

    assert repr(read["max_num_results"]) == "43"
    assert repr(read["filters"]["value"]) == repr(json.loads(number))


@pytest.mark.parametrize("number", [1e300, 1e23, 2.0**63])
def test_a_whole_number_that_is_too_large_for_an_integer_is_no_500(number: float) -> None:
    api = InProcess({})
    tool = {"type": "web_search", "max_num_results": number}

    response = api.post("/v1/responses", {"model": "m", "input": "x", "tools": [tool], "max_output_tokens": number})
    run = api.post(
        f"/v1/threads/{api.thread('Hi')}/runs",
        {"assistant_id": api.assistant(), "max_prompt_tokens": number, "max_completion_tokens": number},
    )

    assert [response.status, run.status] == [200, 200]
    assert response.json["max_output_tokens"] == run.json["max_prompt_tokens"] == number
