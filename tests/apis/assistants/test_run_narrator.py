"""Each action, as the Assistants API tells it: exactly these changes of its objects, in this order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

import orjson
import pytest

from emulator.apis.assistants import objects, usage
from emulator.apis.assistants.narrator import RunNarrator
from emulator.apis.assistants.objects import Message, RunStep
from emulator.apis.assistants.run_writer import MESSAGE, RUN_STEP
from emulator.apis.assistants.store import Thread
from emulator.apis.assistants.usage import UsageCounter
from emulator.base.json_types import Object
from emulator.engine.narrator import NO_CHANGES, Flaw, Item, Move
from emulator.engine.turn_log import TurnLog
from emulator.engine.usage import tokens
from emulator.scenarios.steps.actions import (
    ACTIONS,
    Action,
    Annotation,
    Began,
    Called,
    Cancelled,
    Completed,
    CutOff,
    Execution,
    Expired,
    Failed,
    FileRef,
    FunctionCall,
    Held,
    Image,
    Logs,
    RanCode,
    Reasoned,
    Refused,
    Said,
    Search,
    Searched,
    SearchResult,
    Waited,
)
from emulator.world.state.state import State
from tests.scenarios.test_steps import CAT, FOODS, MARKER, PARIS, Typed, call, called, context, say

TOOLS = [
    {"type": "function", "function": {"name": "get_weather"}},
    {"type": "code_interpreter"},
    {"type": "file_search"},
]
ASSISTANT = objects.assistant("asst_1", 0, {"model": "gpt-4o", "tools": TOOLS})
THE_RUN = objects.run("run_1", 0, "thread_1", ASSISTANT, {})
#: Tokens of the run's tools: there is nothing else to read.
PROMPT = usage.prompt(THE_RUN, Thread(objects.thread("thread_1", 0, {})))


class Create(NamedTuple):
    """A message or run step comes into being."""

    thing: Message | RunStep


class Delta(NamedTuple):
    """A piece of a message or run step that streams carry."""

    kind: str
    id: str
    content: Object


class Put(NamedTuple):
    """What is seen of a message or run step while the turn stands."""

    kind: str
    id: str
    content: Any


class End(NamedTuple):
    """A message or run step takes its last status, with other changes beside it."""

    kind: str
    id: str
    status: str
    changes: Object


class Watched(RunNarrator):
    """A narrator that remembers what it writes. Its ids are counted by kind: ``thread.message 1``."""

    def __init__(self, *outputs: str) -> None:
        thread = Thread(objects.thread("thread_1", 0, {}))
        counter, made = UsageCounter(THE_RUN, thread, None, 1), context(*outputs)
        super().__init__(State({}), thread, THE_RUN, TurnLog(), counter, made)
        self._made: Counter[str] = Counter()
        self.written: list[Item] = []
        self.begin(0)

    def told(self, action: Action) -> Typed:
        """What is written of an action, and the items of the engine's between."""
        self.written = []
        for item in self.narrate(action):
            if callable(item):
                self.apply(item, 0)
            else:
                self.written.append(item)
        return Typed(self.written)

    def create(self, thing: Message | RunStep) -> None:
        self.written.append(Create(thing))
        super().create(thing)

    def add(self, kind: str, id: str, deltas: Iterable[Object], many: int, at: int) -> None:
        contents = list(deltas)
        assert len(contents) == many
        self.written += [Delta(kind, id, content) for content in contents]
        super().add(kind, id, contents, many, at)

    def put(self, thing: Message | RunStep) -> None:
        shown: Any = thing
        if shown["status"] == "in_progress":
            kind = shown["object"]
            self.written.append(Put(kind, shown["id"], shown["content" if kind == MESSAGE else "step_details"]))
        super().put(thing)

    def end(self, thing: Message | RunStep, status: str, at: int, changes: Object = NO_CHANGES) -> Flaw | None:
        self.written.append(End(thing["object"], thing["id"], status, changes))
        return super().end(thing, status, at, changes)

    def _make_id(self, kind: str) -> str:
        self._made[kind] += 1
        return f"{kind} {self._made[kind]}"


def new_narrator(*outputs: str) -> Watched:
    """``outputs``: submitted for calls to come."""
    return Watched(*outputs)


def used(completion: int) -> Object:
    return usage.of(PROMPT, completion)


# ---- Messages ----

DETAILS = {"type": "message_creation", "message_creation": {"message_id": f"{MESSAGE} 1"}}
OPENED: list[Item] = [
    Create(objects.run_step(f"{RUN_STEP} 1", 0, THE_RUN, DETAILS)),
    Create(objects.run_message(f"{MESSAGE} 1", 0, THE_RUN)),
]


def delta(part: Object, index: int = 0) -> Delta:
    return Delta(MESSAGE, f"{MESSAGE} 1", {"content": [{"index": index, **part}]})


def text_deltas(*pieces: str, index: int = 0) -> list[Item]:
    """The deltas of a text; only the first carries annotations."""
    texts = [{"value": piece, **({} if number else {"annotations": []})} for number, piece in enumerate(pieces)]
    return [delta({"type": "text", "text": text}, index) for text in texts]


def written(completion: int, *content: Object) -> list[Item]:
    """The message and its run step are completed."""
    return [
        End(MESSAGE, f"{MESSAGE} 1", "completed", {"content": list(content)} if content else {}),
        End(RUN_STEP, f"{RUN_STEP} 1", "completed", {"usage": used(completion)}),
    ]


def annotation(kind: str, text: str, start: int, end: int, **file: str) -> Object:
    return {"type": kind, "text": text, "start_index": start, "end_index": end, kind: file}


HI = objects.text_part("Hi there")
NO = {"type": "refusal", "refusal": "I can't."}
LINK = "sandbox:/mnt/data/a.csv"
A_CSV = FileRef("file-a", "a.csv")
CITED = say("Apples", MARKER, annotations=[Annotation(6, 21, "citation", MARKER, FOODS)])
LINKED = say(LINK, ".", annotations=[Annotation(0, 23, "link", LINK, A_CSV)])
CITATION = annotation("file_citation", MARKER, 6, 21, file_id="file-foods")
PATH = annotation("file_path", LINK, 0, 23, file_id="file-a")
MESSAGES: list[tuple[Action, list[Item]]] = [
    (say("Hi", " there"), [*text_deltas("Hi", " there"), *written(2, HI)]),
    (say(), written(0, objects.text_part(""))),
    (say("Hi", images=[CAT, FOODS]),
     [delta(objects.image_part("file-cat")), delta(objects.image_part("file-foods"), 1), *text_deltas("Hi", index=2),
      *written(1, objects.image_part("file-cat"), objects.image_part("file-foods"), objects.text_part("Hi"))]),
    (say(images=[CAT]), [delta(objects.image_part("file-cat")), *written(0, objects.image_part("file-cat"))]),
    (CITED,
     [*text_deltas("Apples"),
      delta({"type": "text", "text": {"value": MARKER, "annotations": [
          {"index": 0, **CITATION, "file_citation": {"file_id": "file-foods", "quote": ""}}]}}),
      *written(tokens("Apples" + MARKER), objects.text_part("Apples" + MARKER, [CITATION]))]),
    (LINKED,
     [delta({"type": "text", "text": {"value": LINK, "annotations": [{"index": 0, **PATH}]}}),
      delta({"type": "text", "text": {"value": "."}}), *written(6, objects.text_part(f"{LINK}.", [PATH]))]),
    (Refused("I can't.", ["I", " can't", "."]),
     [*(delta({**NO, "refusal": piece}) for piece in ("I", " can't", ".")), *written(2, NO)]),
]  # fmt: skip


@pytest.mark.parametrize(("action", "items"), MESSAGES, ids=[type(action).__name__ for action, _ in MESSAGES])
def test_a_message_is_created_streamed_and_completed(action: Action, items: list[Item]) -> None:
    assert new_narrator().told(action) == [*OPENED, *items]


def left_open(action: Said | Refused) -> Watched:
    """A narrator of a message that is still being written."""
    narrator = new_narrator()
    narrator.told(action._replace(stays_open=True))
    return narrator


@pytest.mark.parametrize(
    ("action", "content"), [(say("Hi", " there"), HI), (Refused("I can't.", ["I can't."]), NO)], ids=["said", "refused"]
)
def test_a_message_that_stays_open_is_stored_and_completed_by_what_follows(
    action: Said | Refused, content: Object
) -> None:
    narrator = new_narrator()
    told = narrator.told(action._replace(stays_open=True))
    assert Typed(told[-2:]) == [
        Put(RUN_STEP, f"{RUN_STEP} 1", DETAILS),
        Put(MESSAGE, f"{MESSAGE} 1", [content]),
    ]
    assert narrator.told(Held("approval")) == [Held("approval"), *written(2)]
    assert narrator.told(Completed()) == [Move("completed")]


# ---- Tool calls ----


def tool_calls(*calls: Object) -> Object:
    return {"type": "tool_calls", "tool_calls": list(calls)}


def step_delta(index: int, call: Object) -> Delta:
    return Delta(RUN_STEP, f"{RUN_STEP} 1", {"step_details": tool_calls({"index": index, **call})})


def tool(number: int, kind: str, content: Object) -> Object:
    return {"id": f"tool_call {number}", "type": kind, kind: content}


def function(number: int, call: FunctionCall, output: str | None = None) -> Object:
    return tool(number, "function", {"name": call.name, "arguments": call.arguments, "output": output})


def ended(completion: int, *calls: Object) -> End:
    return End(RUN_STEP, f"{RUN_STEP} 1", "completed", {"step_details": tool_calls(*calls), "usage": used(completion)})


BEGUN: Item = Create(objects.run_step(f"{RUN_STEP} 1", 0, THE_RUN, tool_calls()))


def calling(calls: list[FunctionCall]) -> list[Item]:
    """The deltas of each call (its name first, then its arguments), and the move to ``requires_action``."""
    items: list[Item] = []
    for index, one in enumerate(calls):
        items.append(step_delta(index, function(index + 1, one._replace(arguments=""))))
        items += [step_delta(index, {"type": "function", "function": {"arguments": piece}}) for piece in one.pieces]
    required = [
        {"id": f"tool_call {n}", "type": "function", "function": {"name": one.name, "arguments": one.arguments}}
        for n, one in enumerate(calls, start=1)
    ]
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": required}}
    pending = tool_calls(*(function(n, one) for n, one in enumerate(calls, start=1)))
    return [
        *items,
        Put(RUN_STEP, f"{RUN_STEP} 1", pending),
        Move("requires_action", {"required_action": action}),
    ]


@pytest.mark.parametrize(
    "calls",
    [[PARIS], [PARIS, call("get_time", "{", "}")], [PARIS, PARIS], [call("get_weather")]],
    ids=["one", "parallel", "the same twice", "empty arguments"],
)
def test_calls_are_streamed_and_wait_for_their_outputs(calls: list[FunctionCall]) -> None:
    outputs = [f"output {n}" for n, _ in enumerate(calls, start=1)]
    answered = [function(n, one, f"output {n}") for n, one in enumerate(calls, start=1)]
    narrator = new_narrator("of an earlier step", *outputs)
    completion = tokens("".join(one.name + one.arguments for one in calls))
    assert narrator.told(called(*calls)) == [
        BEGUN,
        *calling(calls),
        ended(completion, *answered),
        Move("queued"),
        Move("in_progress"),
    ]
    assert narrator.told(Cancelled()) == [Move("cancelled")], "no run step is open"


def test_the_deltas_of_a_call_have_the_form_that_was_recorded() -> None:
    items = new_narrator("x").told(called(call("get_time", "{", "}")))
    deltas = [orjson.dumps(item.content).decode() for item in items if isinstance(item, Delta)]
    head = '{"step_details":{"type":"tool_calls","tool_calls":[{"index":0,'
    assert deltas[:2] == [
        head + '"id":"tool_call 1","type":"function","function":{"name":"get_time","arguments":"","output":null}}]}}',
        head + '"type":"function","function":{"arguments":"{"}}]}}',
    ]


def code_delta(index: int, content: Object) -> Delta:
    return step_delta(index, {"type": "code_interpreter", "code_interpreter": content})


LOGS, IMAGE = {"type": "logs", "logs": "1\n"}, {"type": "image", "image": {"file_id": "file-cat"}}
ONE = tool(1, "code_interpreter", {"input": "print(1)", "outputs": [LOGS, IMAGE]})
TWO = tool(2, "code_interpreter", {"input": "x", "outputs": []})
RANKING = {"ranker": "default_2024_08_21", "score_threshold": 0.0}
EMPTY = {"ranking_options": RANKING, "results": []}
RESULT = {"file_id": "file-foods", "file_name": "foods.txt", "score": 0.9, "attributes": {"year": 2024},
          "content": [{"type": "text", "text": "Apples."}]}  # fmt: skip
SEARCHES = [
    Search(["apples"], [SearchResult("file-foods", "foods.txt", 0.9, {"year": 2024}, "Apples.")]),
    Search(["x"], []),
]
SERVICE_TOOLS: list[tuple[Action, list[Item]]] = [
    (RanCode([Execution("print(1)", ["print", "(1)"], [Logs("1\n"), Image(CAT)]), Execution("x", ["x"], [])]),
     [step_delta(0, tool(1, "code_interpreter", {"input": "", "outputs": []})), code_delta(0, {"input": "print"}),
      code_delta(0, {"input": "(1)"}), code_delta(0, {"outputs": [{"index": 0, **LOGS}]}),
      code_delta(0, {"outputs": [{"index": 1, **IMAGE}]}),
      step_delta(1, tool(2, "code_interpreter", {"input": "", "outputs": []})), code_delta(1, {"input": "x"}),
      ended(3, ONE, TWO)]),
    (Searched(SEARCHES),
     [step_delta(0, tool(1, "file_search", EMPTY)), step_delta(1, tool(2, "file_search", EMPTY)),
      ended(2, tool(1, "file_search", {**EMPTY, "results": [RESULT]}), tool(2, "file_search", EMPTY))]),
]  # fmt: skip


@pytest.mark.parametrize(("action", "items"), SERVICE_TOOLS, ids=["code", "search"])
def test_the_service_s_own_tools_are_one_run_step(action: Action, items: list[Item]) -> None:
    narrator = new_narrator()
    assert narrator.told(action) == [BEGUN, *items]
    assert narrator.told(Cancelled()) == [Move("cancelled")], "no run step is open"


STATED = {"prompt_tokens": 31, "completion_tokens": 12}
WRITING: list[Any] = [say("Hi"), Refused("No", ["No"]), called(PARIS), RanCode([]), Searched([])]


@pytest.mark.parametrize("action", WRITING, ids=lambda action: type(action).__name__)
def test_stated_usage_is_the_run_step_s(action: Any) -> None:
    items = new_narrator("noon").told(action._replace(usage=STATED))
    (step,) = [item for item in items if isinstance(item, End) and item.kind == RUN_STEP]
    assert step.changes["usage"] == usage.of(31, 12)


# ---- Time and ends ----

FAILED: Object = {"last_error": {"code": "rate_limit_exceeded", "message": "Slow down."}}
Reason = Literal["max_completion_tokens", "max_prompt_tokens", "content_filter"]


def cut_off(reason: Reason, message_reason: str) -> tuple[Action, str, str, Object, Move]:
    move = Move("incomplete", {"incomplete_details": {"reason": reason}})
    return CutOff(reason), message_reason, "completed", {}, move


#: How a run ends: the action, why an open message is incomplete, its run step's status and other changes, and the move
#: of the run.
ENDS: dict[str, tuple[Action, str, str, Object, Move]] = {
    "failed": (Failed("rate_limit_exceeded", "Slow down."), "run_failed", "failed", FAILED, Move("failed", FAILED)),
    "expired": (Expired(), "run_expired", "expired", {}, Move("expired")),
    "cancelled": (Cancelled(), "run_cancelled", "cancelled", {}, Move("cancelled")),
    "incomplete: completion": cut_off("max_completion_tokens", "max_tokens"),
    "incomplete: prompt": cut_off("max_prompt_tokens", "max_tokens"),
    "incomplete: filter": cut_off("content_filter", "content_filter"),
}
REST: list[tuple[Action, list[Item]]] = [
    (Began(), [Move("in_progress")]),
    (Waited(2.5), [Waited(2.5)]),
    (Waited(0, to_expiry=True), [Waited(0, to_expiry=True)]),
    (Held("approval"), [Held("approval")]),
    (Completed(), [Move("completed")]),
    *((action, [move]) for action, _, _, _, move in ENDS.values()),
]


@pytest.mark.parametrize(("action", "items"), REST, ids=[type(action).__name__ for action, _ in REST])
def test_where_nothing_is_open_time_holds_and_ends_are_one_item(action: Action, items: list[Item]) -> None:
    assert new_narrator().told(action) == items


def test_every_action_is_in_a_table() -> None:
    narrated = {type(action) for action, _ in [*MESSAGES, *SERVICE_TOOLS, *REST]}
    assert narrated | {Called, Reasoned} == set(ACTIONS)


def test_reasoning_is_nothing_but_tokens_of_the_run_step_that_follows() -> None:
    narrator = new_narrator()
    assert list(narrator.narrate(Reasoned(["x" * 40, "x" * 4], [[], []]))) == []
    first, second = narrator.told(say("Hi")), narrator.told(say("Hi"))
    assert first[-1].changes["usage"] == usage.of(PROMPT, 1 + 11, 11)
    assert second[-1].changes["usage"] == usage.of(PROMPT + 1, 1)


def test_a_file_that_only_a_scenario_names_has_an_id_for_each_name() -> None:
    cited = [Annotation(0, 1, "citation", "1", FileRef("", "a.md")), Annotation(1, 2, "link", "2", FileRef("", "b.md")),
             Annotation(2, 3, "citation", "3", FileRef("", "a.md"))]  # fmt: skip
    items = new_narrator().told(say("123", annotations=cited, images=[FileRef("", "b.md")]))
    picture, text = items[-2].changes["content"]
    ids = [one.get("file_citation", one.get("file_path"))["file_id"] for one in text["text"]["annotations"]]
    assert (picture, ids) == (objects.image_part("file 1"), ["file 2", "file 1", "file 2"])


def test_the_end_of_the_turn_completes_the_message_that_it_finds_open() -> None:
    assert left_open(say("Hi", " there")).told(Completed()) == [*written(2), Move("completed")]


@pytest.mark.parametrize("end", ENDS)
def test_an_open_message_ends_with_the_run(end: str) -> None:
    """Its run step is completed when the run is incomplete (docs/wire.md §3 G), else it ends as the run does."""
    action, reason, step_status, changes, move = ENDS[end]
    narrator = left_open(say("Hi", " there"))
    assert narrator.told(action) == [
        End(MESSAGE, f"{MESSAGE} 1", "incomplete", {"incomplete_details": {"reason": reason}}),
        End(RUN_STEP, f"{RUN_STEP} 1", step_status, {**changes, "usage": used(2)}),
        move,
    ]
    assert narrator.told(action) == [move], "nothing is open any more"


@pytest.mark.parametrize("end", ENDS)
def test_open_tool_calls_end_with_the_run(end: str) -> None:
    action, _, step_status, changes, move = ENDS[end]
    narrator = new_narrator()
    writes, last_played, *_ = narrator.narrate(called(PARIS))
    narrator.apply(writes, 0)
    assert last_played.status == "requires_action"
    step_ends = End(RUN_STEP, f"{RUN_STEP} 1", step_status, {**changes, "usage": None})
    assert narrator.told(action) == [step_ends, move]
    assert narrator.told(action) == [move], "nothing is open any more"
