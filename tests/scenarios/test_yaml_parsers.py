"""libyaml reads scenarios, PyYAML's parser in Python stands in for it: the same values, places and refusals."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.base.problems import ScenarioError
from emulator.recordings.distil.yaml_writer import write
from emulator.scenarios import document, yaml_parsers
from emulator.scenarios.document import Document, parse
from tests.support import SCENARIOS

without_libyaml = pytest.MonkeyPatch.context


def in_c(text: str) -> Document:
    return parse(text, "file.yaml")


def in_python(text: str) -> Document:
    with without_libyaml() as patch:
        patch.delattr(yaml, "CSafeLoader")
        return parse(text, "file.yaml")


def refusals(text: str) -> list[list[str]]:
    found = []
    for read in (in_c, in_python):
        with pytest.raises(ScenarioError) as refused:
            read(text)
        found.append(refused.value.problems)
    return found


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(inner for key, one in items for inner in paths(one, (*path, key)))]


def same(text: str) -> None:
    ours, theirs = parse(text, "file.yaml"), in_python(text)
    assert ours.data == theirs.data
    for path in paths(ours.data):
        assert ours.place(path) == theirs.place(path), path


@pytest.mark.parametrize("file", sorted(SCENARIOS.glob("*.yaml")), ids=lambda file: file.stem)
def test_both_parsers_read_the_bundled_scenarios(file: Any) -> None:
    same(file.read_text("utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "a: &x {b: [1, 2]}\nc: *x\nd: [*x, {*x : 1}]\n".replace(", {*x : 1}", ""),
        "a: &k key\n*k : 1\n",
        "a: |+\n  x\n\nb: >-\n  y\n  z\n",
        'a: "\\ud83d\\ude00"\n',
        "\ufeff# mark\nü: 'é'\n",
        "? a\n: b\n",
        "a:\r\n  - b\r\n",
    ],
)
def test_both_parsers_read_the_odd_parts_of_the_language(text: str) -> None:
    same(text)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12) | st.sampled_from(
    [
        "a: b",
        "- x",
        "{{ x }}",
        "# no",
        " lead",
        "tail ",
        "two\nlines\n",
        "@home",
        "no",
        "1e3",
        "'",
        '"',
        "\t",
        "&a",
        "*a",
        "|",
    ]
)
STEPS = st.lists(st.dictionaries(TEXTS, TEXTS), max_size=2)
TURNS = st.lists(st.fixed_dictionaries({"name": TEXTS, "steps": STEPS}), min_size=1, max_size=3)
DOCUMENTS = st.fixed_dictionaries({"turns": TURNS})


@given(DOCUMENTS)
@settings(deadline=None, max_examples=40)
def test_both_parsers_read_what_import_writes(data: Any) -> None:
    text = write({"version": 1, **data}, about="law")
    assert parse(text, "file.yaml").data == {"version": 1, **data}
    same(text)


@pytest.mark.parametrize(
    "text", ["a: b: c", "a: [1, 2", "say: @home", "a: 1\na: 2", "a: *x", "a: &x [*x]", "a: !foo 1", "a: 1\n---\nb: 2"]
)
def test_both_parsers_refuse_in_the_same_words(text: str) -> None:
    ours, theirs = refusals(text)
    assert ours == theirs


# ---- Without libyaml ----


def test_that_libyaml_is_missing_is_said_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    yaml_parsers.warn_without_libyaml.cache_clear()
    monkeypatch.delattr(yaml, "CSafeLoader")
    for _ in range(2):
        parse("version: 1", "file.yaml")

    assert capsys.readouterr().err.count("this PyYAML was built without libyaml") == 1


@pytest.mark.parametrize(
    ("limit", "report"),
    [
        ("MAX_PYTHON_VALUES", "file.yaml:1:8: expected at most 4 values of YAML where PyYAML has no libyaml"),
        ("MAX_PYTHON_YAML", "file.yaml:1:1: expected at most 4 characters of YAML where PyYAML has no libyaml"),
    ],
)
def test_the_parser_in_python_reads_less(limit: str, report: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_parsers, limit, 4)
    assert parse("a: [1, 2, 3, 4]", "file.yaml").data == {"a": [1, 2, 3, 4]}
    with pytest.raises(ScenarioError, match=report):
        in_python("a: [1, 2, 3, 4]")


def test_an_error_in_a_text_that_is_too_large_to_be_read_again_is_that_of_libyaml(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(yaml_parsers, "MAX_PYTHON_VALUES", 2)
    with pytest.raises(ScenarioError, match=r"file\.yaml:2:5: not readable as YAML: mapping values are not allowed"):
        parse("a: [1, 2, 3]\nb: c: d", "file.yaml")


def test_a_scenario_has_at_most_so_many_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_SCENARIO_YAML", 10)
    with pytest.raises(ScenarioError, match="expected at most 10 characters of YAML; JSON may be longer"):
        parse("version: 1\n", "file.yaml")
