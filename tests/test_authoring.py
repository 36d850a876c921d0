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
from emulator.cli import main
from emulator.document import parse
from emulator.problems import ScenarioError
from emulator.published_schema import published_schema
from emulator.rehearsal import rehearse
from emulator.scenario import Scenario, load_scenario
from emulator.watching import Watcher
from emulator.worlds import Worlds
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

    told = rehearse(load_scenario(tmp_path / "story.yaml")).replace(str(tmp_path), "…")

    golden.expect(GOLDEN / "rehearsal.txt", told.encode() + b"\n")


def test_check_play_prints_the_rehearsal_of_good_files_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "good.yaml").write_text("turns: [{steps: [{say: Hi}]}]")
    (tmp_path / "bad.yaml").write_text("turns: [{steps: [{sai: Hi}]}]")

    codes = [main(["check", "--play", str(tmp_path / name)]) for name in ("good.yaml", "bad.yaml")]

    printed = capsys.readouterr().out
    assert (codes, printed.count("says: Hi")) == ([0, 1], 1)
    assert main(["check", "--play", str(SCENARIOS)]) == 0


# ---- Reloading ----


def test_a_watcher_loads_what_changed_and_keeps_the_old_of_a_bad_file(tmp_path: Path) -> None:
    file = tmp_path / "greeting.yaml"
    file.write_text("turns: [{steps: [{say: old}]}]")
    reloaded: list[Scenario] = []
    told: list[str] = []
    watcher = Watcher([str(tmp_path)], reloaded.extend, told.append)

    watcher.look()
    file.write_text("turns: [{steps: [{say: new and longer}]}]")
    watcher.look()
    file.write_text("turns: [{steps: [{sai: bad}]}]")
    watcher.look()
    (tmp_path / "more.yaml").write_text("turns: []")
    watcher.look()

    assert [scenario.name for scenario in reloaded] == ["greeting", "more"]
    assert [line.splitlines()[0] for line in told] == [
        f"reloaded {file}",
        f"kept the old {file}: the new one is bad",
        f"reloaded {tmp_path / 'more.yaml'}",
    ]
    assert "did you mean 'say'" in told[1]


def test_a_reload_reaches_all_worlds_and_tells_those_that_refuse_it() -> None:
    worlds = Worlds(scenarios=(load_scenario({"name": "one"}),), mode="key")
    busy, idle = worlds.of("busy"), worlds.of("idle")
    busy.made()

    refusals = worlds.reload([load_scenario({"name": "one", "settings": {"seed": 5}})])

    assert [refusal.partition(" ")[2] for refusal in refusals] == [
        "seed cannot change once requests have made objects; reset first"
    ]
    assert (busy.ids.seed, idle.ids.seed, worlds.of("new").ids.seed) == (0, 5, 5)


def test_serve_watch_answers_from_the_new_file(tmp_path: Path) -> None:
    file = tmp_path / "greeting.yaml"
    file.write_text("turns: [{steps: [{say: old}]}]")
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0", "--worlds", "one", "--watch", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    url = process.stdout.readline().split()[-1].removesuffix("/v1")
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
