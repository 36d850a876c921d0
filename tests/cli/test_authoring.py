"""What helps to write scenarios: the published schema, rehearsals, and reloading while the server runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from emulator import Control
from emulator.base.problems import ScenarioError
from emulator.cli.main import main
from emulator.cli.rehearsal import rehearse
from emulator.cli.watching import Change, Watcher
from emulator.scenarios.document import parse
from emulator.scenarios.loading import load_scenario
from emulator.scenarios.published_schema import published_schema
from emulator.world.worlds import Worlds
from tests import golden
from tests.support import GOLDEN, SCENARIOS, Api

BUNDLED = sorted(SCENARIOS.rglob("*.yaml"))


# ---- The published schema ----


def test_the_schema_is_one_and_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    Draft202012Validator.check_schema(published_schema())

    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == published_schema()


@pytest.mark.parametrize("file", BUNDLED, ids=lambda path: path.stem)
def test_bundled_scenarios_fit_the_published_schema(file: Path) -> None:
    data = parse(file.read_text(), file.name).data

    assert [error.message for error in Draft202012Validator(published_schema()).iter_errors(data)] == []


@pytest.mark.parametrize(
    "data",
    [
        {"turns": [{"steps": [{"sya": "x"}]}]},
        {"turns": [{"steps": [{"say": 3}]}]},
        {"turns": [{"when": {"mesage": "x"}, "steps": []}]},
        {"faults": [{"kind": "delay", "operation": "create_run"}]},
        {"faults": [{"kind": "error", "operation": "create_runs"}]},
        {"stubs": [{"request": "moderations"}]},
        {"settings": {"clock": "slow"}},
    ],
    ids=str,
)
def test_what_the_loader_refuses_the_schema_refuses_too(data: dict[str, Any]) -> None:
    with pytest.raises(ScenarioError):
        load_scenario(data)
    assert not Draft202012Validator(published_schema()).is_valid(data)


# ---- Rehearsals ----


def test_a_rehearsal_shows_the_events_of_each_turn(tmp_path: Path) -> None:
    (tmp_path / "story.yaml").write_text(
        """
name: story
given: {files: [{filename: menu.md, content: "Pizza costs 8 euros."}]}
turns:
  - name: tools
    when: {message: menu}
    steps:
      - search: {results: [{file: menu.md, text: Pizza, score: 0.5}]}
      - call: {order: {dish: pizza}}
        expect: {order: {type: object, required: [number], properties: {number: {type: integer}}}}
      - hold: kitchen
      - say: Order {{ order.number }}.
  - name: too slow
    steps: [{call: {f: {}}}, {expire: true}]
  - name: not possible
    steps: [{say: "{{ nothing }}"}]
"""
    )

    told = "\n\n".join(map(str, rehearse(load_scenario(tmp_path / "story.yaml")))).replace(str(tmp_path), "…")

    golden.expect(GOLDEN / "rehearsal.txt", told.encode() + b"\n")


def test_the_bundled_scenarios_can_be_played() -> None:
    assert main(["check", "--play", str(SCENARIOS)]) == 0


# ---- Reloading ----


def greeting(say: str, **more: Any) -> str:
    return json.dumps({**more, "turns": [{"steps": [{"say": say}]}]})


def test_a_watcher_loads_what_changed_and_keeps_the_old_of_a_bad_file(tmp_path: Path) -> None:
    file, more, namesake = tmp_path / "greeting.yaml", tmp_path / "more.yaml", tmp_path / "namesake.yaml"
    file.write_text(greeting("old"))
    changes: list[Change] = []
    told: list[str] = []
    watcher = Watcher([str(tmp_path)], changes.append, told.append)

    watcher.poll()
    file.write_text(greeting("new and longer"))
    watcher.poll()
    file.write_text("turns: [{steps: [{sai: bad}]}]")
    watcher.poll()
    file.write_text(greeting("renamed", name="other"))
    more.write_text("turns: []")
    watcher.poll()
    namesake.write_text("name: other")
    watcher.poll()
    file.unlink()
    namesake.write_text("name: other\nturns: []")
    watcher.poll()

    assert [(one.path, one.name, one.scenario.name) for one in changes] == [
        (file, "greeting", "greeting"),
        (file, "greeting", "other"),
        (more, None, "more"),
        (namesake, None, "other"),
    ]
    assert [text.splitlines()[0] for text in told] == [
        f"kept the old {file}: the new one is invalid",
        f"{namesake} is not loaded",
    ]
    assert "did you mean 'say'" in told[0]
    assert f"the name 'other' is already used by {file}" in told[1]


@pytest.mark.parametrize(
    ("changed", "order"),
    [
        ({"name": "two"}, ["three", "two", "one"]),
        ({"name": "another"}, ["three", "another", "one"]),
        ({"name": "one"}, ["three", "one"]),
        ({"name": "three"}, ["three", "one"]),
    ],
)
def test_a_reloaded_scenario_stays_in_its_place(changed: dict[str, Any], order: list[str]) -> None:
    worlds = Worlds(scenarios=tuple(load_scenario({"name": name}) for name in ("one", "two", "three")))
    before = worlds.of("key")

    assert worlds.reload(load_scenario(changed), instead_of="two") == []

    assert [scenario.name for scenario in before.scenarios] == order
    worlds.reset("key", {})
    assert [scenario.name for scenario in worlds.of("key").scenarios] == order


def test_faults_stay_in_their_place_too_and_go_with_their_scenario() -> None:
    fault = {"operation": "*", "kind": "error"}
    worlds = Worlds(
        scenarios=tuple(
            load_scenario({"name": name, "faults": [{**fault, "status": status}]})
            for name, status in (("one", 501), ("two", 502), ("three", 503))
        )
    )
    world = worlds.of("key")

    worlds.reload(load_scenario({"name": "new", "faults": [{**fault, "status": 599}]}), instead_of="two")

    assert [active.fault.as_json()["status"] for active in world.faults] == [503, 599, 501]


def test_a_reload_reaches_all_worlds_and_tells_those_that_refuse_it() -> None:
    worlds = Worlds(scenarios=(load_scenario({"name": "one"}),), mode="key")
    busy, idle = worlds.of("busy"), worlds.of("idle")
    busy.made_by_requests = True

    refusals = worlds.reload(load_scenario({"name": "one", "settings": {"seed": 5}}))

    assert [refusal.partition(" ")[2] for refusal in refusals] == [
        "seed cannot change once requests have made objects; reset first"
    ]
    assert (busy.ids.seed, idle.ids.seed, worlds.of("new").ids.seed) == (0, 5, 5)


def test_a_reload_reaches_baselines_which_keep_their_objects() -> None:
    worlds = Worlds(scenarios=(load_scenario({"name": "one", "turns": [{"name": "old", "steps": []}]}),))
    worlds.of("key").load(load_scenario({"name": "posted", "settings": {"seed": 1}}))
    worlds.keep("key")

    worlds.reload(load_scenario({"name": "one", "turns": [{"name": "new", "steps": []}]}), instead_of="one")
    refusals = worlds.reload(load_scenario({"name": "one", "settings": {"seed": 2}}), instead_of="one")
    worlds.reset("key", {})

    assert [[turn.name for turn in one.turns] for one in worlds.of("key").scenarios] == [[], ["new"]]
    assert worlds.of("key").ids.seed == 1
    assert [refusal.partition(":")[0] for refusal in refusals] == ["<scenario>", "a baseline keeps the old one"]


def test_serve_watch_answers_from_the_new_file(tmp_path: Path) -> None:
    file = tmp_path / "greeting.yaml"
    file.write_text("turns: [{steps: [{say: old}]}]")
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0", "--worlds", "one", "--watch", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    url = process.stdout.readline().split()[-1].removesuffix("/v1")
    assert process.stderr.readline() == f"the inspector is {url}/_emulator/\n"
    api = Api(url)
    answers = []
    for text in ("new and longer", "again"):
        file.write_text(f"turns: [{{steps: [{{say: {text}}}]}}]")
        assert process.stderr.readline() == f"reloaded {file}\n"
        thread = api.thread("Hi")
        api.poll(thread, api.run(thread, api.assistant()).json["id"])
        answers.append(api.get(f"/v1/threads/{thread}/messages").json["data"][0]["content"][0]["text"]["value"])
    api.close()

    assert answers == ["new and longer", "again"]
    assert [run.status for run in Control(url, "sk").runs()] == ["completed"] * 2
    process.terminate()
    process.communicate(timeout=10)


@pytest.mark.parametrize(
    ("steps", "on_responses"),
    [
        ([{"say": "One\ntwo"}], []),
        ([{"call": {"f": {}}}, {"say": "Told {{ f.x }}."}], []),
        ([{"call": [{"f": {}}, {"g": {}}]}, {"say": "Both."}, {"call": {"f": {}}}, {"say": "Again."}], []),
        ([{"say": {"text": "See [1] there.", "cite": [{"file": "menu.md", "marker": "[1]"}]}}], []),
        ([{"search": "auto"}, {"code": {"input": "1", "logs": "1"}}, {"hold": "h"}, {"say": "Found."}], []),
        ([{"refuse": "No."}], []),
        ([{"say": "Half a"}, {"fail": "server_error"}], ["no message"]),
        ([{"say": "Slow."}, {"wait": 700}, {"say": "At last."}], ["Slow.", "At last."]),
    ],
)
def test_a_rehearsal_shows_texts_that_differ_on_responses(
    tmp_path: Path, steps: list[Any], on_responses: list[str]
) -> None:
    files = [{"id": "file-1", "filename": "menu.md", "purpose": "assistants", "content": "Soup"}]
    stores = [{"id": "vs_1", "file_ids": ["file-1"]}]
    scenario = {"version": 1, "given": {"files": files, "vector_stores": stores}, "turns": [{"steps": steps}]}
    (tmp_path / "turn.json").write_text(json.dumps(scenario))

    (played,) = rehearse(load_scenario(tmp_path / "turn.json"))

    assert played.problems == ()
    assert played.differences == played.as_json()["differs_on_responses"] == on_responses
    assert [line.partition("on responses: ")[2] for line in str(played).splitlines() if "on responses" in line] == (
        on_responses
    )
