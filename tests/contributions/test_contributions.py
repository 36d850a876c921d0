"""The examples of CONTRIBUTING.md's recipes: each patch is applied to a copy of the project and tried at every door.

To add an example: make the change in a checkout, run its tests, write ``git diff`` to ``<name>.patch`` here without the
generated parts of pages and the golden texts, and add a test below. To mend one, do the same.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emulator.base.json_types import Object
from emulator.recordings.exchange import Exchange
from tests.contributions.tree import Tree
from tests.recording.handmade import QUESTION, Book
from tests.recording.test_sources import ask_question
from tests.support import ROOT

HERE = Path(__file__).parent
PATCHES = sorted(file.stem for file in HERE.glob("*.patch"))
SHRUG = "¯\\_(ツ)_/¯"
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")


def contribute(name: str, path: Path) -> Tree:
    """A copy of the project with a patch applied, its pages and golden texts written anew, and its tests green.

    ``python -m tests.readme_tables`` writes the pages. The golden reports of refused scenarios list every key of the
    language, so ``UPDATE_GOLDEN=1`` writes them; a contributor reads their diff.
    """
    tree = Tree(path)
    changed = tree.apply((HERE / f"{name}.patch").read_text(encoding="utf-8"))
    tests = [file for file in changed if file.startswith("tests/")]
    assert tests, "a contribution comes with its tests"
    tree.run("-m", "tests.readme_tables")
    tree.run(*PYTEST, "tests/scenarios/test_scenario_errors.py", *tests, UPDATE_GOLDEN="1")
    return tree


@pytest.mark.parametrize("name", PATCHES)
def test_the_recipe_shows_its_example(name: str) -> None:
    assert f"tests/contributions/{name}.patch" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_every_example_is_tried() -> None:
    assert [f"test_a_new_{name}_works_at_every_door" for name in PATCHES] == sorted(
        name for name in globals() if name.startswith("test_a_new_")
    )


@pytest.mark.clients
def test_a_new_condition_works_at_every_door(tmp_path: Path) -> None:
    tree = contribute("condition", tmp_path)
    tree.write(
        "words.yaml",
        "version: 1\nturns:\n"
        "  - {name: pair, when: {words: 2}, steps: [{say: Two words.}]}\n"
        "  - {name: single, when: {words: 1}, steps: [{say: One word.}]}\n",
    )
    tree.write("wrong.yaml", "version: 1\nturns:\n  - when: {words: two}\n    steps: [{say: No.}]\n")
    ask = "tests/contributions/ask.py"

    assert tree.run("-m", "emulator", "check", "words.yaml") == "1 checked, no problems\n"
    assert "wrong.yaml:3:12: turns[0].when.words: expected a whole number" in tree.run(
        "-m", "emulator", "check", "wrong.yaml", code=1
    )

    when = json.loads(tree.run("-m", "emulator", "schema"))["properties"]["turns"]["items"]
    assert '"words": {"type": "integer", "minimum": 0' in json.dumps(when)

    served = tree.run("-m", "emulator", "exec", "words.yaml", "--", tree.python, ask, "one two", "hello")
    assert served.splitlines()[:4] == [
        "polled: completed: Two words.",
        "streamed: completed: Two words.",
        "polled: completed: One word.",
        "streamed: completed: One word.",
    ]
    missed = tree.run("-m", "emulator", "exec", "words.yaml", "--", tree.python, ask, "one two three", code=1)
    assert "nearest: 'pair': words: expected 2, got 3; 'single': words: expected 1, got 3" in missed

    assert "| `words` | the number of words of the message | " in tree.page("scenarios")


@pytest.mark.clients
def test_a_new_step_works_at_every_door(tmp_path: Path) -> None:
    tree = contribute("step", tmp_path)
    tree.write("echo.yaml", "version: 1\nturns: [{steps: [{echo: true}, {shrug: true}]}]\n")
    tree.write("wrong.yaml", "version: 1\nturns: [{steps: [{echo: 2}]}]\n")

    checked = tree.run("-m", "emulator", "check", "echo.yaml", "wrong.yaml", code=1)
    assert "wrong.yaml:2:19: turns[0].steps[0].echo: expected true; got 2" in checked
    assert "echo.yaml: " not in checked.replace("wrong.yaml: ", "")

    kinds = json.loads(tree.run("-m", "emulator", "schema"))["properties"]["turns"]["items"]["properties"]["steps"]
    assert {"echo", "shrug"} <= {name for kind in kinds["items"]["anyOf"] for name in kind["properties"]}

    with tree.serve("echo.yaml") as api:
        assistant, polled, streamed = api.assistant(), api.thread("Hello"), api.thread("Hello")
        statuses = api.poll(polled, api.run(polled, assistant).json["id"])
        events = api.run(streamed, assistant, stream=True).event_names
        read = [api.get(f"/v1/threads/{thread}/messages?order=asc").json["data"] for thread in (polled, streamed)]
        response = api.post("/v1/responses", {"model": "gpt-4o", "input": "Hello"}).json
        names = api.post("/v1/responses", {"model": "gpt-4o", "input": "Hello", "stream": True}).event_names
    assert (statuses[-1], events[-2:]) == ("completed", ["thread.run.completed", "done"])
    for messages in read:
        assert [one["content"][0]["text"]["value"] for one in messages] == ["Hello", "Hello", SHRUG]
    assert [(one["content"][0]["text"], one.get("phase")) for one in response["output"]] == [
        ("Hello", "commentary"),
        (SHRUG, None),
    ]
    assert (names.count("response.output_text.delta"), names[-1]) == (2, "response.completed")

    assert "| `shrug` | the assistant shrugs | `true` |  |" in tree.page("scenarios")
    assert "| `echo` | the assistant repeats the message | `true` | `usage` |" in tree.page("scenarios")


@pytest.mark.clients
def test_a_new_fault_works_at_every_door(tmp_path: Path) -> None:
    tree = contribute("fault", tmp_path)
    turns = "version: 1\nturns: [{steps: [{say: Hi.}]}]\nfaults:\n"
    tree.write("repeat.yaml", turns + "  - {operation: create_response, kind: repeat, times: 2}\n")
    tree.write("wrong.yaml", turns + "  - {operation: create_response, kind: repeat, copies: 0}\n")

    checked = tree.run("-m", "emulator", "check", "repeat.yaml", "wrong.yaml", code=1)
    assert "wrong.yaml:4:48: faults[0].copies: expected at least 1; got 0" in checked

    kinds = json.loads(tree.run("-m", "emulator", "schema"))["properties"]["faults"]["items"]["anyOf"]
    (repeat,) = (one["properties"] for one in kinds if one["properties"]["kind"]["const"] == "repeat")
    assert repeat["copies"] == {"type": "integer", "minimum": 1}

    with tree.serve("repeat.yaml") as api:
        body = {"model": "gpt-4o", "input": "Hello"}
        twice, streamed = api.post("/v1/responses", body).body, api.post("/v1/responses", {**body, "stream": True})
        thread = api.thread("Hello")
        plain = api.get(f"/v1/threads/{thread}").body
        admin = {"operation": "get_thread", "kind": "repeat", "copies": 2, "times": 1}
        refused = api.post("/_emulator/faults", {**admin, "copies": 0})
        assert api.post("/_emulator/faults", admin).status == 200
        assert [api.get(f"/v1/threads/{thread}").body for _ in range(2)] == [plain * 3, plain]
        faults = api.get("/_emulator/faults").json["faults"]
    half = twice[: len(twice) // 2]
    assert (twice, json.loads(half)["status"]) == (half * 2, "completed")
    assert [event.event for event in streamed.events][-3:] == ["response.output_item.done", *["response.completed"] * 2]
    assert (refused.status, refused.json["error"]["message"]) == (400, "copies: expected at least 1; got 0")
    assert [(one["kind"], one["copies"], one["applied"]) for one in faults] == [("repeat", 2, 1), ("repeat", 1, 2)]

    assert "| `repeat` | sends the last event, or the end of the body, again | `copies` |" in tree.page("scenarios")


@pytest.mark.clients
def test_a_new_endpoint_works_at_every_door(tmp_path: Path) -> None:
    tree = contribute("endpoint", tmp_path)
    tree.write("slow.yaml", "version: 1\nfaults: [{operation: list_threads, kind: error, status: 503, times: 1}]\n")

    with tree.serve("slow.yaml") as api:
        thread = api.thread("Hello")
        replies = [api.get("/v1/threads?limit=1") for _ in range(2)]
        refused = api.get("/v1/threads?limit=none")
        entry = api.get("/_emulator/requests").json["requests"][-1]
        document = api.get("/_emulator/openapi.json").json
    assert [reply.status for reply in replies] == [503, 200]
    assert [one["id"] for one in replies[1].json["data"]] == [thread]
    assert refused.error[3] == "limit"
    assert (entry["operation"], entry["status"]) == ("list_threads", 400)
    operation = document["paths"]["/threads"]["get"]
    assert operation["operationId"] == "list_threads"
    assert {"limit", "order", "after", "before"} <= {one["name"] for one in operation["parameters"]}

    book = Book().ask("GET /v1/threads", None, {"error": {"message": "Overloaded."}}, 503).assistant()
    tree.write("old.json", json.dumps({"exchanges": [_exchange(one) for one in book.exchanges]}))
    tree.run("-m", "emulator", "import", "old.json", "--out", "old.yaml")
    assert "operation: list_threads" in (tree.path / "old.yaml").read_text(encoding="utf-8")

    assert "| `list_threads` | `GET /v1/threads` |" in tree.page("reference")


def _exchange(exchange: Exchange) -> Object:
    return {
        "method": exchange.method,
        "path": exchange.path,
        "request_body": exchange.request_json(),
        "status": exchange.status,
        "response_body": exchange.response_json(),
    }


#: An application's test with a recording of Hoverfly.
MARKED_TEST = f"""
import pytest
from tests.contributions.ask import ask

@pytest.mark.assistants_emulator("stubs/talk.json")
def test_app(assistants_emulator):
    assert ask({QUESTION!r}, stream=False) == "polled: completed: Sunny."
"""


@pytest.mark.clients
def test_a_new_reader_works_at_every_door(tmp_path: Path) -> None:
    tree = contribute("reader", tmp_path)
    laws = ("tests/recording/test_readers.py", "tests/recording/test_reader_laws.py", "-k", "Hoverfly")
    assert " passed" in tree.run(*PYTEST, *laws)
    pairs = [_pair(one) for one in Book().assistant().talk(QUESTION, "Sunny.").exchanges]
    tree.write("app/stubs/talk.json", json.dumps({"data": {"pairs": pairs}}))
    tree.write("app/stubs/notes.txt", "pairs: none")
    tree.write("app/pytest.ini", "[pytest]\n")
    tree.write("app/test_app.py", MARKED_TEST)

    for source in ("app/stubs/talk.json", "app/stubs"):
        assert "proof: " in tree.run("-m", "emulator", "import", source, "--out", "talk.yaml", "--force")
        assert "say: Sunny." in (tree.path / "talk.yaml").read_text(encoding="utf-8")

    with tree.serve("app/stubs/talk.json") as api:
        assert ask_question(api) == "Sunny."

    assert "1 passed" in tree.run(*PYTEST, "app/test_app.py")


def _pair(exchange: Exchange) -> Object:
    """An exchange as Hoverfly exports it."""
    parts = {"method": exchange.method, "path": exchange.path, "body": (exchange.request_body or b"").decode()}
    return {
        "request": {key: [{"matcher": "exact", "value": value}] for key, value in parts.items() if value},
        "response": {
            "status": exchange.status,
            "headers": {"Content-Type": ["application/json"]},
            "body": (exchange.response_body or b"").decode(),
            "encodedBody": False,
        },
    }
