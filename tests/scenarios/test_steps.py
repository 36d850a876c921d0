"""Each step kind by ``list(play(context, step))``: exactly these actions, in this order, and nothing else.

``test_run_narrator`` has the actions as items of the Assistants API.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.base.json_types import Object
from emulator.scenarios.steps import STEP_KINDS, step
from emulator.scenarios.steps.actions import (
    Action,
    Annotation,
    Called,
    CutOff,
    Execution,
    Expired,
    Failed,
    FileRef,
    FunctionCall,
    Held,
    Image,
    Logs,
    PlainText,
    RanCode,
    Reasoned,
    Refused,
    Said,
    Search,
    Searched,
    SearchResult,
    Waited,
)
from emulator.scenarios.steps.context import Output, StepContext
from emulator.scenarios.steps.pieces import cut
from emulator.scenarios.steps.step import Step
from emulator.scenarios.steps.tool import Tool

FOODS, CAT = FileRef("file-foods", "foods.txt"), FileRef("file-cat", "cat.png")
FILES = {"foods.txt": FOODS, "file-foods": FOODS, "cat.png": CAT, "file-cat": CAT}
FOUND = [
    SearchResult("file-foods", "foods.txt", 0.9, {"year": 2024}, "Summer likes apples."),
    SearchResult("file-notes", "notes.txt", 0.2, {}, "Bring plums."),
]
TOOLS = [
    Tool("function", "get_weather", {"type": "object", "required": ["city"], "properties": {"city": {}}}),
    Tool("function", "get_time", {"type": "object"}),
    Tool("code_interpreter", "code_interpreter"),
    Tool("file_search", "file_search"),
]


class WithFiles(StepContext):
    """A turn with two files, and two results of each search."""

    def __init__(self, tools: list[Tool]) -> None:
        super().__init__("Hello", {"plot.png": b"\x89PNG"})
        self._tools, self.files = tools, dict(FILES)

    def tools(self) -> list[Tool]:
        return self._tools

    def find_file(self, name: str) -> FileRef | None:
        return self.files.get(name)

    def store_file(self, filename: str, content: bytes) -> FileRef:
        return FileRef(f"file-of-{len(content)}-bytes", filename)

    def search(self, query: str) -> list[SearchResult]:
        return FOUND


def context(*outputs: str, tools: list[Tool] = TOOLS) -> WithFiles:
    """``outputs``: submitted for calls to come."""
    made = WithFiles(tools)
    made.outputs = tuple(Output("get_weather", "{}", output) for output in outputs)
    return made


class Typed(list[Any]):
    """Actions and items are tuples, so that two of different types can be equal; here their types count too."""

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other) and isinstance(other, list) and [*map(type, self)] == [*map(type, other)]

    __hash__ = None


def play(in_context: StepContext, kind: str, value: Any, *, stays_open: bool = False, **beside: Any) -> Typed:
    return Typed(STEP_KINDS[kind].play(in_context, Step(kind, value, beside, stays_open=stays_open)))


# ---- Each step kind as neutral actions ----


def plain(*pieces: str, annotations: list[Annotation] | None = None) -> PlainText:
    return PlainText("".join(pieces), list(pieces), annotations or [])


def say(
    *pieces: str,
    annotations: list[Annotation] | None = None,
    images: list[FileRef] | None = None,
    without: PlainText | None = None,
    phase: Any = None,
) -> Said:
    """A message; ``without`` the markers of its citations it is the same, unless said otherwise."""
    text = "".join(pieces)
    return Said(text, list(pieces), annotations or [], images or [], without or plain(*pieces), phase=phase)


def point(index: int, file: FileRef) -> Annotation:
    return Annotation(index, index, "citation", "", file)


def shown(file: FileRef) -> Annotation:
    return Annotation(0, 0, "link", "", file)


def call(name: str, *pieces: str) -> FunctionCall:
    return FunctionCall(name, "".join(pieces), list(pieces))


def called(*calls: FunctionCall) -> Called:
    return Called(list(calls))


def in_city(name: str) -> list[str]:
    return ["{", '"', "city", '"', ":", '"', name, '"', "}"]


MARKER = "【4:0†foods.txt】"
JSON_TEXT = '{"city":"Paris","n":[1,null]}'
PARIS = call("get_weather", *in_city("Paris"))
QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
)
SORRY = "Sorry, something went wrong."

STEPS: list[tuple[str, Any, list[Action]]] = [
    ("say", "Hi there, Ann!", [say("Hi", " there", ",", " Ann", "!")]),
    ("say", {"text": "Hi there", "chunks": "words"}, [say("Hi", " there")]),
    ("say", {"text": "Hi!", "chunks": "chars"}, [say("H", "i", "!")]),
    ("say", {"text": "Hi there", "chunks": 3}, [say("Hi ", "the", "re")]),
    ("say", {"text": "Hi there", "chunks": 100}, [say("Hi there")]),
    ("say", {"text": "Hi there", "chunks": ["Hi th", "", "ere"]}, [say("Hi th", "", "ere")]),
    ("say", {"json": {"city": "Paris", "n": [1, None]}, "chunks": 15}, [say(JSON_TEXT[:15], JSON_TEXT[15:])]),
    ("say", {"json": ["{{ message }}", "<{{ message }}>"], "chunks": 99}, [say('["Hello","<Hello>"]')]),
    ("say", "{{ message }}!", [say("Hello", "!")]),
    ("say", "{{ {'a': 1} }}", [say("{", '"', "a", '"', ":", "1", "}")]),
    ("say", "", [say()]),
    ("say", {"text": "", "chunks": []}, [say()]),
    ("say", "caf\u00e9 \U0001f600\r\n", [say("caf\u00e9", " \U0001f600", "\r\n")]),
    ("say", {"text": "Apples.", "cite": [{"file": "foods.txt"}]},
     [say("Apples", ".", MARKER, annotations=[Annotation(7, 22, "citation", MARKER, FOODS)],
          without=plain("Apples", ".", annotations=[point(7, FOODS)]))]),
    ("say", {"text": "\U0001f34e [1].", "cite": [{"file": "file-foods", "marker": "[1]"}], "chunks": "chars"},
     [say("\U0001f34e", " ", "[1]", ".", annotations=[Annotation(2, 5, "citation", "[1]", FOODS)],
          without=plain("\U0001f34e", " ", ".", annotations=[point(2, FOODS)]))]),
    ("say", {"text": "A cat.", "images": ["cat.png", "file-cat"]},
     [say("A", " cat", ".", images=[CAT, CAT], without=plain("A", " cat", ".", annotations=[shown(CAT), shown(CAT)]))]),
    ("say", {"images": ["cat.png"]}, [say(images=[CAT], without=plain(annotations=[shown(CAT)]))]),
    ("say", {"text": "Hi", "phase": "commentary"}, [say("Hi", phase="commentary")]),
    ("refuse", "I can't.", [Refused("I can't.", ["I", " can't", "."])]),
    ("refuse", "{{ message }}", [Refused("Hello", ["Hello"])]),
    ("refuse", {"text": "Not now", "chunks": ["Not", "", " now"]}, [Refused("Not now", ["Not", "", " now"])]),
    ("reason", "Let me {{ message }}", [Reasoned(["Let me Hello"], [["Let", " me", " Hello"]])]),
    ("reason", {"summary": []}, [Reasoned([], [])]),
    ("reason", {"summary": ["One two", "", "Three", "Four"], "chunks": [["One two"], [], "chars"]},
     [Reasoned(["One two", "", "Three", "Four"], [["One two"], [], list("Three"), ["Four"]])]),
    ("call", {"get_weather": {"city": "Paris"}}, [called(PARIS)]),
    ("call", {"get_weather": {"city": "Paris"}, "get_time": {}}, [called(PARIS, call("get_time", "{", "}"))]),
    ("call", [{"get_weather": {"city": "Rome"}}, {"get_weather": {"city": "Oslo"}}],
     [called(call("get_weather", *in_city("Rome")), call("get_weather", *in_city("Oslo")))]),
    ("call", {"get_weather": '{"city": "Par'}, [called(call("get_weather", *in_city("")[:5], ' "', "Par"))]),
    ("call", {"get_weather": ""}, [called(call("get_weather"))]),
    ("call", {"get_weather": "{{ {'city': message} }}"}, [called(call("get_weather", *in_city("Hello")))]),
    ("call", {"get_weather": "{{ message }}"}, [called(call("get_weather", "Hello"))]),
    ("call", {"get_weather": '{"city": {{ message }}'}, [called(call("get_weather", *in_city("")[:5], " Hello"))]),
    ("call", {"get_weather": {"city": "<{{ message }}>"}},
     [called(call("get_weather", "{", '"', "city", '"', ":", '"', "<", "Hello", ">", '"', "}"))]),
    ("call", {"get_time": {"any": [1, 2.0, None, "{{ 5 }}"]}},
     [called(call("get_time", *'{ " any " : [ 1 , 2 . 0 , null , 5 ] }'.split()))]),
    ("code", {"input": "print(1)", "logs": "1\n", "images": ["cat.png"]},
     [RanCode([Execution("print(1)", ["print", "(", "1", ")"], [Logs("1\n"), Image(CAT)])])]),
    ("code", [{"input": "a"}, {"input": "{{ message }}", "chunks": 3, "logs": ""}],
     [RanCode([Execution("a", ["a"], []), Execution("Hello", ["Hel", "lo"], [])])]),
    ("code", {"input": "", "images": [{"filename": "a.png", "base64": "AAEC"}]},
     [RanCode([Execution("", [], [Image(FileRef("file-of-3-bytes", "a.png"))])])]),
    ("code", {"input": "", "images": [{"filename": "a.png", "path": "plot.png"}]},
     [RanCode([Execution("", [], [Image(FileRef("file-of-4-bytes", "a.png"))])])]),
    ("code", {"input": "", "images": [{"filename": "a.svg", "content": "<{{ message }}>"}]},
     [RanCode([Execution("", [], [Image(FileRef("file-of-7-bytes", "a.svg"))])])]),
    ("code", {"input": "", "outputs": [{"image": "cat.png"}, {"logs": ""}, {"image": "data:image/jpeg;base64,AAEC"},
                                       {"logs": "{{ message }}"}, {"image": {"filename": "a.png", "content": "1"}},
                                       {"image": "{{ 'data:image/png;base64,' }}"}]},
     [RanCode([Execution("", [], [Image(CAT), Logs(""), Image(FileRef("file-of-3-bytes", "image-1.jpg")),
                                  Logs("Hello"), Image(FileRef("file-of-1-bytes", "a.png")),
                                  Image(FileRef("file-of-0-bytes", "image-3.png"))])])]),
    ("code", {"input": "", "outputs": []}, [RanCode([Execution("", [], [])])]),
    ("search", "auto", [Searched([Search(["Hello"], FOUND)])]),
    ("search", {"query": "{{ message }} plums"}, [Searched([Search(["Hello plums"], FOUND)])]),
    ("search", {"queries": ["plums", "{{ message }}"]}, [Searched([Search(["plums", "Hello"], FOUND)])]),
    ("search", {"queries": [], "results": []}, [Searched([Search([], [])])]),
    ("search", {"query": "plums", "results": []}, [Searched([Search(["plums"], [])])]),
    ("search", {"results": []}, [Searched([Search(["Hello"], [])])]),
    ("search", {"results": [{"file": "foods.txt", "text": "<{{ message }}>", "score": 0.8}]},
     [Searched([Search(["Hello"], [SearchResult("file-foods", "foods.txt", 0.8, {}, "<Hello>")])])]),
    ("search", ["auto", {"results": [{"file": "cat.png"}]}],
     [Searched([Search(["Hello"], FOUND), Search(["Hello"], [SearchResult("file-cat", "cat.png", 1.0, {}, "")])])]),
    ("wait", 0, [Waited(0)]),
    ("wait", 2.5, [Waited(2.5)]),
    ("hold", "approval", [Held("approval")]),
    ("fail", {"code": "rate_limit_exceeded", "message": "Slow down."}, [Failed("rate_limit_exceeded", "Slow down.")]),
    ("fail", {"code": "server_error"}, [Failed("server_error", SORRY)]),
    ("fail", "server_error", [Failed("server_error", SORRY)]),
    ("fail", "rate_limit_exceeded", [Failed("rate_limit_exceeded", QUOTA)]),
    ("fail", "invalid_image_url", [Failed("invalid_image_url", "The run failed: invalid_image_url.")]),
    ("fail", {"code": "c", "message": "{{ message }}!"}, [Failed("c", "Hello!")]),
    ("fail", "{{ 5 }}", [Failed("5", "The run failed: 5.")]),
    ("incomplete", "max_completion_tokens", [CutOff("max_completion_tokens")]),
    ("incomplete", "max_prompt_tokens", [CutOff("max_prompt_tokens")]),
    ("incomplete", "content_filter", [CutOff("content_filter")]),
    ("expire", True, [Waited(0, to_expiry=True), Expired()]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "actions"), STEPS, ids=[f"{kind}: {value}" for kind, value, _ in STEPS])
def test_a_step_is_these_actions(kind: str, value: Any, actions: list[Action]) -> None:
    assert play(context(), kind, value) == actions


def test_every_step_kind_is_in_the_table() -> None:
    assert {kind for kind, _, _ in STEPS} == set(STEP_KINDS)


STATED = {"prompt_tokens": 31, "completion_tokens": 12}
WRITING = [
    ("say", "Hi"),
    ("reason", "Hm"),
    ("refuse", "No"),
    ("call", {"get_time": {}}),
    ("code", {"input": "1"}),
    ("search", "auto"),
]


@pytest.mark.parametrize(("kind", "value"), WRITING, ids=str)
def test_usage_beside_a_step_is_its_action_s(kind: str, value: Any) -> None:
    assert [action.usage for action in play(context(), kind, value, usage=STATED)] == [STATED]


@pytest.mark.parametrize(
    ("stays_open", "beside", "is_open"),
    [(False, {}, False), (True, {}, True), (True, {"done": True}, False), (True, {"done": False}, True),
     (False, {"done": False}, False)],
    ids=["alone", "before a hold or end", "done before it", "not done before it", "not done, but nothing follows"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["say", "refuse"])
def test_a_message_stays_open_for_the_step_that_follows_directly(
    kind: str, stays_open: bool, beside: Object, is_open: bool
) -> None:
    (action,) = play(context(), kind, "Hi", stays_open=stays_open, **beside)
    assert action.stays_open is is_open


def test_files_that_code_made_are_linked_by_later_messages() -> None:
    later = context()
    play(later, "code", {"input": "x", "files": [{"filename": "a.csv", "content": "1"}]})
    link, made = "sandbox:/mnt/data/a.csv", FileRef("file-of-1-bytes", "a.csv")
    annotations = [Annotation(5, 28, "link", link, made)]
    said = ["See", ":", " ", link, "."]
    without = plain(*said, annotations=annotations)
    assert play(later, "say", f"See: {link}.") == [say(*said, annotations=annotations, without=without)]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"limit": 0}, []),
        ({"limit": 1}, FOUND[:1]),
        ({"threshold": 0.3}, FOUND[:1]),
        ({"limit": 2, "threshold": 0.2}, FOUND),
    ],
    ids=["no result", "one result", "good results", "all that there are"],
)
def test_a_search_keeps_to_the_tool_s_limit_and_threshold(options: Any, found: list[SearchResult]) -> None:
    searching = context(tools=[Tool("file_search", "file_search", **options)])
    assert play(searching, "search", "auto") == [Searched([Search(["Hello"], found)])]


@given(st.text(), st.one_of(st.sampled_from(["words", "chars"]), st.integers(min_value=1, max_value=50)))
@settings(deadline=None)
def test_pieces_joined_are_the_text(text: str, chunks: str | int) -> None:
    pieces = cut(text, chunks)
    assert "".join(pieces) == text
    assert all(pieces), "no piece is empty"


def test_a_second_step_kind_of_the_same_name_is_an_error() -> None:
    with pytest.raises(ValueError, match="there is a step 'say' already"):
        step("say", {}, "again")(STEP_KINDS["say"].play)


def test_a_new_step_kind_is_one_decorated_generator() -> None:
    @step("nod", {"type": "boolean"}, "the assistant nods")
    def nod(context: StepContext, step: Step) -> Iterator[Action]:
        yield Waited(1 if step.value else 0)

    try:
        assert play(context(), "nod", True) == [Waited(1)]
    finally:
        del STEP_KINDS["nod"]
