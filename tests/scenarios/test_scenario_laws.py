"""Laws of scenario files: whatever they say, they load or are refused whole, each problem with its place."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.base.problems import ScenarioError
from emulator.scenarios.document import parse
from emulator.scenarios.loading import check_document, load_scenario, parse_scenario
from emulator.scenarios.model import Scenario
from emulator.scenarios.schema import SCENARIO
from emulator.scenarios.steps import STEP_KINDS
from emulator.world.options import Options
from emulator.world.world import World
from tests.fuzz.mutate import mutated
from tests.support import SCENARIOS

BUNDLED = {path.stem: path for path in sorted(SCENARIOS.glob("*.yaml"))}
TEXTS = {name: path.read_text("utf-8") for name, path in BUNDLED.items()}
OTHERS = ("settings", "given", "indexing", "faults", "stubs")


def loaded(text: str) -> Scenario | None:
    """The scenario in a text; None for one that is refused, with lines and columns that are in it."""
    try:
        scenario = parse_scenario(text, "law.yaml", "law", dict.fromkeys("ab", b"x"))
    except ScenarioError as error:
        problems = error.problems
    else:
        with suppress(ScenarioError):  # what it gives may not go together, which needs no place
            World(Options(), (scenario,))
        return scenario
    assert problems
    for problem in problems:
        check_place(problem, text)
    return None


def check_place(problem: str, text: str) -> None:
    found = re.match(r"law\.yaml:(\d+):(\d+): \S", problem)
    assert found, problem
    line, column = map(int, found.groups())
    for end in ("\r\n|[\n\r\x85\u2028\u2029]", "\n"):  # as YAML counts them, or JSON
        lines = re.split(end, text)
        if 1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 2:
            return
    pytest.fail(f"no such place: {problem}")


def said(scenario: Scenario) -> Any:
    """All of a scenario but its places."""
    turns = [
        (one.name, one.when, one.times, one.usage, one.polls, one.cancels_late,
         [(step.kind, step.value, step.beside, step.stays_open) for step in one.steps])
        for one in scenario.turns
    ]  # fmt: skip
    faults = [one.as_json() for one in scenario.faults]
    return scenario.name, scenario.settings, scenario.given, scenario.indexing, scenario.stubs, faults, turns


# ---- Any text ----


@given(st.text())
@example("")
@example("\ufeff")
@example("a: &a [*a]")
@example("\r0\x1f")
@example("- \x00")
@example("turns: [{steps: [{say: \ud800}]}]")
@example("{" * 300)
@example("[" * 100_000)
@example("- " * 20_000)
@example("? " * 3_000)
@example("a:\r\n\tb: c\r\n")
@example("version: 1\u2028turns: x")
@settings(max_examples=50, deadline=None)
def test_any_text_is_loaded_or_refused_with_a_report(text: str) -> None:
    loaded(text)


_WORDS = st.sampled_from(
    [*SCENARIO["properties"], *STEP_KINDS, "steps", "when", ": ", "- ", "\n", "\n  ", "{", "}", "[", "]", "&a ", "*a",
     "!!str ", "|", ">-", "'", '"', "# ", "{{ ", " }}", "{% ", "1", "true", "\t"]
)  # fmt: skip


@given(st.lists(_WORDS | st.text(max_size=3), max_size=30).map("".join))
@settings(max_examples=50, deadline=None)
def test_any_sequence_of_keywords_is_loaded_or_refused_with_a_report(text: str) -> None:
    loaded(text)


@given(st.binary())
@settings(max_examples=50, deadline=None)
def test_any_bytes_in_a_file_are_loaded_or_refused_with_a_report(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "law.yaml"
    file.write_bytes(raw)
    problems: list[str] = []
    try:
        load_scenario(file)
    except ScenarioError as error:
        problems = error.problems
    assert [one for one in problems if not re.match(rf"{re.escape(str(file))}:\d+:\d+: \S", one)] == []


# ---- Any tree ----

KEYS = st.sampled_from([*SCENARIO["properties"], *STEP_KINDS, "steps", "when", "message", "text", "id", "kind", "on"])
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
_STEP = st.dictionaries(st.sampled_from(list(STEP_KINDS)), TREES, min_size=1, max_size=2)
STEPS = st.lists(_STEP, min_size=1, max_size=3)
SHAPED = st.fixed_dictionaries(
    {"version": st.just(1), "turns": st.lists(st.fixed_dictionaries({"steps": STEPS}), max_size=2)},
    optional=dict.fromkeys(OTHERS, TREES),
)


@given(TREES | SHAPED)
@settings(max_examples=50, deadline=None)
def test_any_tree_in_yaml_and_in_json(tree: Any) -> None:
    """In either it means the same, or is refused."""
    with_escapes = json.dumps(tree)
    as_yaml = yaml.safe_dump(json.loads(with_escapes), allow_unicode=True)

    from_json, from_yaml = loaded(with_escapes), loaded(as_yaml)

    if from_json is not None and from_yaml is not None:
        assert said(from_json) == said(from_yaml)


# ---- Valid ones, changed ----


@pytest.mark.parametrize("name", TEXTS)
@given(seed=st.integers(0, 2**32))
@example(seed=96757)  # a number that is written as 1e+16
@settings(max_examples=25, deadline=None)
def test_a_scenario_with_a_value_changed(name: str, seed: int) -> None:
    changed = mutated(json.dumps(parse(TEXTS[name], name).data).encode(), Random(seed))
    assert changed is not None

    scenario = loaded(changed.decode())

    if scenario is not None:
        survives_dump(scenario, parse(changed.decode(), "law.yaml").data)


@pytest.mark.parametrize("name", TEXTS)
@given(st.data())
@settings(max_examples=25, deadline=None)
def test_a_scenario_with_its_text_changed(name: str, data: st.DataObject) -> None:
    text = TEXTS[name]
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(begin + 40, len(text))))

    loaded(text[:begin] + data.draw(_WORDS | st.text(max_size=4)) + text[end:])


@pytest.mark.parametrize("name", TEXTS)
def test_a_scenario_cut_anywhere(name: str) -> None:
    text = TEXTS[name]
    for end in range(0, len(text), max(1, len(text) // 60)):
        loaded(text[:end])


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_scenario_survives_dump_and_load(name: str) -> None:
    scenario = load_scenario(BUNDLED[name])

    survives_dump(scenario, parse(TEXTS[name], name).data)


def survives_dump(scenario: Scenario, data: Any) -> None:
    """What is loaded means the same when it was written anew, as JSON and as YAML."""
    for text in (json.dumps(data), json.dumps(data, indent=2, ensure_ascii=False), _as_yaml(data)):
        document = parse(text, "law.yaml")
        assert document.data == data
        assert said(check_document(document, scenario.name, scenario.contents)) == said(scenario)


def _as_yaml(data: Any) -> str:
    """With every text in quotes: YAML 1.1, which the library writes, knows more that is no text."""
    text: str = yaml.dump(data, Dumper=_Quoting, allow_unicode=True, width=2**20)
    return text


class _Quoting(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')


def _number(dumper: yaml.SafeDumper, number: float) -> yaml.ScalarNode:
    """YAML 1.1 takes 1e+16 for text, and the library would put a tag to it; 1.0e+16 is a number for both."""
    written = json.dumps(number)
    return dumper.represent_scalar(
        "tag:yaml.org,2002:float", written if "." in written else written.replace("e", ".0e")
    )


_Quoting.add_representer(str, _quoted)
_Quoting.add_representer(float, _number)


def test_the_samples_are_there() -> None:
    assert len(BUNDLED) == len(list(Path(SCENARIOS).glob("*.yaml"))) > 10
