"""Scenario files become plain values: turns with their steps, where they stand, and what follows what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from emulator.apis.assistants.store import objects_of
from emulator.apis.http.errors import ApiError
from emulator.base.problems import EmulatorError, ScenarioError
from emulator.scenarios.conditions import CONDITIONS
from emulator.scenarios.loading import load_scenario, load_scenarios, parse_scenario, scenario_files
from emulator.scenarios.model import Scenario, Turn
from emulator.scenarios.steps.step import Step
from tests.support import SCENARIOS, InProcess

WEATHER = """\
version: 1
name: weather
description: Asks, then answers.
settings: {seed: 7, clock: skip, start: 2026-01-01T00:00:00Z, unmatched: fail, shapes: spec, polls: {queued: 2}}
given:
  assistants:
    - {id: asst_weather, model: gpt-4o, tools: [{type: function, function: {name: get_weather}}]}
  threads:
    - id: any id at all
      metadata: {user: ann}
      messages: [{role: user, content: hello, id: msg_1}]
      runs: [{assistant_id: asst_weather, status: failed, last_error: {code: server_error, message: No.}}]
turns:
  - name: asks
    when: {message: weather}
    times: 2
    usage: {prompt_tokens: 31}
    polls: {in_progress: 3}
    cancel: late
    steps:
      - call: {get_weather: {city: Paris}}
        expect: {get_weather: {type: object}}
        usage: {completion_tokens: 5}
      - say: {text: "It is {{ get_weather.celsius }}.", chunks: words}
        done: true
      - hold: approval
  - steps: [expire: true]
"""


def test_a_scenario_becomes_plain_values() -> None:
    scenario = parse_scenario(WEATHER, "dir/weather.yaml", "unused")
    assert (scenario.name, scenario.file) == ("weather", "dir/weather.yaml")
    assert scenario.settings == {
        "seed": 7, "clock": "skip", "start": "2026-01-01T00:00:00Z", "unmatched": "fail", "shapes": "spec",
        "polls": {"queued": 2},
    }  # fmt: skip
    assert list(scenario.given) == ["assistants", "threads"]
    assert scenario.turns == (
        Turn(
            name="asks",
            when={"message": "weather"},
            times=2,
            usage={"prompt_tokens": 31},
            polls={"in_progress": 3},
            cancels_late=True,
            scenario="weather",
            file="dir/weather.yaml",
            line=14,
            steps=(
                Step(
                    "call",
                    {"get_weather": {"city": "Paris"}},
                    {"expect": {"get_weather": {"type": "object"}}, "usage": {"completion_tokens": 5}},
                    line=21,
                ),
                Step(
                    "say",
                    {"text": "It is {{ get_weather.celsius }}.", "chunks": "words"},
                    {"done": True},
                    line=24,
                    stays_open=True,
                ),
                Step("hold", "approval", line=26),
            ),
        ),
        Turn(
            name="turn 2",
            steps=(Step("expire", True, line=27),),
            scenario="weather",
            file="dir/weather.yaml",
            line=27,
        ),
    )
    assert scenario.labels() == {"approval"}


@pytest.mark.parametrize(
    ("steps", "open_ones"),
    [
        ([{"say": "a"}], []),
        ([{"say": "a"}, {"say": "b"}], []),
        ([{"say": "a"}, {"wait": 1}, {"expire": True}], []),
        ([{"say": "a"}, {"hold": "x"}, {"say": "b"}], [0]),
        ([{"say": "a"}, {"fail": "c"}], [0]),
        ([{"say": "a"}, {"incomplete": "content_filter"}], [0]),
        ([{"refuse": "a"}, {"expire": True}], [0]),
        ([{"say": "a"}, {"call": {"f": {}}}, {"expire": True}], []),
    ],
    ids=str,
)
def test_a_message_directly_before_a_hold_or_an_end_stays_open(steps: list[Any], open_ones: list[int]) -> None:
    (turn,) = load_scenario({"turns": [{"steps": steps}]}).turns
    messages = [(number, step) for number, step in enumerate(turn.steps) if step.kind in ("say", "refuse")]
    assert [number for number, step in messages if step.stays_open] == open_ones


@pytest.mark.parametrize(
    ("text", "name"),
    [("version: 1\n", "file"), ("name: mine\n", "mine"), ("{}", "file")],
    ids=["no name", "a name", "nothing at all"],
)
def test_a_scenario_is_named_as_it_says_or_as_its_file(text: str, name: str, tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_text(text, "utf-8")
    assert load_scenario(file).name == name
    assert load_scenario(str(file)).file == str(file)


def test_a_scenario_can_be_a_dict() -> None:
    scenario = load_scenario({"name": "mine", "turns": [{"steps": [{"say": "hi"}]}]})
    assert (scenario.name, scenario.turns[0].steps[0].value) == ("mine", "hi")
    assert (scenario.turns[0].file, scenario.turns[0].line, scenario.turns[0].steps[0].line) == (None, None, None)


def test_yaml_and_json_of_the_same_scenario_mean_the_same() -> None:
    from_yaml = parse_scenario(WEATHER, "file")
    data = {"version": 1, "name": "weather", "settings": from_yaml.settings, "given": from_yaml.given}
    turns = [{"name": "a", "steps": [{"say": "caf\u00e9 \U0001f600\n"}]}]
    text = orjson.dumps({**data, "turns": turns}).decode()
    assert parse_scenario(text, "file").given == from_yaml.given
    assert parse_scenario(text, "file").turns[0].steps[0].value == "caf\u00e9 \U0001f600\n"


@pytest.mark.parametrize(
    "turns",
    [
        [{"name": "turn 2", "steps": []}, {"steps": []}],
        [{"steps": []}, {"name": "turn 1", "steps": []}],
    ],
    ids=["before", "after"],
)
def test_turns_of_one_scenario_never_share_a_name(turns: list[Any]) -> None:
    """They are counted by it: ``times`` of one would use up the other's."""
    try:
        names = [turn.name for turn in load_scenario({"turns": turns}).turns]
    except ScenarioError:
        return
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("where", ["metadata", "thread"])
def test_metadata_may_have_a_key_called_matches(where: str) -> None:
    """It is text to be equal to, not a regular expression."""
    metadata = {"matches": "(", "equals": "["}
    when = {"metadata": metadata} if where == "metadata" else {"thread": {"metadata": metadata}}
    assert load_scenario({"turns": [{"when": when, "steps": []}]}).turns[0].when == when


@pytest.mark.parametrize("depth", [90, 150, 800])
def test_arguments_of_any_depth_are_loaded_or_refused(depth: int) -> None:
    nested: Any = {}
    for _ in range(depth):
        nested = {"a": nested}
    scenario = {"turns": [{"steps": [{"call": {"f": nested}}]}]}
    if depth < 100:
        assert load_scenario(scenario).turns
    else:
        with pytest.raises(ScenarioError):
            load_scenario(scenario)


def test_a_function_s_own_path_is_no_local_file() -> None:
    call = {"open": {"path": "/tmp/x", "base64": "?", "files": [{"path": "y"}]}}
    assert load_scenario({"turns": [{"steps": [{"call": call}]}]}).turns[0].steps[0].value == call


def test_files_that_are_not_there_are_told_where_they_are_named() -> None:
    code = [{"input": "x", "files": [{"filename": "a.csv", "path": "nowhere.csv"}]}]
    with pytest.raises(ScenarioError) as refused:
        load_scenario({"turns": [{"steps": [{"code": code}]}]})
    assert "turns[0].steps[0].code[0].files[0].path: there is no file 'nowhere.csv'" in str(refused.value)


# ---- Files ----


def test_a_directory_stands_for_its_scenarios_by_name(tmp_path: Path) -> None:
    for name in ("b.yml", "a.yaml", "c.json", "notes.md"):
        (tmp_path / name).write_text("{}", "utf-8")
    assert [scenario.name for scenario in load_scenarios(tmp_path, {"name": "last"})] == ["a", "b", "c", "last"]
    assert [path.name for path in scenario_files(tmp_path, str(tmp_path / "a.yaml"))] == [
        "a.yaml", "b.yml", "c.json", "a.yaml",
    ]  # fmt: skip


def test_a_directory_without_scenarios_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("nothing", "utf-8")
    with pytest.raises(ScenarioError) as refused:
        load_scenarios(tmp_path)
    assert str(refused.value) == f"{tmp_path}: expected scenario files (.yaml, .yml, .json) in this directory"


def test_a_file_that_is_not_there_is_python_s_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_scenario(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("file", scenario_files(SCENARIOS), ids=lambda file: file.stem)
def test_every_bundled_scenario_loads_and_is_named_as_its_file(file: Path) -> None:
    scenario = load_scenario(file)
    assert scenario.name == file.stem
    assert scenario.turns


# ---- What a world makes of it ----


def world_with(*scenarios: Any) -> InProcess:
    api = InProcess()
    for scenario in scenarios:
        api.world.load(load_scenario(scenario))
    return api


def test_a_condition_of_every_kind_can_be_loaded_together() -> None:
    when = {
        "message": "x", "instructions": {"equals": "y"}, "model": {"matches": "z"}, "tools": ["f"], "assistant": "a",
        "thread": {"metadata": {"k": "v"}}, "metadata": {"k": {"matches": "v"}}, "run": 1,
    }  # fmt: skip
    assert set(when) == set(CONDITIONS)
    assert load_scenario({"turns": [{"when": when, "steps": []}]}).turns[0].when == when


def test_a_given_run_needs_an_assistant_that_is_there() -> None:
    """The test author learns of it, not the client: a response of the API has no place here."""
    thread = {"id": "thread_1", "runs": [{"assistant_id": "asst_nowhere"}]}
    with pytest.raises(EmulatorError, match="asst_nowhere"):
        world_with({"given": {"threads": [thread]}})


def test_given_objects_are_all_made_or_none() -> None:
    """Also while requests are served: what was there stays, and nothing half made is left."""
    api = InProcess()
    api.assistant()
    given = {
        "files": [{"id": "file_1", "filename": "a.md", "content": "a"}],
        "threads": [
            {"id": "thread_1", "messages": [{"role": "user", "content": "hi"}], "runs": [{"assistant_id": "asst_no"}]}
        ],
    }
    with pytest.raises(ScenarioError, match=r"<scenario>: given\.threads\[0\]: No assistant found with id 'asst_no'"):
        api.world.load(load_scenario({"given": given}))
    objects = objects_of(api.world)
    assert (len(objects.threads), len(api.world.store.files), len(objects.assistants)) == (0, 0, 1)


def test_settings_that_disagree_are_refused() -> None:
    with pytest.raises(ScenarioError, match=r"settings\.seed is 2 here, but 1 in <scenario>; they must agree"):
        world_with({"name": "a", "settings": {"seed": 1}}, {"name": "b", "settings": {"seed": 2}})


def test_what_is_refused_changes_nothing() -> None:
    api = world_with({"name": "a", "settings": {"seed": 1}, "turns": [{"steps": [{"say": "one"}]}]})
    before: tuple[Scenario, ...] = api.world.scenarios
    for bad in (
        {"name": "b", "settings": {"seed": 2}},
        {"name": "b", "given": {"threads": [{"id": "t", "runs": [{"assistant_id": "asst_nowhere"}]}]}},
    ):
        with pytest.raises((EmulatorError, ApiError)):
            api.world.load(load_scenario(bad))
        assert (api.world.scenarios, api.world.store.is_empty()) == (before, True)
