"""What the assistant did beside talking: code and what came of it, searches, citations, images, refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.base.json_types import Object
from emulator.recordings.distil.distil import Distilled
from tests.recording.carried import Script, carry
from tests.recording.handmade import (
    QUESTION,
    Book,
    Played,
    assistant,
    code,
    file,
    found,
    image,
    image_part,
    listed,
    logs,
    message,
    proven,
    search,
    step,
    steps_of,
    text_part,
)
from tests.support import Api

RUN = "/v1/threads/thread_1/runs/run_1"
MESSAGES = "/v1/threads/thread_1/messages"
TOOLS = [{"type": "code_interpreter"}, {"type": "file_search"}]
CONTENT = "include[]=step_details.tool_calls[*].file_search.results[*].content"

# ---- As the emulator plays them ----


def _converse(*, streams: bool) -> Script:
    def script(api: Api) -> None:
        helper = api.assistant(tools=TOOLS)
        thread = api.thread(QUESTION)
        api.run(thread, helper, stream=streams)
        runs = f"/v1/threads/{thread}/runs"
        for one in api.get(runs).json["data"]:
            api.poll(thread, one["id"])
            api.get(f"{runs}/{one['id']}/steps?{CONTENT}")
        api.get(f"/v1/threads/{thread}/messages")

    return script


GIVEN = {"files": [{"id": "file-menu", "filename": "menu.md", "content": "Leek soup, 5"}]}
CHART = {"filename": "chart.png", "base64": "iVBORw0KGgo="}
DONE: list[list[Object]] = [
    [{"code": {"input": "print(1)"}}, {"say": "One."}],
    [{"code": {"input": "print({{ '{{' }} x }})", "logs": "1\n{{ '{%' }}"}}, {"say": "One."}],
    [{"code": {"input": "a\r\nb\n", "chunks": ["a", "\r\nb", "\n"]}}, {"say": "One."}],
    [{"code": [{"input": "1"}, {"input": "2", "logs": "2"}]}, {"say": "Two."}],
    [{"code": {"input": "plot()", "images": [CHART]}}, {"say": {"text": "Look.", "images": ["chart.png"]}}],
    [{"code": {"input": "plot()", "images": [CHART, {**CHART, "filename": "b.png"}]}},
     {"say": {"images": ["b.png", "chart.png"]}}],
    [{"code": {"input": "save()", "files": [{"filename": "sum.csv", "content": "a,b"}]}},
     {"say": "Here: [sum](sandbox:/mnt/data/sum.csv), again sandbox:/mnt/data/sum.csv"}],
    [{"code": {"input": "1"}}, {"code": {"input": "2", "files": [{"filename": "x.txt", "content": ""}]}},
     {"say": "sandbox:/mnt/data/x.txt"}, {"code": {"input": "3"}}, {"say": "Done."}],
    [{"search": {"results": [{"file": "menu.md", "text": "Leek {{ '{#' }} soup", "score": 0.25}]}}, {"say": "Soup."}],
    [{"search": {"results": []}}, {"say": "Nothing."}],
    [{"search": [{"results": [{"file": "file-menu"}]}, {"results": []}]}, {"say": "Two."}],
    [{"search": {"results": [{"file": "menu.md", "text": "Soup", "score": 1}]}},
     {"say": {"text": "It is soup [1], soup [2].", "cite": [{"file": "menu.md", "marker": "[1]"},
                                                             {"file": "file-menu", "marker": "[2]"}]}}],
    [{"say": {"text": "Soup.", "cite": [{"file": "menu.md"}, {"file": "menu.md"}]}}],
    [{"say": {"text": "Soup {{ '{{' }}.", "chunks": 3, "cite": [{"file": "menu.md"}]}}],
    [{"say": {"text": "Süppe 😀 [x] [x]", "chunks": "chars", "cite": [{"file": "menu.md", "marker": "[x]"}]}}],
    [{"say": {"text": "So up.", "chunks": ["So", " ", "up."], "cite": [{"file": "menu.md"}]}}],
    [{"say": {"images": ["menu.md"]}}],
    [{"refuse": "I cannot {{ '{{' }} help."}],
    [{"refuse": ""}],
    [{"say": ""}],
    [{"say": {"json": {"a": [1, None]}}}],
    [{"say": "\n"}, {"say": {"text": "ab", "chunks": 1}}],
]  # fmt: skip


@pytest.mark.parametrize("streams", [False, True], ids=["polled", "streamed"])
@pytest.mark.parametrize("steps", DONE, ids=lambda steps: json.dumps(steps)[:60])
def test_acts_are_played_as_they_were(steps: list[Object], streams: bool) -> None:
    carry({"given": GIVEN, "turns": [{"steps": steps}]}, _converse(streams=streams))


# ---- As they were recorded elsewhere ----


def _ran(*steps: Object, tools: Any = TOOLS) -> Book:
    """A run with these steps, newest last."""
    book = Book().assistant(tools=tools).thread(QUESTION).run("in_progress", "completed", tools=tools)
    return book.ask(f"GET {RUN}/steps", None, listed(*reversed(steps)))


def _said(book: Book, content: Any, id: str = "msg_1") -> Book:
    said = message(content, id, run="run_1", at=15)
    return book.ask(f"GET {MESSAGES}", None, listed(said, message(QUESTION, "msg_0", at=1)))


def _code_of(distilled: Distilled) -> Object:
    return dict(steps_of(distilled)[0]["code"])


PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(90))


def test_an_image_has_the_contents_that_were_downloaded() -> None:
    book = _ran(
        step("step_1", code("call_1", "plot()", image("file-chart"))), step("step_2", message_id="msg_1", at=15)
    )
    book.ask("GET /v1/files/file-chart", None, file("file-chart", "/mnt/data/chart.png", purpose="assistants_output"))
    book.ask("GET /v1/files/file-chart/content", None, PNG)
    _said(book, [image_part("file-chart"), text_part("Look.")])

    distilled = proven(book)

    made = _code_of(distilled)["images"][0]
    assert made["filename"] == "/mnt/data/chart.png"
    api = Played(distilled)
    api.ask_for(api.assistant(tools=TOOLS), QUESTION)
    (one,) = api.get("/v1/files?purpose=assistants_output").json["data"]
    assert api.get(f"/v1/files/{one['id']}/content").body == PNG
    assert distilled.left_out == []


def test_files_that_were_downloaded_are_made_by_the_run_though_its_code_was_not_recorded() -> None:
    book = Book().assistant(tools=TOOLS).thread(QUESTION).run("completed", tools=TOOLS)
    _said(book, [image_part("file-x"), text_part(f"[sum]({LINK})", _path(LINK))])
    book.ask("GET /v1/files/file-x/content", None, PNG).ask("GET /v1/files/file-sum/content", None, b"a,b")
    distilled = proven(book)

    assert _code_of(distilled)["input"] == "# (the code was not recorded)"
    assert [one["filename"] for one in _code_of(distilled)["images"]] == ["image.png"]
    assert _code_of(distilled)["files"] == [{"filename": "sum.csv", "content": "a,b"}]
    assert steps_of(distilled)[1]["say"]["images"] == ["image.png"]
    assert "files" not in distilled.document.get("given", {})


def test_images_that_nobody_downloaded_have_names_of_their_own_and_a_size() -> None:
    images = [image("file-a"), image("file-b")]
    book = _ran(step("step_1", code("call_1", "plot()", *images)), step("step_2", message_id="msg_1", at=15))
    distilled = proven(_said(book, [image_part("file-b"), image_part("file-a")]))

    assert [one["filename"] for one in _code_of(distilled)["images"]] == ["image.png", "image-2.png"]
    assert steps_of(distilled)[1] == {"say": {"images": ["image-2.png", "image.png"]}}
    assert distilled.left_out == [
        "the contents of image.png, image-2.png, which were not recorded; the scenario states their size",
    ]


def test_an_image_without_the_code_that_made_it_was_there_before() -> None:
    book = Book().assistant().thread(QUESTION).run("completed")
    distilled = proven(_said(book, [image_part("file-x"), text_part("Look.")]))

    assert steps_of(distilled) == [{"say": {"text": "Look.", "images": ["file-x"]}}]
    assert [one["id"] for one in distilled.document["given"]["files"]] == ["file-x"]


LINK = "sandbox:/mnt/data/sum.csv"


def _path(text: str, id: str = "file-sum", start: int = 0) -> Object:
    return {"type": "file_path", "text": text, "start_index": start, "end_index": 9, "file_path": {"file_id": id}}


def _cite(text: str, id: str = "file-menu", start: int = 0) -> Object:
    cited = {"file_id": id}
    return {"type": "file_citation", "text": text, "start_index": start, "end_index": 9, "file_citation": cited}


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", None])
def test_a_link_tells_of_a_file_that_the_code_made(content: bytes | None) -> None:
    book = _ran(step("step_1", code("call_1", "save()")), step("step_2", message_id="msg_1", at=15))
    _said(book, [text_part(f"[sum]({LINK})", _path(LINK))])
    if content is not None:
        book.ask("GET /v1/files/file-sum/content", None, content)
    distilled = proven(book)

    kept = {"content": content.decode()} if content else {"bytes": 28}
    assert _code_of(distilled) == {"input": "save()", "files": [{"filename": "sum.csv", **kept}]}
    assert "given" not in distilled.document


def test_a_link_without_code_is_said_to_be_left_out() -> None:
    book = Book().assistant().thread(QUESTION).run("completed")
    distilled = proven(_said(book, [text_part(f"[sum]({LINK})", _path(LINK))]))

    assert distilled.left_out[0] == "run_1: it links to 'sum.csv', but the code that created this file was not recorded"


MARK = "【4:0†menu.md】"


@pytest.mark.parametrize(
    ("annotations", "cited", "remarks"),
    [
        ([_cite(MARK)], [{"file": "file-menu", "marker": MARK}], 0),
        ([_cite("[2]", "file-b", 9), _cite(MARK, start=4)],
         [{"file": "file-menu", "marker": MARK}, {"file": "file-b", "marker": "[2]"}], 0),
        ([_cite("not there")], None, 1),
        ([_cite("")], None, 1),
        ([_path("/elsewhere/x.csv")], None, 1),
        ([_path("sandbox:/mnt/data/")], None, 1),
        ([{"type": "other", "text": MARK}], None, 1),
    ],
)  # fmt: skip
def test_citations_mark_words_that_are_there(annotations: list[Object], cited: Any, remarks: int) -> None:
    book = Book().assistant().thread(QUESTION).run("completed")
    text = f"See {MARK} and [2]."
    distilled = proven(_said(book, [text_part(text, *annotations)]))

    (act,) = steps_of(distilled)
    assert act["say"] == ({"text": text, "cite": cited} if cited else text)
    assert sum("annotations" in one for one in distilled.left_out) == remarks


def test_a_citation_names_a_file_of_the_client_by_its_name() -> None:
    book = Book().upload("file-menu", "menu.md", b"Soup")
    book.exchanges += Book().assistant().thread(QUESTION).run("completed").exchanges
    distilled = proven(_said(book, [text_part(f"Soup {MARK}", _cite(MARK))]))

    assert steps_of(distilled)[0]["say"]["cite"] == [{"file": "menu.md", "marker": MARK}]


def test_search_results_of_files_that_were_there_are_named_by_id_and_the_files_given() -> None:
    results = [found("file-menu", "menu.md", 0.75, "Leek {{ soup"), found("file-menu", "menu.md", 0.5)]
    book = _ran(step("step_1", search("call_1", *results)), step("step_2", message_id="msg_1", at=15))
    distilled = proven(_said(book, "Soup."), "content")

    assert steps_of(distilled)[0] == {
        "search": {
            "results": [
                {"file": "file-menu", "text": "Leek {{ '{{' }} soup", "score": 0.75},
                {"file": "file-menu", "score": 0.5},
            ]
        }
    }
    (given,) = distilled.document["given"]["files"]
    assert (given["id"], given["filename"]) == ("file-menu", "menu.md")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([text_part("A"), text_part("B")], {"say": "AB"}),
        ([text_part("A"), image_part("file-x")], {"say": {"text": "A", "images": ["file-x"]}}),
        ([text_part("A"), {"type": "refusal", "refusal": "No"}], {"say": "A"}),
        ([text_part("A"), {"type": "other"}], {"say": "A"}),
    ],
)
def test_parts_that_a_scenario_cannot_say_are_told(content: list[Object], said: Object) -> None:
    book = Book().assistant().thread(QUESTION).run("completed")
    distilled = _said(book, content).distilled()

    assert steps_of(distilled) == [said]
    assert "a scenario has images, then one text" in distilled.left_out[0]


def test_refusals_are_refusals() -> None:
    book = Book().assistant().thread(QUESTION).run("completed")
    parts = [{"type": "refusal", "refusal": "I can"}, {"type": "refusal", "refusal": "not {{ help"}]

    assert steps_of(_said(book, parts).distilled()) == [{"refuse": "I cannot {{ '{{' }} help"}]


def test_an_image_that_an_earlier_run_made_is_named_by_what_it_was_called() -> None:
    book = _said(_ran(step("step_1", code("call_1", "plot()", image("file-chart")))), "Done.")
    book.run("completed", id="run_2")
    again = message([image_part("file-chart")], "msg_2", run="run_2", at=30)
    book.ask(f"GET {MESSAGES}/msg_2", None, again)
    distilled = book.distilled()

    assert distilled.document["turns"][1]["steps"] == [{"say": {"images": ["image.png"]}}]


def test_given_assistants_are_no_business_of_code() -> None:
    book = Book().ask("GET /v1/assistants/asst_1", None, assistant(tools=TOOLS))
    book.exchanges += _ran(step("step_1", code("call_1", "1", logs("1")))).exchanges[1:]

    assert _code_of(book.distilled()) == {"input": "1", "logs": "1"}
