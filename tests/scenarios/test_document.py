"""Reads YAML 1.2 and JSON: what is typed, what is refused, and where everything stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.base.limits import MAX_SCENARIO_VALUES, MAX_YAML_DEPTH
from emulator.base.problems import ScenarioError
from emulator.scenarios.document import from_data, parse, path_in_words
from emulator.scenarios.loading import load_scenario


def data(text: str) -> Any:
    return parse(text, "file.yaml").data


def refused(text: str) -> str:
    with pytest.raises(ScenarioError) as error:
        parse(text, "file.yaml")
    (problem,) = error.value.problems
    return problem


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("", None),
        ("0", 0),
        ("1", 1),
        ("-1", -1),
        ("1.5", 1.5),
        ("-0.25", -0.25),
        ("1e3", 1000.0),
        ("1E+3", 1000.0),
        ("1.5e-3", 0.0015),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("True", "True"),
        ("TRUE", "TRUE"),
        ("Null", "Null"),
        ("~", "~"),
        ("0123", "0123"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("+1", "+1"),
        (".5", ".5"),
        ("1.", "1."),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1:30", "1:30"),
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("''", ""),
        ("!!str 12", "12"),
        ("!!str true", "true"),
        ("=", "="),
        ("two words", "two words"),
        ("a # a comment", "a"),
    ],
)
def test_only_true_false_null_and_plain_numbers_are_typed(written: str, value: Any) -> None:
    found = data(f"key: {written}\n")["key"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("key: |\n  one\n  two\n", "one\ntwo\n"),
        ("key: |-\n  12\n", "12"),
        ("key: >\n  one\n  two\n", "one two\n"),
        ("key: |+\n  one\n\n", "one\n\n"),
        ('key: "caf\\u00e9 \\r\\n\\t"', "caf\u00e9 \r\n\t"),
        ("key: caf\u00e9 \U0001f600", "caf\u00e9 \U0001f600"),
        ('key: "\\ud83d\\ude00"', "\U0001f600"),
        ('key: "\\ud83d"', "\ufffd"),
        ('key: "{{ message }}"', "{{ message }}"),
        ("key: It is {{ n }}.", "It is {{ n }}."),
        ("key: {a: [1, no], b: {}}", {"a": [1, "no"], "b": {}}),
        ("base: &b {a: 1}\nkey: *b\n", {"a": 1}),
        ("\ufeffkey: 1", 1),
        ("---\nkey: 1\n...\n", 1),
        ("%YAML 1.2\n---\nkey: no\n", "no"),
        ("key:\r\n  - 1\r\n", [1]),
    ],
    ids=str,
)
def test_text_keeps_its_characters(text: str, value: Any) -> None:
    assert data(text)["key"] == value


@pytest.mark.parametrize(
    ("text", "keys"),
    [("true: 1", ["true"]), ("1: 1", ["1"]), ("null: 1", ["null"]), ("no: 1", ["no"]), ("<<: 1", ["<<"])],
    ids=str,
)
def test_keys_are_text(text: str, keys: list[str]) -> None:
    assert list(data(text)) == keys


# ---- JSON ----

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), JSON_VALUES), st.sampled_from([None, 2, "\t"]))
@settings(deadline=None, max_examples=50)
def test_any_json_means_what_it_says(value: Any, indent: Any) -> None:
    assert data(json.dumps(value, indent=indent)) == value
    assert data(json.dumps(value, indent=indent, ensure_ascii=False)) == value
    assert from_data(value).data == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        ('{\n\t"a":\t1\n}', {"a": 1}),
        ('\n\n {"a": 1.0}', {"a": 1.0}),
        ('{"a": "\\/ \\u2028"}', {"a": "/ \u2028"}),
        ('\ufeff{"a": 1}', {"a": 1}),
        ('\ufeff{\n\t"a": 1\n}', {"a": 1}),
        ("{a: 1, b: no}", {"a": 1, "b": "no"}),
    ],
    ids=[
        "surrogate pair",
        "tabs",
        "space before",
        "escapes",
        "byte order mark",
        "mark and tabs",
        "a YAML flow mapping",
    ],
)
def test_json_is_read_as_json(text: str, value: Any) -> None:
    assert data(text) == value


def test_json_has_places_too() -> None:
    document = parse('{\n  "turns": [\n    {"steps": [{"say": "x"}]}\n  ]\n}', "file.json")
    assert document.place(("turns", 0, "steps", 0, "say")) == (3, 17)


def test_json_with_tabs_has_places_too() -> None:
    document = parse('{\n\t"turns": [\n\t\t{"name": "x"}\n\t]\n}', "file.json")
    assert document.place(("turns", 0, "name")) == (3, 4)


# ---- What is refused ----


@pytest.mark.parametrize("tag", ["!foo", "!!int", "!!set", "!!python/none"])
def test_a_tag_that_says_something_else_is_refused(tag: str) -> None:
    assert refused(f"key: {tag} 12").startswith(f"file.yaml:1:6: expected no tag but !!str, got {tag}")


@pytest.mark.parametrize("number", [-(2**63), 2**64 - 1, 1.7e308, 5e-324])
def test_numbers_up_to_64_bits_are_kept(number: float) -> None:
    assert data(f"key: {number}") == data(f'{{"key": {number}}}') == {"key": number}


@pytest.mark.parametrize(
    ("text", "report"),
    [
        ('{"a": nul}}', "file.yaml:1:11: not readable as YAML: "),
        ('{"a": 1,, "b": 2}', "file.yaml:1:9: not readable as "),
        ('{"a":\t1 "b"}', "file.yaml:1:9: not readable as JSON: expected ',' or '}'"),
        ('{"a":\t1}\n{}', "file.yaml:2:1: not readable as "),
        ('{"a":\t"\\x"}', "file.yaml:1:"),
        ('{\n\t"a": 01\n}', "file.yaml:2:7: not readable as JSON: expected a value"),
    ],
)
def test_text_that_is_neither_json_nor_yaml_is_told_by_what_got_further(text: str, report: str) -> None:
    assert refused(text).startswith(report)


LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "report"),
    [
        ("", "file.yaml:1:1: the file is empty; expected a scenario"),
        ("# nothing but a comment\n", "file.yaml:1:1: the file is empty; expected a scenario"),
        ("a: 1\nb: 2\na: 3\n", "file.yaml:3:1: the key 'a' stands here twice"),
        ("t:\n  - {a: 1, 'a': 2}", "file.yaml:2:12: the key 'a' stands here twice"),
        ('{"a": 1,\n "a": 2}', "file.yaml:2:2: the key 'a' stands here twice"),
        ('{"t": [{"a": 1, "a": 2}]}', "file.yaml:1:17: the key 'a' stands here twice"),
        ("a: &x [*x]", "file.yaml:1:4: this alias contains itself"),
        ("a: &x\n  b: {c: *x}", "file.yaml:1:4: this alias contains itself"),
        ("a: *nowhere", "file.yaml:1:4: not readable as YAML: found undefined alias 'nowhere'"),
        (LAUGHS, f"expected at most {MAX_SCENARIO_VALUES} values, aliases counted as often as used"),
        ("a: " + "[" * 150 + "]" * 150, f"file.yaml:1:104: expected at most {MAX_YAML_DEPTH} levels"),
        ("a: " + "[" * 5000 + "]" * 5000, f"expected at most {MAX_YAML_DEPTH} levels"),
        ('{"a": ' + "[" * 150 + "]" * 150 + "}", f"file.yaml:1:107: expected at most {MAX_YAML_DEPTH} levels"),
        ('{"a": ' + "[" * 5000 + "]" * 5000 + "}", f"expected at most {MAX_YAML_DEPTH} levels"),
        ("say: {{ message }}", "file.yaml:1:7: expected a key, got a mapping or list; a template such as "
                               "{{ message }} stands in quotes"),
        ("a: [1, 2", "file.yaml:1:9: not readable as YAML: while parsing a flow sequence"),
        ("a: b: c", "file.yaml:1:5: not readable as YAML: mapping values are not allowed here"),
        ("a:\n\tb: 1", "file.yaml:2:1: not readable as YAML: while scanning for the next token found character"),
        ("say: @home", "file.yaml:1:6: not readable as YAML: while scanning for the next token found character '@'"),
        ("a: 1\n---\nb: 2", "file.yaml:2:1: not readable as YAML: expected a single document in the stream"),
        ('key: "a\x07b"', "file.yaml:1:8: "),
        ("a: " + "9" * 5000, "file.yaml:1:4: expected a number of at most 64 bits; if this is text, put it in quotes"),
        ("a: 1e999", "file.yaml:1:4: expected a number of at most 64 bits; if this is text, put it in quotes"),
    ],
    ids=["empty", "comment", "duplicate key", "duplicate in flow", "duplicate in JSON", "duplicate deep in JSON",
         "alias in itself", "alias deep in itself", "unknown alias", "a billion laughs", "deep", "very deep",
         "deep JSON", "very deep JSON", "template", "open list", "two colons", "tab", "reserved character",
         "two documents", "control character", "number of 5000 digits", "infinite number"],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_its_place(text: str, report: str) -> None:
    assert report in refused(text)


@pytest.mark.parametrize("text", ["a: [1, 2", "say: @home", "say: 'it's'", "say: what: now"])
def test_what_is_unreadable_is_perhaps_text_without_quotes(text: str) -> None:
    assert refused(text).endswith("; if this is text, put it in quotes")


@pytest.mark.parametrize("text", ['{\n\t"a": 1,\n\t"b": [}\n}', '{\n  "a": 1,\n  "b": [}\n}'], ids=["tabs", "spaces"])
def test_broken_json_is_reported_where_it_breaks(text: str) -> None:
    assert refused(text).startswith("file.yaml:3:")


def test_a_file_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("name: caf\u00e9".encode("latin-1"))
    with pytest.raises(ScenarioError, match=r"latin\.yaml:1:1: expected UTF-8 text"):
        load_scenario(path)


@pytest.mark.parametrize(
    "value", [{"a": {1, 2}}, {"a": object()}, {1: "a"}, {"a": 2**70}], ids=["set", "object", "key", "number"]
)
def test_data_that_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(ScenarioError, match="<scenario>:1:1: a scenario is made of JSON values"):
        from_data(value)


# ---- Places ----

PLACES = """\
name: x
turns:
  - name: first
    steps:
      - say: hello
      - call: {f: {a: [1, {b: 2}]}}
  -   steps: []
"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), (1, 1)),
        (("name",), (1, 1)),
        (("turns",), (2, 1)),
        (("turns", 0), (3, 5)),
        (("turns", 0, "steps"), (4, 5)),
        (("turns", 0, "steps", 0), (5, 9)),
        (("turns", 0, "steps", 1, "call", "f"), (6, 16)),
        (("turns", 0, "steps", 1, "call", "f", "a", 1), (6, 27)),
        (("turns", 0, "steps", 1, "call", "f", "a", 1, "b"), (6, 28)),
        (("turns", 1), (7, 7)),
        (("turns", 0, "missing"), (3, 5)),
        (("turns", 9, "steps"), (2, 1)),
        (("nowhere", "at", "all"), (1, 1)),
    ],
    ids=str,
)
def test_a_place_is_that_of_the_key_or_item_or_what_is_around_it(path: Any, place: tuple[int, int]) -> None:
    document = parse(PLACES, "file.yaml")
    assert (document.place(path), document.line(path)) == (place, place[0])


@pytest.mark.parametrize(
    ("path", "report"),
    [
        (("turns", 0, "name"), "file.yaml:3:5: turns[0].name: no"),
        ((), "file.yaml:1:1: no"),
    ],
    ids=str,
)
def test_a_report_begins_with_file_line_and_column(path: Any, report: str) -> None:
    assert parse(PLACES, "file.yaml").report(path, "no") == report


@pytest.mark.parametrize(
    ("path", "words"), [((), ""), (("a",), "a"), (("a", 0, "b", 1, 2), "a[0].b[1][2]"), ((0, "a"), "[0].a")], ids=str
)
def test_a_path_in_words(path: Any, words: str) -> None:
    assert path_in_words(path) == words
