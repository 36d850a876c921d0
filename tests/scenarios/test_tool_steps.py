"""The service's own tools in runs: file_search, code_interpreter, and what answers say about files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator import Emulator
from emulator.base.problems import ScenarioError
from tests import golden
from tests.apis.endpoints.test_files import make_file
from tests.conftest import Emulate
from tests.support import GOLDEN, Api, InProcess, Reply

INCLUDE = "include[]=step_details.tool_calls[*].file_search.results[*].content"
SEARCH, CODE = {"type": "file_search"}, {"type": "code_interpreter"}
RANKING = {"ranker": "default_2024_08_21", "score_threshold": 0.0}
FOODS = "Summer likes apples. Nina likes pears."
GIVEN = {
    "files": [
        {"id": "file-foods", "filename": "foods.txt", "content": FOODS},
        {"id": "file-notes", "filename": "notes.txt", "content": "Bring apples and plums."},
        {"id": "file-cat", "filename": "cat.png", "purpose": "vision", "base64": "iVBORw0KGgo="},
    ],
    "vector_stores": [
        {"id": "vs_foods", "file_ids": ["file-foods"]},
        {"id": "vs_both", "file_ids": ["file-foods", "file-notes"]},
    ],
}


def scenario(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "given": GIVEN, "turns": [{"name": "turn", "steps": list(steps)}]}


def world(*steps: dict[str, Any], **options: Any) -> InProcess:
    return InProcess(scenario(*steps), **options)


def holds(store: str) -> dict[str, Any]:
    return {"tool_resources": {"file_search": {"vector_store_ids": [store]}}}


class Played:
    """A run that was played to its end, with all that it left."""

    def __init__(
        self, api: Api, *tools: dict[str, Any], store: str = "", message: str = "apples?", **thread: Any
    ) -> None:
        self.api = api
        assistant = api.assistant(tools=list(tools), **(holds(store) if store else {}))
        self.thread = api.post("/v1/threads", {"messages": [{"role": "user", "content": message}], **thread}).json["id"]
        self.run = api.run(self.thread, assistant).json["id"]
        self.path = f"/v1/threads/{self.thread}/runs/{self.run}"
        api.poll(self.thread, self.run)

    @property
    def object(self) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(self.path).json
        return found

    def steps(self, query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.get(f"{self.path}/steps?order=asc&{query}").json["data"]
        return found

    def calls(self, query: str = "") -> list[dict[str, Any]]:
        """The tool calls of the first step."""
        found: list[dict[str, Any]] = self.steps(query)[0]["step_details"]["tool_calls"]
        return found

    def results(self, query: str = INCLUDE) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.calls(query)[0]["file_search"]["results"]
        return found

    @property
    def content(self) -> list[dict[str, Any]]:
        """What the assistant said."""
        listed = self.api.get(f"/v1/threads/{self.thread}/messages?run_id={self.run}").json["data"]
        found: list[dict[str, Any]] = listed[0]["content"]
        return found

    @property
    def annotations(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.content[-1]["text"]["annotations"]
        return found


# ---- Search ----


def test_a_search_as_a_run_step() -> None:
    played = Played(
        world({"search": {"results": [{"file": "foods.txt", "text": FOODS, "score": 0.8}]}}, {"say": "Yes."}), SEARCH
    )
    search, said = played.steps()
    assert (search["type"], search["status"]) == ("tool_calls", "completed")
    assert said["type"] == "message_creation"
    (call,) = search["step_details"]["tool_calls"]
    assert list(call) == ["id", "type", "file_search"]
    assert call["id"].startswith("call_")
    result = {"file_id": "file-foods", "file_name": "foods.txt", "score": 0.8, "attributes": {}}
    assert call["file_search"] == {"ranking_options": RANKING, "results": [result]}
    assert list(call["file_search"]["results"][0]) == ["file_id", "file_name", "score", "attributes"]
    assert search["usage"]["prompt_tokens"] > 0


def test_the_text_of_results_is_for_those_who_ask() -> None:
    played = Played(world({"search": {"results": [{"file": "file-foods", "text": FOODS}]}}, {"say": "Yes."}), SEARCH)
    step = played.steps()[0]["id"]
    content = [{"type": "text", "text": FOODS}]
    for query, shown in (("", None), (INCLUDE, content)):
        assert played.results(query)[0].get("content") == shown
        got = played.api.get(f"{played.path}/steps/{step}?{query}").json
        assert got["step_details"]["tool_calls"][0]["file_search"]["results"][0].get("content") == shown
    assert list(played.results()[0]) == ["file_id", "file_name", "score", "attributes", "content"]


@pytest.mark.parametrize(
    ("query", "shown"), [("", None), (f"?{INCLUDE}", [{"type": "text", "text": FOODS}])], ids=["no", "yes"]
)
def test_the_results_of_a_search_in_a_stream_have_content_if_included(query: str, shown: Any) -> None:
    api = world({"search": "auto"}, {"say": "Yes."})
    assistant, thread = api.assistant(tools=[SEARCH], **holds("vs_foods")), api.thread("apples")
    reply = api.post(f"/v1/threads/{thread}/runs{query}", {"assistant_id": assistant, "stream": True})
    done = next(event.json() for event in reply.events if event.event == "thread.run.step.completed")
    (result,) = done["step_details"]["tool_calls"][0]["file_search"]["results"]
    assert (result["file_name"], result.get("content")) == ("foods.txt", shown)


@pytest.mark.parametrize(
    ("step", "message", "found"),
    [
        ("auto", "Who likes apples?", ["foods.txt", "notes.txt"]),
        ("auto", "plums", ["notes.txt"]),
        ("auto", "unicorns", []),
        ({"query": "pears"}, "apples", ["foods.txt"]),
        ({"query": "{{ message }} plums"}, "bring", ["notes.txt"]),
        ({"results": []}, "apples", []),
    ],
    ids=str,
)
def test_a_search_that_really_searches(step: Any, message: str, found: list[str]) -> None:
    played = Played(world({"search": step}, {"say": "Yes."}), SEARCH, store="vs_both", message=message)
    assert sorted(one["file_name"] for one in played.results()) == found
    assert played.object["status"] == "completed"
    assert [one["score"] for one in played.results()] == sorted(
        (one["score"] for one in played.results()), reverse=True
    )


def test_what_two_stores_hold_is_found_twice() -> None:
    """Recorded: the assistant's store and the thread's."""
    played = Played(
        world({"search": "auto"}, {"say": "Yes."}), SEARCH, store="vs_foods", message="pears", **holds("vs_foods")
    )
    one, two = played.results()
    assert one == two
    assert one["content"] == [{"type": "text", "text": FOODS}]


def test_an_attached_file_is_searched() -> None:
    api = world({"search": "auto"}, {"say": "Yes."})
    assistant = api.assistant(tools=[SEARCH])
    file = make_file(api, "plan.md", b"The rocket starts at noon.")
    thread = api.thread()
    attached = {"file_id": file, "tools": [SEARCH]}
    api.post(
        f"/v1/threads/{thread}/messages",
        {"role": "user", "content": "When starts the rocket?", "attachments": [attached]},
    )
    run = api.run(thread, assistant).json["id"]
    api.poll(thread, run)
    (step, *_) = api.get(f"/v1/threads/{thread}/runs/{run}/steps?order=asc").json["data"]
    assert [one["file_id"] for one in step["step_details"]["tool_calls"][0]["file_search"]["results"]] == [file]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({}, 2),
        ({"max_num_results": 1}, 1),
        ({"ranking_options": {"score_threshold": 0.0}}, 2),
        ({"ranking_options": {"score_threshold": 0.9}}, 1),
        ({"max_num_results": 50, "ranking_options": {"ranker": "auto", "score_threshold": 1}}, 1),
    ],
    ids=str,
)
def test_a_search_follows_the_options_of_its_tool(options: dict[str, Any], found: int) -> None:
    tool = {"type": "file_search", "file_search": options}
    played = Played(world({"search": "auto"}, {"say": "Yes."}), tool, store="vs_both", message="apples plums")
    assert len(played.results()) == found
    ranking = played.calls()[0]["file_search"]["ranking_options"]
    ranking_options = options.get("ranking_options", {})
    assert ranking == {
        "ranker": ranking_options.get("ranker", RANKING["ranker"]),
        "score_threshold": ranking_options.get("score_threshold", 0.0),
    }


def test_several_searches_in_one_step() -> None:
    step = {"search": ["auto", {"query": "plums"}, {"results": [{"file": "cat.png"}]}]}
    played = Played(world(step, {"say": "Yes."}), SEARCH, store="vs_both", message="pears")
    names = [[one["file_name"] for one in call["file_search"]["results"]] for call in played.calls()]
    assert names == [["foods.txt"], ["notes.txt"], ["cat.png"]]
    assert len({call["id"] for call in played.calls()}) == 3


def test_attributes_come_along() -> None:
    api = world({"search": "auto"}, {"say": "Yes."})
    api.post("/v1/vector_stores/vs_foods/files/file-foods", {"attributes": {"year": 2024}})
    assert Played(api, SEARCH, store="vs_foods").results()[0]["attributes"] == {"year": 2024}


# ---- Citations ----


def cited(text: str, start: int, end: int, file: str = "file-foods") -> dict[str, Any]:
    return {
        "type": "file_citation",
        "text": text,
        "start_index": start,
        "end_index": end,
        "file_citation": {"file_id": file},
    }


CITATIONS: dict[str, tuple[dict[str, Any], str, list[dict[str, Any]]]] = {
    "appended": (
        {"text": "Apples.", "cite": [{"file": "foods.txt"}]},
        "Apples.【4:0†foods.txt】",
        [cited("【4:0†foods.txt】", 7, 22)],
    ),
    "where the text has it": (
        {"text": "Apples [1] it is.", "cite": [{"file": "file-foods", "marker": "[1]"}]},
        "Apples [1] it is.",
        [cited("[1]", 7, 10)],
    ),
    "as the service writes it": (
        {"text": "Apples【4:0†foods.txt】 it is.", "cite": [{"file": "foods.txt"}]},
        "Apples【4:0†foods.txt】 it is.",
        [cited("【4:0†foods.txt】", 6, 21)],
    ),
    "of its own, appended": (
        {"text": "Apples.", "cite": [{"file": "foods.txt", "marker": "(source)"}]},
        "Apples.(source)",
        [cited("(source)", 7, 15)],
    ),
    "behind an emoji": (
        {"text": "🍏👩‍🌾 [1]", "cite": [{"file": "foods.txt", "marker": "[1]"}]},
        "🍏👩‍🌾 [1]",
        [cited("[1]", 5, 8)],
    ),
    "several": (
        {"text": "Apples.", "cite": [{"file": "foods.txt"}, {"file": "notes.txt"}]},
        "Apples.【4:0†foods.txt】【4:1†notes.txt】",
        [cited("【4:0†foods.txt】", 7, 22), cited("【4:1†notes.txt】", 22, 37, "file-notes")],
    ),
    "in the order of the text": (
        {
            "text": "a [2] b [1]",
            "cite": [{"file": "foods.txt", "marker": "[1]"}, {"file": "notes.txt", "marker": "[2]"}],
        },
        "a [2] b [1]",
        [cited("[2]", 2, 5, "file-notes"), cited("[1]", 8, 11)],
    ),
    "the same marker twice": (
        {
            "text": "a [1] b [1]",
            "cite": [{"file": "foods.txt", "marker": "[1]"}, {"file": "notes.txt", "marker": "[1]"}],
        },
        "a [1] b [1]",
        [cited("[1]", 2, 5), cited("[1]", 8, 11, "file-notes")],
    ),
    "in a template": (
        {"text": "{{ message }} [1]", "cite": [{"file": "{{ 'foods' }}.txt", "marker": "[1]"}]},
        "apples? [1]",
        [cited("[1]", 8, 11)],
    ),
}


@pytest.mark.parametrize(("say", "text", "annotations"), CITATIONS.values(), ids=CITATIONS)
def test_a_citation_annotates_its_marker(say: dict[str, Any], text: str, annotations: list[dict[str, Any]]) -> None:
    played = Played(world({"say": say}), SEARCH)
    assert played.content == [{"type": "text", "text": {"value": text, "annotations": annotations}}]
    for one in annotations:
        assert text[one["start_index"] : one["end_index"]] == one["text"]
    assert [list(one) for one in played.annotations] == [
        ["type", "text", "start_index", "end_index", "file_citation"] for _ in annotations
    ]


def deltas(reply: Reply) -> list[dict[str, Any]]:
    """The text of each delta of the message."""
    found = [event.json() for event in reply.events if event.event == "thread.message.delta"]
    return [one["delta"]["content"][0] for one in found]


@pytest.mark.parametrize("chunks", ["words", "chars", 3], ids=str)
@pytest.mark.parametrize(("say", "text", "annotations"), CITATIONS.values(), ids=CITATIONS)
def test_a_marker_is_one_delta_and_has_an_empty_quote(
    say: dict[str, Any], text: str, annotations: list[dict[str, Any]], chunks: Any
) -> None:
    """Recorded: the stored message has neither ``index`` nor ``quote``."""
    api = world({"say": {**say, "chunks": chunks}})
    reply = api.run(api.thread("apples?"), api.assistant(tools=[SEARCH]), stream=True)
    parts = [one["text"] for one in deltas(reply)]
    assert "".join(part["value"] for part in parts) == text
    shown = [one for part in parts for one in part.get("annotations", [])]
    expected = [
        {"index": n, **one, "file_citation": {**one["file_citation"], "quote": ""}} for n, one in enumerate(annotations)
    ]
    assert shown == expected
    assert [next(iter(one)) for one in shown] == ["index"] * len(shown)
    markers = [part["value"] for part in parts if part.get("annotations")]
    assert markers == [one["text"] for one in annotations]
    assert [n for n, part in enumerate(parts) if part.get("annotations") == []] in ([0], [])


# ---- Code ----


def test_code_as_a_run_step() -> None:
    step = {"code": {"input": "print(1)\r\n", "logs": "1\n", "images": ["cat.png"]}}
    played = Played(world(step, {"say": "One."}), CODE)
    (call,) = played.calls()
    assert list(call) == ["id", "type", "code_interpreter"]
    assert call["code_interpreter"] == {
        "input": "print(1)\r\n",
        "outputs": [{"type": "logs", "logs": "1\n"}, {"type": "image", "image": {"file_id": "file-cat"}}],
    }
    assert played.steps()[0]["usage"]["completion_tokens"] > 0


@pytest.mark.parametrize(
    ("code", "inputs", "outputs"),
    [
        ({"input": "x"}, ["x"], [[]]),
        ({"input": "x", "logs": ""}, ["x"], [[]]),
        ({"input": "print('{{ message }}')", "logs": "{{ message }}"}, ["print('apples?')"], [["logs"]]),
        ([{"input": "a"}, {"input": "b", "logs": "c"}], ["a", "b"], [[], ["logs"]]),
        ({"input": "", "images": ["file-cat", "cat.png"]}, [""], [["image", "image"]]),
    ],
    ids=str,
)
def test_code_and_its_outputs(code: Any, inputs: list[str], outputs: list[list[str]]) -> None:
    played = Played(world({"code": code}, {"say": "Done."}), CODE)
    made = [call["code_interpreter"] for call in played.calls()]
    assert [one["input"] for one in made] == inputs
    assert [[output["type"] for output in one["outputs"]] for one in made] == outputs


def test_files_that_code_makes_can_be_had(tmp_path: Any) -> None:
    (tmp_path / "deep.bin").write_bytes(b"\x00\x01")
    made = [
        {"filename": "table.csv", "content": "a,b\n1,{{ message }}"},
        {"filename": "plot.png", "base64": "iVBORw0KGgo="},
        {"filename": "deep.bin", "path": str(tmp_path / "deep.bin")},
    ]
    step = {"code": {"input": "x", "files": made, "images": [{"filename": "chart.png", "base64": "AAEC"}]}}
    say = "See sandbox:/mnt/data/table.csv 🌍 and sandbox:/mnt/data/plot.png, again sandbox:/mnt/data/table.csv."
    played = Played(world(step, {"say": say}), CODE)
    table, plot, again = played.annotations
    assert [list(one) for one in played.annotations] == [["type", "text", "start_index", "end_index", "file_path"]] * 3
    assert (table["type"], table["text"], table["start_index"]) == ("file_path", "sandbox:/mnt/data/table.csv", 4)
    for one in (table, plot, again):
        assert say[one["start_index"] : one["end_index"]] == one["text"]
    assert again["file_path"] == table["file_path"]
    api = played.api
    assert api.get(f"/v1/files/{table['file_path']['file_id']}/content").body == b"a,b\n1,apples?"
    assert api.get(f"/v1/files/{plot['file_path']['file_id']}/content").body.startswith(b"\x89PNG")
    (output,) = played.calls()[0]["code_interpreter"]["outputs"]
    image = api.get(f"/v1/files/{output['image']['file_id']}").json
    assert (image["filename"], image["purpose"], image["bytes"]) == ("chart.png", "assistants_output", 3)
    listed = api.get("/v1/files?purpose=assistants_output").json["data"]
    assert {one["filename"] for one in listed} == {"table.csv", "plot.png", "deep.bin", "chart.png"}
    assert api.get("/_emulator/check").json["ok"] is True


def test_generated_files_have_the_same_ids_every_time() -> None:
    step = {"code": {"input": "x", "files": [{"filename": "a.csv", "content": "1"}]}}
    ids = [Played(world(step, {"say": "sandbox:/mnt/data/a.csv"}), CODE).annotations[0]["file_path"] for _ in range(2)]
    assert ids[0] == ids[1]


def test_a_link_is_one_delta_without_a_quote() -> None:
    step = {"code": {"input": "x", "files": [{"filename": "a.csv", "content": "1"}]}}
    api = world(step, {"say": "Here: sandbox:/mnt/data/a.csv."})
    reply = api.run(api.thread("go"), api.assistant(tools=[CODE]), stream=True)
    (part,) = [one["text"] for one in deltas(reply) if one["text"].get("annotations")]
    (shown,) = part["annotations"]
    assert part["value"] == "sandbox:/mnt/data/a.csv"
    assert list(shown) == ["index", "type", "text", "start_index", "end_index", "file_path"]
    assert list(shown["file_path"]) == ["file_id"]


@pytest.mark.parametrize("chunks", ["words", "chars", 4, ["import", " x"]], ids=str)
def test_code_is_streamed_in_pieces(chunks: Any) -> None:
    api = world({"code": {"input": "import x", "chunks": chunks, "logs": "ok"}}, {"say": "Done."})
    reply = api.run(api.thread("go"), api.assistant(tools=[CODE]), stream=True)
    events = [event.json() for event in reply.events if event.event == "thread.run.step.delta"]
    parts = [one["delta"]["step_details"]["tool_calls"][0] for one in events]
    first, *pieces, output = [one["code_interpreter"] for one in parts]
    assert first == {"input": "", "outputs": []}
    assert list(parts[0]) == ["index", "id", "type", "code_interpreter"]
    assert all(list(one) == ["index", "type", "code_interpreter"] for one in parts[1:])
    assert "".join(one["input"] for one in pieces) == "import x"
    assert output == {"outputs": [{"index": 0, "type": "logs", "logs": "ok"}]}


def test_a_message_with_images() -> None:
    played = Played(world({"say": {"text": "A cat.", "images": ["cat.png", "file-cat"]}}), CODE)
    image = {"type": "image_file", "image_file": {"file_id": "file-cat"}}
    assert played.content == [image, image, {"type": "text", "text": {"value": "A cat.", "annotations": []}}]
    assert Played(world({"say": {"images": ["cat.png"]}}), CODE).content == [image]


# ---- What is impossible ----

THERE = "there is foods.txt, notes.txt, cat.png"
IMPOSSIBLE: dict[str, tuple[dict[str, Any], list[dict[str, Any]], str]] = {
    "a search without the tool": (
        {"search": "auto"},
        [CODE],
        "the run cannot use file_search: it has code_interpreter",
    ),
    "code without the tool": ({"code": {"input": "x"}}, [], "the run cannot use code_interpreter: it has no tool"),
    "a result that is no file": (
        {"search": {"results": [{"file": "none.txt"}]}},
        [SEARCH],
        f"there is no file 'none.txt': {THERE}",
    ),
    "a citation of no file": (
        {"say": {"text": "x", "cite": [{"file": "none.txt"}]}},
        [SEARCH],
        f"there is no file 'none.txt': {THERE}",
    ),
    "an image that is no file": ({"say": {"images": ["none.png"]}}, [], f"there is no file 'none.png': {THERE}"),
    "an image of code that is no file": (
        {"code": {"input": "x", "images": ["none.png"]}},
        [CODE],
        f"there is no file 'none.png': {THERE}",
    ),
    "a file of code that is none": (
        {"code": {"input": "x", "files": ["none.csv"]}},
        [CODE],
        f"there is no file 'none.csv': {THERE}",
    ),
}


@pytest.mark.parametrize(("step", "tools", "message"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_the_model_could_never_have_done(step: dict[str, Any], tools: list[dict[str, Any]], message: str) -> None:
    api = world(step, {"say": "Done."})
    played = Played(api, *tools)
    assert played.object["status"] == "failed"
    (problem,) = api.get("/_emulator/check").json["problems"]
    assert problem["kind"] == "impossible"
    assert problem["message"].endswith(message)


def test_contents_that_are_no_base64_are_refused_with_the_scenario() -> None:
    with pytest.raises(ScenarioError, match="this is no base64"):
        world({"code": {"input": "x", "images": [{"filename": "a.png", "base64": "abc"}]}})


def test_of_files_with_one_name_the_newest_is_meant() -> None:
    api = world({"say": {"text": "x", "cite": [{"file": "foods.txt"}]}})
    newer = make_file(api, "foods.txt", b"newer")
    assert Played(api, SEARCH).annotations[0]["file_citation"]["file_id"] == newer
    api.delete(f"/v1/files/{newer}")
    assert Played(api, SEARCH).annotations[0]["file_citation"]["file_id"] == "file-foods"


# ---- Streams, byte for byte ----

OPENING = ["thread.run.created", "thread.run.queued", "thread.run.in_progress"]
STEP = ["thread.run.step.created", "thread.run.step.in_progress"]
TOOL = [*STEP, "thread.run.step.delta", "thread.run.step.completed"]
SAID = [
    *STEP,
    "thread.message.created",
    "thread.message.in_progress",
    "thread.message.delta",
    "thread.message.completed",
    "thread.run.step.completed",
]
ALL = [*OPENING, *TOOL, *SAID, "thread.run.completed", "done"]


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("E_code_interpreter", [{"code": {"input": "import math\nmath.sqrt(3912)"}}, {"say": "About 62.5."}]),
        (
            "E_code_interpreter_outputs_guess",
            [
                {
                    "code": {
                        "input": "print(1)",
                        "logs": "1\n",
                        "images": [{"filename": "plot.png", "base64": "iVBORw0KGgo="}],
                        "files": [{"filename": "a.csv", "content": "1"}],
                    }
                },
                {"say": "See [a.csv](sandbox:/mnt/data/a.csv)."},
            ],
        ),
        (
            "F_file_search",
            [{"search": "auto"}, {"say": {"text": "Summer likes apples.", "cite": [{"file": "foods.txt"}]}}],
        ),
    ],
    ids=["E_code_interpreter", "E_code_interpreter_outputs_guess", "F_file_search"],
)
def test_a_stream_is_exactly_these_bytes(
    emulate: Emulate, connect: Callable[[Emulator], Api], name: str, steps: list[dict[str, Any]]
) -> None:
    api = connect(emulate(scenario(*steps)))
    assistant = api.assistant(tools=[SEARCH, CODE], **holds("vs_foods"))

    reply = api.run(api.thread("Who likes apples?"), assistant, stream=True)

    assert reply.event_names == ALL
    golden.expect(GOLDEN / f"{name}.sse", reply.body)


def test_a_search_is_one_delta_without_results() -> None:
    """docs/wire.md §3 F: they come with the completed step alone."""
    api = world({"search": "auto"}, {"say": "Yes."})
    reply = api.run(api.thread("apples"), api.assistant(tools=[SEARCH], **holds("vs_foods")), stream=True)
    (delta,) = [event.json() for event in reply.events if event.event == "thread.run.step.delta"]
    (call,) = delta["delta"]["step_details"]["tool_calls"]
    assert list(call) == ["index", "id", "type", "file_search"]
    assert call["file_search"] == {"ranking_options": RANKING, "results": []}
