"""Each verb by ``list(play(stage, act))``: exactly these items, in this order, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.apis.assistants import objects
from emulator.base.json_types import Object
from emulator.engine import usage
from emulator.scenarios.steps import STEP_KINDS, Act, cancel_run, cut, expire_run, fail_run, step
from emulator.scenarios.steps.actions import Create, Delta, Hold, Item, Move, Require, Update, Wait
from emulator.scenarios.steps.context import Fake, OpenStep, Output, Stage

MESSAGE, STEP, RUN = "thread.message", "thread.run.step", "thread.run"
FUNCTION_PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [
    {"type": "function", "function": {"name": "get_weather", "parameters": FUNCTION_PARAMETERS}},
    {"type": "function", "function": {"name": "get_time"}},
    {"type": "code_interpreter"},
]
ASSISTANT = objects.assistant("asst_1", 0, {"model": "gpt-4o", "tools": TOOLS})
THE_RUN = objects.run("run_1", 0, "thread_1", ASSISTANT, {})


def stage(*outputs: str) -> Stage:
    """A stage whose ids are counted by kind: ``thread.message 1``. ``outputs``: submitted for calls to come."""
    made: Counter[str] = Counter()

    def make_id(kind: str) -> str:
        made[kind] += 1
        return f"{kind} {made[kind]}"

    return Stage(
        run=THE_RUN,
        message="Hello",
        assistant=ASSISTANT,
        thread=objects.thread("thread_1", 0, {}),
        make_id=make_id,
        fake=Fake(1),
        prompt_tokens=lambda: 10,
        outputs=[Output("get_weather", "{}", output) for output in outputs],
    )


class Items(list[Item]):
    """Items are tuples, so that two of different kinds can be equal; here their kinds count too."""

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other) and isinstance(other, list) and [*map(type, self)] == [*map(type, other)]

    __hash__ = None


def play(on: Stage, verb: str, value: Any, *, stays_open: bool = False, **beside: Any) -> Items:
    return Items(STEP_KINDS[verb].play(on, Act(verb, value, beside, stays_open=stays_open)))


# ---- Messages ----

DETAILS = {"type": "message_creation", "message_creation": {"message_id": f"{MESSAGE} 1"}}
OPENED = [
    Create(objects.run_step(f"{STEP} 1", THE_RUN, DETAILS)),
    Create(objects.run_message(f"{MESSAGE} 1", THE_RUN)),
]


def streamed(*pieces: str) -> list[Item]:
    """The deltas of a message; only the first carries annotations."""
    parts = [{"value": piece, **({} if number else {"annotations": []})} for number, piece in enumerate(pieces)]
    return [Delta(MESSAGE, f"{MESSAGE} 1", {"content": [{"index": 0, "type": "text", "text": part}]}) for part in parts]


def completed(content: Object, used: Object) -> list[Item]:
    return [
        Move(MESSAGE, "completed", f"{MESSAGE} 1", {"content": [content]}),
        Move(STEP, "completed", f"{STEP} 1", {"usage": used}),
    ]


JSON_TEXT = '{"city":"Paris","n":[1,null]}'


@pytest.mark.parametrize(
    ("value", "pieces"),
    [
        ("Hi there, Ann!", ["Hi", " there", ",", " Ann", "!"]),
        ({"text": "Hi there", "chunks": "words"}, ["Hi", " there"]),
        ({"text": "Hi!", "chunks": "chars"}, ["H", "i", "!"]),
        ({"text": "Hi there", "chunks": 3}, ["Hi ", "the", "re"]),
        ({"text": "Hi there", "chunks": 100}, ["Hi there"]),
        ({"text": "Hi there", "chunks": ["Hi th", "", "ere"]}, ["Hi th", "", "ere"]),
        ({"json": {"city": "Paris", "n": [1, None]}, "chunks": 15}, [JSON_TEXT[:15], JSON_TEXT[15:]]),
        ({"json": ["{{ message }}", "<{{ message }}>"], "chunks": 99}, ['["Hello","<Hello>"]']),
        ("{{ message }}!", ["Hello", "!"]),
        ("{{ {'a': 1} }}", ["{", '"', "a", '"', ":", "1", "}"]),
        ("", []),
        ({"text": "", "chunks": []}, []),
        ("caf\u00e9 \U0001f600\r\n", ["caf\u00e9", " \U0001f600", "\r\n"]),
    ],
    ids=str,
)
def test_say_writes_a_message_in_pieces(value: Any, pieces: list[str]) -> None:
    text = "".join(pieces)
    used = usage.of(10, usage.tokens(text))
    ended = completed(objects.text_part(text), used)
    assert play(stage(), "say", value) == [*OPENED, *streamed(*pieces), *ended]


@pytest.mark.parametrize(
    ("stays_open", "beside", "ends"),
    [(False, {}, True), (True, {}, False), (True, {"done": True}, True), (True, {"done": False}, False),
     (False, {"done": False}, True)],
    ids=["alone", "before a gate or end", "done before it", "not done before it", "not done, but nothing follows"],
)  # fmt: skip
@pytest.mark.parametrize("verb", ["say", "refuse"])
def test_a_message_stays_open_for_what_follows_directly(
    verb: str, stays_open: bool, beside: Object, ends: bool
) -> None:
    on = stage()
    items = play(on, verb, "Hi", stays_open=stays_open, **beside)
    content = objects.text_part("Hi") if verb == "say" else {"type": "refusal", "refusal": "Hi"}
    so_far = Update(MESSAGE, f"{MESSAGE} 1", {"content": [content]})
    assert items[3:] == (completed(content, usage.of(10, 1)) if ends else [so_far])
    assert on.open == (None if ends else OpenStep(f"{STEP} 1", f"{MESSAGE} 1", "Hi"))


def test_refuse_writes_a_refusal() -> None:
    part = {"type": "refusal", "refusal": "I can't."}
    pieces = [{"index": 0, **part, "refusal": piece} for piece in ("I", " can't", ".")]
    deltas = [Delta(MESSAGE, f"{MESSAGE} 1", {"content": [piece]}) for piece in pieces]
    assert play(stage(), "refuse", "I can't.") == [*OPENED, *deltas, *completed(part, usage.of(10, 2))]


@pytest.mark.parametrize(("verb", "value"), [("say", "Hi"), ("refuse", "No"), ("call", {"get_time": {}})], ids=str)
def test_usage_beside_a_step_is_its_run_step_s(verb: str, value: Any) -> None:
    items = play(stage("noon"), verb, value, usage={"prompt_tokens": 31, "completion_tokens": 12})
    (ended,) = [item for item in items if isinstance(item, Move) and item.kind == STEP]
    assert ended.changes["usage"] == usage.of(31, 12)


@given(st.text(), st.one_of(st.sampled_from(["words", "chars"]), st.integers(min_value=1, max_value=50)))
@settings(deadline=None)
def test_pieces_joined_are_the_text(text: str, chunks: str | int) -> None:
    pieces = cut(text, chunks)
    assert "".join(pieces) == text
    assert all(pieces), "no piece is empty"


# ---- Function calls ----


def called(number: int, name: str, arguments: str, output: str | None = None) -> Object:
    function = {"name": name, "arguments": arguments, "output": output}
    return {"id": f"tool_call {number}", "type": "function", "function": function}


def calling(*calls: Object) -> list[Item]:
    """The step, the deltas of each call (its name first, then its arguments), and the rest."""
    items: list[Item] = [Create(objects.run_step(f"{STEP} 1", THE_RUN, {"type": "tool_calls", "tool_calls": []}))]
    for index, call in enumerate(calls):
        function = call["function"]
        deltas = [{**call, "function": {**function, "arguments": ""}}]
        deltas += [
            {"type": "function", "function": {"arguments": piece}} for piece in cut(function["arguments"], "words")
        ]
        items += [
            Delta(STEP, f"{STEP} 1", {"step_details": {"type": "tool_calls", "tool_calls": [{"index": index, **d}]}})
            for d in deltas
        ]
    details = {"step_details": {"type": "tool_calls", "tool_calls": list(calls)}}
    return [*items, Update(STEP, f"{STEP} 1", details), Require(f"{STEP} 1", list(calls))]


@pytest.mark.parametrize(
    ("value", "calls"),
    [
        ({"get_weather": {"city": "Paris"}}, [("get_weather", '{"city":"Paris"}')]),
        ({"get_weather": {"city": "Paris"}, "get_time": {}},
         [("get_weather", '{"city":"Paris"}'), ("get_time", "{}")]),
        ([{"get_weather": {"city": "Rome"}}, {"get_weather": {"city": "Oslo"}}],
         [("get_weather", '{"city":"Rome"}'), ("get_weather", '{"city":"Oslo"}')]),
        ({"get_weather": '{"city": "Par'}, [("get_weather", '{"city": "Par')]),
        ({"get_weather": ""}, [("get_weather", "")]),
        ({"get_weather": "{{ {'city': message} }}"}, [("get_weather", '{"city":"Hello"}')]),
        ({"get_weather": "{{ message }}"}, [("get_weather", "Hello")]),
        ({"get_weather": '{"city": {{ message }}'}, [("get_weather", '{"city": Hello')]),
        ({"get_weather": {"city": "<{{ message }}>"}}, [("get_weather", '{"city":"<Hello>"}')]),
        ({"get_time": {"any": [1, 2.0, None, "{{ 5 }}"]}}, [("get_time", '{"any":[1,2.0,null,5]}')]),
    ],
    ids=["one", "parallel", "list", "broken arguments", "empty arguments", "lone template", "lone template of text",
         "raw template", "template inside", "types"],
)  # fmt: skip
def test_call_makes_tool_calls_and_waits_for_their_outputs(value: Any, calls: list[tuple[str, str]]) -> None:
    numbered = list(enumerate(calls, start=1))
    pending = [called(n, name, arguments) for n, (name, arguments) in numbered]
    answered = [called(n, name, arguments, f"output {n}") for n, (name, arguments) in numbered]
    on = stage("old", *(f"output {n}" for n, _ in numbered))
    used = usage.of(10, usage.tokens("".join(name + arguments for name, arguments in calls)))
    details = {"step_details": {"type": "tool_calls", "tool_calls": answered}, "usage": used}
    assert play(on, "call", value) == [
        *calling(*pending),
        Move(STEP, "completed", f"{STEP} 1", details),
        Move(RUN, "queued"),
        Move(RUN, "in_progress"),
    ]
    assert on.open is None


def test_a_call_is_open_while_the_run_waits() -> None:
    on = stage()
    playing = STEP_KINDS["call"].play(on, Act("call", {"get_time": {}}))
    while not isinstance(next(playing), Require):
        assert on.open == OpenStep(f"{STEP} 1")


def test_the_deltas_of_a_call_have_the_form_that_was_recorded() -> None:
    items = play(stage("x"), "call", {"get_time": {"a": 1}})
    deltas = [orjson.dumps(item.content).decode() for item in items if isinstance(item, Delta)]
    head = '{"step_details":{"type":"tool_calls","tool_calls":[{"index":0,'
    assert deltas[:2] == [
        head + '"id":"tool_call 1","type":"function",'
        '"function":{"name":"get_time","arguments":"","output":null}}]}}',
        head + '"type":"function","function":{"arguments":"{"}}]}}',
    ]  # fmt: skip


# ---- Time and gates ----


@pytest.mark.parametrize(
    ("verb", "value", "item"),
    [("wait", 0, Wait(0)), ("wait", 2.5, Wait(2.5)), ("hold", "gate", Hold("gate"))],
)
def test_a_wait_and_a_hold_are_one_item_each(verb: str, value: Any, item: Item) -> None:
    assert play(stage(), verb, value) == [item]


def test_hold_completes_the_message_that_it_found_open() -> None:
    on = stage()
    play(on, "say", "Hi", stays_open=True)
    ended = [
        Move(MESSAGE, "completed", f"{MESSAGE} 1"),
        Move(STEP, "completed", f"{STEP} 1", {"usage": usage.of(10, 1)}),
    ]
    assert play(on, "hold", "gate") == [Hold("gate"), *ended]
    assert on.open is None


# ---- Ends ----

RATE = {"code": "rate_limit_exceeded", "message": "Slow down."}


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (RATE, RATE),
        ({"code": "server_error"}, {"code": "server_error", "message": "Sorry, something went wrong."}),
        ("server_error", {"code": "server_error", "message": "Sorry, something went wrong."}),
        ("rate_limit_exceeded", {"code": "rate_limit_exceeded", "message": (
            "You exceeded your current quota, please check your plan and billing details. For more information on this "
            "error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
        )}),
        ("invalid_image_url", {"code": "invalid_image_url", "message": "The run failed: invalid_image_url."}),
        ({"code": "c", "message": "{{ message }}!"}, {"code": "c", "message": "Hello!"}),
        ("{{ 5 }}", {"code": "5", "message": "The run failed: 5."}),
    ], ids=str
)  # fmt: skip
def test_fail_fails_the_run_with_its_code_and_words(value: Any, error: Object) -> None:
    assert play(stage(), "fail", value) == [Move(RUN, "failed", changes={"last_error": error})]


Ending = Callable[[Stage], Iterator[Item]]
FAILED: Object = {"last_error": RATE}


def as_step(verb: str, value: Any) -> Ending:
    return lambda on: STEP_KINDS[verb].play(on, Act(verb, value))


def incomplete(why: str, cut_by: str) -> tuple[Ending, list[Item], str, str, Object, Move]:
    last = Move(RUN, "incomplete", changes={"incomplete_details": {"reason": why}})
    return as_step("incomplete", why), [], cut_by, "completed", {}, last


#: How a run ends: the play, what comes first, why an open message is incomplete, its run step's status and other
#: changes, and the move of the run.
ENDS: dict[str, tuple[Ending, list[Item], str, str, Object, Move]] = {
    "fail": (as_step("fail", RATE), [], "run_failed", "failed", FAILED, Move(RUN, "failed", changes=FAILED)),
    "fail_run": (lambda on: fail_run(on, RATE["code"], RATE["message"]), [], "run_failed", "failed", FAILED,
                 Move(RUN, "failed", changes=FAILED)),
    "expire": (as_step("expire", True), [Wait(0, to_expiry=True)], "run_expired", "expired", {}, Move(RUN, "expired")),
    "expire_run": (expire_run, [], "run_expired", "expired", {}, Move(RUN, "expired")),
    "cancel_run": (cancel_run, [], "run_cancelled", "cancelled", {}, Move(RUN, "cancelled")),
    "incomplete: completion": incomplete("max_completion_tokens", "max_tokens"),
    "incomplete: prompt": incomplete("max_prompt_tokens", "max_tokens"),
    "incomplete: filter": incomplete("content_filter", "content_filter"),
}  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
def test_nothing_is_open_when_the_run_ends(end: str) -> None:
    ending, first, _, _, _, last = ENDS[end]
    assert list(ending(stage())) == [*first, last]


@pytest.mark.parametrize("end", ENDS)
def test_an_open_message_ends_with_the_run(end: str) -> None:
    """Its run step is completed when the run is incomplete (docs/wire.md §3 G), else it ends as the run does."""
    ending, first, reason, step_status, changes, last = ENDS[end]
    on = stage()
    play(on, "say", "Hi there", stays_open=True)
    assert list(ending(on)) == [
        *first,
        Move(MESSAGE, "incomplete", f"{MESSAGE} 1", {"incomplete_details": {"reason": reason}}),
        Move(STEP, step_status, f"{STEP} 1", {**changes, "usage": usage.of(10, 2)}),
        last,
    ]
    assert on.open is None


@pytest.mark.parametrize("end", ENDS)
def test_open_tool_calls_end_with_the_run(end: str) -> None:
    ending, first, _, step_status, changes, last = ENDS[end]
    on = stage()
    playing = STEP_KINDS["call"].play(on, Act("call", {"get_time": {}}))
    while not isinstance(next(playing), Require):
        pass
    step_ends = Move(STEP, step_status, f"{STEP} 1", {**changes, "usage": None})
    assert list(ending(on)) == [*first, step_ends, last]
    assert on.open is None


# ---- The registry ----


def test_a_second_step_of_the_same_name_is_an_error() -> None:
    with pytest.raises(ValueError, match="there is a step 'say' already"):
        step("say", {}, "again")(STEP_KINDS["say"].play)


def test_a_new_step_is_one_decorated_generator() -> None:
    @step("shrug", {"type": "boolean"}, "the assistant shrugs")
    def shrug(on: Stage, act: Act) -> Iterator[Item]:
        yield Wait(1 if act.value else 0)

    try:
        assert play(stage(), "shrug", True) == [Wait(1)]
    finally:
        del STEP_KINDS["shrug"]
