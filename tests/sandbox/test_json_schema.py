"""Why a value does not fit a schema, and why a schema cannot be used; no schema of a client or scenario raises."""

from __future__ import annotations

import urllib.request
from typing import Any

import pytest

from emulator.sandbox.json_schema import breaches, dotted, reason, schema_error

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.mark.parametrize(
    ("schema", "value", "sentence"),
    [
        (CITY, {"city": "Paris"}, None),
        (CITY, {"city": 5}, "city: 5 is not of type 'string'"),
        (CITY, {}, "'city' is a required property"),
        (CITY, "Paris", "'Paris' is not of type 'object'"),
        ({"items": CITY}, [{"city": "x"}, {"city": 1}], "[1].city: 1 is not of type 'string'"),
        ({}, [1, None], None),
        (True, "anything", None),
        (False, "anything", "nothing fits here"),
        ({"type": "strin"}, 5, None),
        ({"type": 5}, 5, None),
        (None, 5, None),
        ("text", 5, None),
    ],
    ids=str,
)
def test_the_reason_why_a_value_does_not_fit(schema: Any, value: Any, sentence: str | None) -> None:
    assert reason(schema, value) == sentence


def test_the_first_reason_in_the_order_of_places_is_told() -> None:
    schema = {"properties": {"b": {"type": "string"}, "a": {"type": "string"}}}
    assert reason(schema, {"b": 1, "a": 2}) == "a: 2 is not of type 'string'"


@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": "("},
        {"patternProperties": {"(": {}}},
        {"$ref": "#/$defs/nowhere"},
        {"$ref": "nowhere.json"},
        {"$ref": "#"},
        {"$dynamicRef": "#nowhere"},
        {"$ref": 5},
        {"allOf": [{"$ref": "#"}]},
    ],
    ids=str,
)
@pytest.mark.parametrize("value", ["text", {"key": "text"}], ids=["text", "object"])
def test_a_schema_that_cannot_be_used_never_raises(schema: Any, value: Any) -> None:
    """Schemas come from clients (a function's ``parameters``) and scenarios (``expect``): they may be anything."""
    assert reason(schema, value) is None or isinstance(reason(schema, value), str)


def test_nothing_is_fetched_for_a_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []

    def fetch(request: Any, *_: Any, **__: Any) -> Any:
        fetched.append(getattr(request, "full_url", request))
        raise OSError("no network here")

    monkeypatch.setattr(urllib.request, "urlopen", fetch)
    try:
        reason({"$ref": "http://127.0.0.1:9/schema.json"}, "text")
    except Exception as error:  # that it raises is another test's matter
        print(error)
    assert fetched == []


@pytest.mark.parametrize(
    ("schema", "is_error"),
    [(CITY, False), ({}, False), (True, False), ({"type": "strin"}, True), ({"required": "city"}, True), (5, True),
     ({"$ref": "#/$defs/nowhere"}, True),
     ({"properties": {"a": {"items": {"$ref": "b.json"}}}}, True), ({"$ref": "#"}, True),
     ({"enum": [{"$ref": "nowhere"}]}, False), ({"properties": {"next": {"$ref": "#"}}}, False),
     ({"then": {"$ref": "#"}, "if": {"type": "object"}}, True), ({"type": "string", "$ref": "#/type"}, True),
     ({"minimum": "1"}, True), ({"minimumm": 1}, False)], ids=str
)  # fmt: skip
def test_an_error_says_why_a_value_is_no_schema(schema: Any, is_error: bool) -> None:
    assert bool(schema_error(schema)) is is_error


@pytest.mark.parametrize(
    ("path", "words"),
    [([], ""), (["a"], "a"), (["a", 0, "b"], "a[0].b"), ([1, 2], "[1][2]"), (["a", "b"], "a.b")],
    ids=str,
)
def test_a_path_in_words(path: list[Any], words: str) -> None:
    assert dotted(path) == words


def test_a_breach_tells_where_which_keyword_and_what_came() -> None:
    (breach,) = breaches({"properties": {"n": {"type": "integer", "minimum": 1}}}, {"n": 0})
    found = (breach.path, breach.keyword, breach.expected, breach.found, breach.schema, breach.of_name)
    assert found == (["n"], "minimum", 1, 0, {"type": "integer", "minimum": 1}, False)


def test_a_breach_of_a_property_s_name_says_so() -> None:
    (breach,) = breaches({"propertyNames": {"maxLength": 2}}, {"long": 1})
    assert (breach.keyword, breach.found, breach.of_name) == ("maxLength", "long", True)


def test_every_breach_is_told() -> None:
    schema = {"properties": {key: {"type": "string"} for key in "abc"}, "additionalProperties": False}
    found = breaches(schema, {"a": 1, "b": 2, "c": "x", "d": 4})
    assert sorted((breach.keyword, breach.path) for breach in found) == [
        ("additionalProperties", []), ("type", ["a"]), ("type", ["b"]),
    ]  # fmt: skip
