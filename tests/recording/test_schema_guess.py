"""The schema that is guessed from outputs: loose, and never wrong about what it was guessed from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.recordings.distil.schema_guess import either, guess
from emulator.sandbox.json_schema import Schema, reason, schema_error
from emulator.scenarios.steps.context import parsed

KEYS = st.sampled_from(["a", "b", "c", ""])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
OUTPUTS = (
    VALUES.map(json.dumps) | st.text(max_size=5) | st.sampled_from(["", "{", "NaN", "Infinity", '{"a":1,"a":"x"}'])
)


@settings(max_examples=300, deadline=None)
@given(st.lists(OUTPUTS, min_size=1, max_size=5))
def test_every_output_fits_what_was_guessed_from_it(outputs: list[str]) -> None:
    schema = guess(outputs)

    assert schema_error(schema) is None
    assert [reason(schema, parsed(output)) for output in outputs] == [None] * len(outputs)


@settings(max_examples=300, deadline=None)
@given(st.lists(OUTPUTS, min_size=1, max_size=3), st.lists(OUTPUTS, min_size=1, max_size=3))
def test_either_admits_both(ones: list[str], others: list[str]) -> None:
    schema = either(guess(ones), guess(others))

    assert [reason(schema, parsed(output)) for output in ones + others] == [None] * len(ones + others)


@given(st.lists(OUTPUTS, min_size=1, max_size=4))
def test_what_was_known_is_only_widened(outputs: list[str]) -> None:
    assert guess(outputs[1:], guess(outputs[:1])) == guess(outputs)


NUMBER: Schema = {"type": "number"}


@pytest.mark.parametrize(
    ("outputs", "schema"),
    [
        (["1", "2.5"], NUMBER),
        (["true"], {"type": "boolean"}),
        (["null"], {"type": "null"}),
        (["sunny"], {"type": "string"}),
        (['"sunny"', "1"], {"type": ["string", "number"]}),
        (["[1, {}]"], {"type": "array"}),
        (["{}"], {"type": "object"}),
        (['{"a": 1}'], {"type": "object", "required": ["a"], "properties": {"a": NUMBER}}),
        (['{"a": null}'], {"type": "object", "required": ["a"], "properties": {"a": {}}}),
        (['{"a": null}', '{"a": 1}'], {"type": "object", "required": ["a"], "properties": {"a": {}}}),
        (['{"a": 1}', '{"b": 1}'], {"type": "object", "properties": {"a": NUMBER, "b": NUMBER}}),
        (['{"a": 1, "b": 2}', '{"b": "x"}'],
         {"type": "object", "required": ["b"], "properties": {"a": NUMBER, "b": {"type": ["number", "string"]}}}),
        (['{"a": {"b": {"c": 1}}}'],
         {"type": "object", "required": ["a"], "properties": {
             "a": {"type": "object", "required": ["b"], "properties": {"b": {"type": "object"}}}}}),
        (['{"a": 1}', "[]"], {"type": ["object", "array"]}),
        ([], {}),
    ],
)  # fmt: skip
def test_types_and_keys_are_told_and_nothing_else(outputs: list[str], schema: Schema) -> None:
    assert guess(outputs) == schema


@pytest.mark.parametrize("other", [NUMBER, {"type": "object", "required": ["a"]}, {}])
def test_what_admits_all_goes_on_to(other: Any) -> None:
    assert either({}, other) == either(other, {}) == {}
