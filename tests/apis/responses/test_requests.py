"""Requests on responses: what is taken, and the words for what is not; two validators of one mind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.apis.http import validation_words
from emulator.apis.http.bodies import read_json, typed_query
from emulator.apis.http.validation import query_error, request_error
from emulator.base.operations import BY_NAME
from tests.apis.endpoints.words import Error, ill_typed, no_value, too_high, too_low, unknown
from tests.apis.http.test_validation import ANYTHING, agreed, keywords, nearly, steady
from tests.apis.responses.refused import DOCUMENT, INCLUDABLE, REFUSED, item
from tests.apis.responses.valid import ASSISTANT, BODIES, CALL, ITEMS, QUERIES, USER

#: The schema of an operation is there before the operation is.
CASES = [("bodies", name, valid) for name, valid in BODIES.items() if name in BY_NAME]
CASES += [("queries", name, valid) for name, valid in QUERIES.items() if name in BY_NAME]
by_operation = pytest.mark.parametrize(("part", "operation", "valid"), CASES, ids=[f"{c[1]}-{c[0]}" for c in CASES])

BODY: dict[str, Any] = {"model": "m", "input": "hi"}


def refused(**changes: Any) -> Error | None:
    """The error for a body with these changes; ``...`` removes a key."""
    body = {key: value for key, value in {**BODY, **changes}.items() if value is not ...}
    found = request_error("create_response", body)
    return None if found is None else (found.status, found.message, found.type, found.param, found.code)


def test_every_schema_has_a_valid_example_here() -> None:
    assert (set(BODIES), set(QUERIES)) == (set(DOCUMENT["bodies"]), set(DOCUMENT["queries"]))


@by_operation
def test_everything_at_once_is_accepted(part: str, operation: str, valid: dict[str, Any]) -> None:
    assert request_error(operation, valid, part) is None
    assert set(valid) == set(DOCUMENT[part][operation].get("properties", {}))


# ---- Two validators, one verdict ----


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


@steady(max_examples=100)
@given(data=st.data())
def test_the_validators_agree_on_each_item(data: st.DataObject) -> None:
    item = data.draw(nearly(data.draw(st.sampled_from(ITEMS))))
    agreed("bodies", "create_response", {**BODY, "input": [item]})


def test_every_keyword_has_words() -> None:
    nodes = [*DOCUMENT["$defs"].values(), *DOCUMENT["bodies"].values(), *DOCUMENT["queries"].values()]
    used = {keyword for node in nodes for keyword, below in keywords(node) if below != "if"}
    structure = {"$ref", "properties", "items", "allOf", "if", "then", "propertyNames"}
    assert {keyword for keyword in used - structure if not keyword.startswith("x-")} == set(validation_words.WORDS)


# ---- What is taken ----

NULLABLE = sorted(set(BODIES["create_response"]) - {"model", "input"})


@pytest.mark.parametrize("name", NULLABLE)
def test_a_null_is_as_if_it_were_not_there(name: str) -> None:
    assert refused(**{name: None}) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"input": []},
        {"input": ""},
        {"input": ..., "previous_response_id": "resp_1"},
        {"input": ..., "conversation": "conv_1"},
        {"model": ..., "prompt": {"id": "pmpt_1", "version": None, "variables": {"k": "v"}}},
        {"input": [{"role": "assistant", "content": "hello"}]},
        {"input": [{"role": "user", "content": "hi", "id": "msg_1", "status": "completed"}]},
        {"input": [{"role": "assistant", "content": [{"type": "output_text", "text": "hello"}]}]},
        {"input": [{"type": None, "id": "msg_1"}]},
        {"input": [{"type": "reasoning", "summary": [], "content": None, "encrypted_content": None}]},
        {"input": [{"type": "mcp_call", "anything": [1]}]},
        {"tools": [{"type": "function", "name": "f"}]},
        {"tools": [{"type": "function", "name": "f", "parameters": None, "strict": None, "description": None}]},
        {"tools": [{"type": "file_search", "vector_store_ids": [], "filters": None, "ranking_options": None}]},
        {"tool_choice": {"type": "web_search_preview"}},
        {"tool_choice": {"type": "function", "name": "f"}},
        {"text": {"format": {"type": "text"}}},
        {"conversation": "conv_1"},
    ],
    ids=str,
)
def test_forms_that_clients_send_are_taken(changes: dict[str, Any]) -> None:
    assert refused(**changes) is None


# ---- What is refused ----


@pytest.mark.parametrize(
    ("changes", "expected"), [row[1:] for row in REFUSED], ids=[f"{row[0]}: {row[2][3]}" for row in REFUSED]
)
def test_what_does_not_fit_is_refused_in_the_services_words(changes: dict[str, Any], expected: Error) -> None:
    assert refused(**changes) == expected


@pytest.mark.parametrize("operation", sorted({"get_input_token_counts", "compact_conversation"} & set(BY_NAME)))
def test_the_other_bodies_are_refused_in_the_same_words(operation: str) -> None:
    for changes, param in ({"zzz": 1}, "zzz"), (item({}), "input[0]"), ({"instructions": 1}, "instructions"):
        found = request_error(operation, {**BODY, **changes})
        assert found is not None
        assert found.param == param


@pytest.mark.parametrize(
    ("operation", "query", "expected"),
    [
        ("get_response", {"limit": 5}, unknown("limit")),
        ("get_response", {"include[]": ["x"]}, no_value("x", INCLUDABLE, "include[][0]")),
        ("get_response", {"starting_after": "x"}, ill_typed("starting_after", "an integer", "a string")),
        ("get_response", {"stream": "maybe"}, ill_typed("stream", "a boolean", "a string")),
        ("list_input_items", {"limit": 0}, too_low("limit", 1, 0)),
        ("list_input_items", {"limit": 101}, too_high("limit", 100, 101)),
        ("list_input_items", {"order": "up"}, no_value("up", "'asc' and 'desc'", "order")),
        ("delete_response", {"limit": 5}, unknown("limit")),
    ],
)
def test_queries_are_refused_in_the_same_words(operation: str, query: dict[str, Any], expected: Error) -> None:
    found = query_error(operation, query)
    assert found is not None
    assert (found.status, found.message, found.type, found.param, found.code) == expected


@pytest.mark.parametrize(
    ("operation", "query", "expected"),
    [
        ("get_response", {"stream": "true", "starting_after": "7"}, {"stream": True, "starting_after": 7}),
        ("get_response", {"stream": "yes", "include_obfuscation": "false"},
         {"stream": "yes", "include_obfuscation": False}),
        ("get_response", {"starting_after": "-"}, {"starting_after": "-"}),
        ("list_input_items", {"limit": "2", "after": "3"}, {"limit": 2, "after": "3"}),
        ("list_runs", {"limit": "2", "order": "asc"}, {"limit": 2, "order": "asc"}),
        ("get_thread", {"limit": "2"}, {"limit": "2"}),
    ],
)  # fmt: skip
def test_a_query_has_types(operation: str, query: dict[str, Any], expected: dict[str, Any]) -> None:
    read = typed_query(operation, query)
    assert read == expected
    assert [type(value) for value in read.values()] == [type(value) for value in expected.values()]


@pytest.mark.parametrize("number", ["43", "43.0", "4.3e1"])
def test_a_whole_number_is_one_however_it_is_written(number: str) -> None:
    metadata = f'"tools": [{{"type": "function", "name": "f", "parameters": {{"maximum": {number}}}}}]'
    body = read_json(
        "create_response", f'{{"model": "m", "input": "x", "max_output_tokens": {number}, {metadata}}}'.encode()
    )

    assert repr(body["max_output_tokens"]) == "43"
    assert repr(body["tools"][0]["parameters"]["maximum"]) == repr(json.loads(number))


def test_an_answer_can_be_sent_back_as_it_came() -> None:
    assert refused(input=[USER, ASSISTANT, CALL, *ITEMS]) is None
