"""``parity``: the turns of scenarios on both APIs, and a command that is run on both."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from emulator.cli.main import main
from tests import golden
from tests.support import GOLDEN, ROOT, InProcess

SCENARIO = """\
turns:
  - name: weather
    when: {message: weather}
    steps:
      - call: {get_weather: {city: Paris}}
      - say: It is {{ get_weather.sky }}.
  - name: plot
    when: {message: plot}
    steps:
      - code: {input: plot(), logs: done, images: [{filename: plot.png, content: pixels}]}
      - say: Here.
  - name: too long
    when: {message: longer}
    steps: [{incomplete: max_prompt_tokens}]
  - name: cut
    when: {message: cut}
    steps: [{incomplete: max_completion_tokens}]
  - name: late
    when: {message: late}
    steps: [{call: {get_weather: {}}}, {expire: true}]
  - name: at a hold
    steps: [{hold: door}, {refuse: I cannot.}]
"""
#: An application on both APIs: a question for each argument, the Responses half with a bad word.
SUITE = """\
import json, os, sys, urllib.request
def post(path, **body):
    headers = {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "OpenAI-Beta": "assistants=v2"}
    sent = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(sent) as answer:
        return json.load(answer)
api = os.environ["ASSISTANTS_API"]
for text in sys.argv[2:]:
    if api == "assistants":
        thread = {"messages": [{"role": "user", "content": text}]}
        assistant = post("/assistants", model="gpt-4o")["id"]
        run = post("/threads/runs", assistant_id=assistant, thread=thread)
        sent = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + f"/threads/{run['thread_id']}/runs/{run['id']}")
        sent.add_header("Authorization", "Bearer " + os.environ["OPENAI_API_KEY"])
        sent.add_header("OpenAI-Beta", "assistants=v2")
        for _ in range(3):
            urllib.request.urlopen(sent).close()
    else:
        post("/responses", model="gpt-4o", input=text.replace("Bye", "Hi"))
print("suite ended on", api)
sys.exit(sys.argv[1] == api)
"""
GREETINGS = """\
turns:
  - {name: greet, when: {message: hi}, steps: [{say: Hello!}]}
  - {name: part, when: {message: bye}, steps: [{say: Farewell.}]}
"""


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, text in {
        "all.yaml": SCENARIO,
        "greetings.yaml": GREETINGS,
        "bad.yaml": "turns: 1",
        "suite.py": SUITE,
    }.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)


def run_suite(*arguments: str, scenario: Sequence[str] = ("greetings.yaml",)) -> int:
    return main(["parity", *scenario, "--", sys.executable, "suite.py", *arguments])


# ---- Scenarios ----


@pytest.mark.usefixtures("files")
def test_scenarios_are_played_on_both(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parity", "all.yaml", "greetings.yaml"]) == 1

    golden.expect(GOLDEN / "parity_of_scenarios.txt", capsys.readouterr().out.encode())


@pytest.mark.usefixtures("files")
def test_a_machine_gets_the_report_as_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parity", "all.yaml", "--json"]) == 1

    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert [told[key] for key in ("ok", "same", "different")] == [False, 5, 1]
    assert told["only"] == {"assistants": 0, "responses": 0, "neither": 0}
    turns = {one["turn"]: one for one in told["turns"]}
    assert [name for name, one in turns.items() if not one["same"]] == ["too long"]
    assert turns["late"]["no_equivalent"] == "expire: a response does not expire"
    assert turns["too long"] == {
        "turn": "too long",
        "place": "all.yaml:12",
        "same": False,
        "only": None,
        "no_equivalent": None,
        "differences": [
            {
                "field": "ended",
                "assistants": "incomplete: max_prompt_tokens",
                "responses": "failed: context_length_exceeded",
                "allowed": False,
            }
        ],
        "carried": None,
    }


@pytest.mark.parametrize("name", ["rag", "data_analysis", "several_rounds", "parallel_calls", "expiry", "failure"])
def test_the_scenarios_of_the_documentation_are_the_same_on_both(name: str) -> None:
    assert main(["parity", str(ROOT / f"fixtures/scenarios/{name}.yaml")]) == 0


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "assistants-emulator: parity: expected scenarios, or a command after --"),
        (["bad.yaml"], "bad.yaml:1:1: turns: expected a list; got 1"),
        (["nowhere.yaml"], "assistants-emulator: nowhere.yaml: No such file or directory"),
        (["nowhere.yaml", "--", "true"], "assistants-emulator: nowhere.yaml: No such file or directory"),
        (["bad.yaml", "--", "true"], "bad.yaml:1:1: turns: expected a list; got 1"),
    ],
)
def test_what_cannot_be_read_exits_with_2(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert main(["parity", *arguments]) == 2

    assert capsys.readouterr().err == f"{said}\n"


# ---- Two recordings ----


ASKED = {
    "turns": [
        {"when": {"message": "weather"}, "steps": [{"call": {"sky": {"city": "Paris"}}}, {"say": "It is {{ sky }}."}]},
        {"steps": [{"say": "Goodbye."}]},
    ]
}
SKY = {"name": "sky", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}


def use_assistants() -> InProcess:
    api = InProcess(ASKED)
    assistant = {"model": "gpt-4o", "tools": [{"type": "function", "function": SKY}]}
    id = api.post("/v1/assistants", assistant).json["id"]
    for question in ("weather?", "bye?"):
        thread = api.thread(question)
        run = f"/v1/threads/{thread}/runs/{api.run(thread, id).json['id']}"
        while (shown := api.get(run).json)["status"] != "completed":
            if shown["status"] == "requires_action":
                (call,) = shown["required_action"]["submit_tool_outputs"]["tool_calls"]
                output = {"tool_call_id": call["id"], "output": "grey"}
                api.post(f"{run}/submit_tool_outputs", {"tool_outputs": [output]})
        api.get(f"/v1/threads/{thread}/messages")
    return api


def use_responses(question: str, *, answers_call: bool) -> InProcess:
    """As JSON, as a stream and in the background."""
    api = InProcess(ASKED)
    tools = [{"type": "function", **SKY}]
    first = api.post("/v1/responses", {"model": "gpt-4o", "input": "weather?", "tools": tools}).json
    if answers_call:
        output = {"type": "function_call_output", "call_id": first["output"][0]["call_id"], "output": "grey"}
        body = {"model": "gpt-4o", "input": [output], "previous_response_id": first["id"], "tools": tools}
        api.post("/v1/responses", {**body, "stream": True})
    asked = [{"role": "user", "content": question}]
    id = api.post("/v1/responses", {"model": "gpt-4o", "input": asked, "background": True}).json["id"]
    while api.get(f"/v1/responses/{id}").json["status"] != "completed":
        continue
    return api


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("question", "answers_call", "lines"),
    [
        ("bye?", True, ["parity: 2 turns on both APIs: 2 the same"]),
        (
            "goodbye?",
            True,
            [
                "parity: 2 turns on both APIs: 1 the same, 1 differs",
                "  turn 'bye?' (old.jsonl)",
                "    text       same",
                "    question   bye?                        goodbye?",
            ],
        ),
        (
            "bye?",
            False,
            [
                "parity: 2 turns on both APIs: 1 the same, 1 differs",
                "  turn 'weather?' (old.jsonl)",
                "    text       It is grey.                 none",
                '    calls      sky(city: "Paris") → grey   sky(city: "Paris") → no output',
                "    ended      completed                   requires_action",
            ],
        ),
    ],
)
def test_two_recordings_are_compared(
    capsys: pytest.CaptureFixture[str], question: str, answers_call: bool, lines: list[str]
) -> None:
    for name, api in (
        ("old.jsonl", use_assistants()),
        ("new.jsonl", use_responses(question, answers_call=answers_call)),
    ):
        Path(name).write_bytes(api.get("/_emulator/export?as=recording").body)

    assert main(["parity", "old.jsonl", "new.jsonl"]) == (len(lines) > 1)

    assert capsys.readouterr().out.splitlines() == lines


# ---- Threads ----

THREADS = """\
given:
  threads:
    - id: thread_1
      messages: [{role: user, content: Hello}, {role: assistant, content: Hi}]
"""
#: Makes a conversation of the thread, its messages in the order that the argument names.
MOVE = """\
import json, os, sys, urllib.request
def ask(path, body=None):
    headers = {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "OpenAI-Beta": "assistants=v2"}
    sent = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + path, body and json.dumps(body).encode(), headers)
    with urllib.request.urlopen(sent) as answer:
        return json.load(answer)
messages = ask("/threads/thread_1/messages?order=" + sys.argv[1])["data"]
items = [{"role": one["role"], "content": one["content"][0]["text"]["value"]} for one in messages]
ask("/conversations", {"metadata": {"thread_id": "thread_1"}, "items": items})
sys.exit(sys.argv[2] or None)
"""


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("order", "status", "code", "said"),
    [
        ("asc", "", 0, "backfill: 1 thread: 1 the same"),
        ("asc", "it broke", 1, "backfill: 1 thread: 1 the same"),
        ("desc", "", 1, "order        messages 1 2 arrive as 2 1 (reversed)"),
    ],
)
def test_threads_are_compared_with_what_a_command_made_of_them(
    capfd: pytest.CaptureFixture[str], order: str, status: str, code: int, said: str
) -> None:
    Path("old.yaml").write_text(THREADS)
    Path("move.py").write_text(MOVE)
    command = ["--", sys.executable, "-W", "ignore", "move.py", order, status]

    assert main(["parity", "old.yaml", "--threads", *command]) == code
    assert said in capfd.readouterr().out

    assert main(["parity", "old.yaml", "--threads", "--json", *command]) == code
    told = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert (told["ok"], told["threads"][0]["thread"], told["problems"]) == (order == "asc", "thread_1", [])


@pytest.mark.usefixtures("files")
def test_threads_are_not_compared_without_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parity", "greetings.yaml", "--threads"]) == 2

    assert capsys.readouterr().err.startswith("assistants-emulator: parity --threads: expected a command after --")


# ---- A command ----


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("arguments", "code", "out", "err"),
    [
        (["", "Hi", "Hi"], 0, "parity: 2 turns on both APIs: 2 the same", ""),
        ([""], 0, "parity: 0 turns on both APIs: 0 the same", ""),
        (["", "Hi", "Bye"], 1, "parity: 2 turns on both APIs: 1 the same, 1 differs", ""),
        (["responses", "Hi"], 1, "parity: 1 turn on both APIs: 1 the same", "exited with 1 on responses"),
        (["", "What?"], 1, "parity: 1 turn on both APIs: 1 the same", "problems on responses:"),
    ],
)
def test_a_command_is_run_on_both(
    capfd: pytest.CaptureFixture[str], arguments: list[str], code: int, out: str, err: str
) -> None:
    assert run_suite(*arguments) == code

    told = capfd.readouterr()
    assert told.out.splitlines()[:3] == ["suite ended on assistants", "suite ended on responses", out]
    assert (err in told.err, bool(told.err)) == (True, bool(err))


@pytest.mark.usefixtures("files")
def test_the_report_of_a_command_names_turns_and_lines(capfd: pytest.CaptureFixture[str]) -> None:
    run_suite("", "Hi", "Bye")

    assert capfd.readouterr().out.splitlines()[3:] == [
        "  turn 'part' (greetings.yaml:3)",
        "    turn       part                        greet",
        "    question   Bye                         Hi",
        "    text       Farewell.                   Hello!",
    ]


@pytest.mark.usefixtures("files")
def test_a_machine_gets_the_report_of_a_command_as_the_last_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_suite("assistants", "Hi", scenario=["greetings.yaml", "--json"]) == 1

    told = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert (told["ok"], told["same"]) == (True, 1)
    assert told["runs"] == {"assistants": {"code": 1, "problems": []}, "responses": {"code": 0, "problems": []}}
    assert told["command"] == [sys.executable, "suite.py", "assistants", "Hi"]


@pytest.mark.usefixtures("files")
def test_a_command_that_is_not_there_is_not_run_twice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parity", "--", "no-such-command"]) == 127

    assert capsys.readouterr().err == "assistants-emulator: parity: there is no command 'no-such-command'\n"
