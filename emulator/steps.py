"""The steps of a turn: one generator per verb, pure, yielding what happens (``events``).

A step is registered with the JSON Schema of its value and of the keys that may stand beside it, so the scenario
loader, the published schema and the documentation know it from here. To add one: a decorated generator.

    @step("shrug", {"type": "boolean"}, "the assistant shrugs")
    def shrug(stage: Stage, act: Act) -> Iterator[Item]:
        yield ...
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from emulator import objects
from emulator.events import Create, Delta, Hold, Item, Move, Require, Update, Wait
from emulator.json_schema import Schema, reason
from emulator.lifecycle import Object
from emulator.stage import OpenStep, Stage, StepFailed


@dataclass(frozen=True, slots=True)
class Act:
    """One step as a scenario says it: ``verb``, its value, what stands beside it, and where that is written.

    ``stays_open``: what follows directly is a step that finds this message still being written.
    """

    verb: str
    value: Any
    beside: Object = field(default_factory=dict)
    line: int | None = None
    stays_open: bool = False


Play = Callable[[Stage, Act], Iterator[Item]]


@dataclass(frozen=True, slots=True)
class Verb:
    """A kind of step. ``makes_run_step``: it has usage. ``finds_open``: a message directly before it is still open.

    ``ends``: the run is at its end after it, nothing may follow.
    """

    name: str
    value: Schema
    summary: str
    beside: dict[str, Schema]
    play: Play
    makes_run_step: bool
    finds_open: bool
    ends: bool


VERBS: Final[dict[str, Verb]] = {}

TEXT: Final[Schema] = {"type": "string"}
USAGE: Final[Schema] = {
    "type": "object",
    "properties": {
        "prompt_tokens": {"type": "integer", "minimum": 0},
        "completion_tokens": {"type": "integer", "minimum": 0},
    },
    "additionalProperties": False,
}


def step(
    name: str,
    value: Schema,
    summary: str,
    *,
    beside: dict[str, Schema] | None = None,
    makes_run_step: bool = False,
    finds_open: bool = False,
    ends: bool = False,
) -> Callable[[Play], Play]:
    """Registers a verb. Raises ValueError for a name that is taken."""

    def register(play: Play) -> Play:
        if name in VERBS:
            raise ValueError(f"there is a step {name!r} already")
        VERBS[name] = Verb(name, value, summary, beside or {}, play, makes_run_step, finds_open, ends)
        return play

    return register


# ---- Messages ----

_CHUNKS: Final[Schema] = {
    "anyOf": [
        {"enum": ["words", "chars"]},
        {"type": "integer", "minimum": 1},
        {"type": "array", "items": TEXT},
    ],
    "description": "words (default), chars, a number of characters, or the exact list of deltas",
}
_SAY: Final[Schema] = {
    "type": ["string", "object"],
    "properties": {"text": TEXT, "json": {"type": ["object", "array"]}, "chunks": _CHUNKS},
    "additionalProperties": False,
    "if": {"type": "object"},
    "then": {"oneOf": [{"required": ["text"]}, {"required": ["json"]}], "description": "either text or json"},
    "description": "text, or {text | json, chunks}",
}
_MESSAGE_BESIDE: Final = {"done": {"type": "boolean"}, "usage": USAGE}

_WORD = re.compile(r" ?\w[\w'’]*| ?[^\w\s]|\s+")  # an apostrophe inside a word, as tokens have it


@step("say", _SAY, "the assistant writes a message", beside=_MESSAGE_BESIDE, makes_run_step=True)
def say(stage: Stage, act: Act) -> Iterator[Item]:
    """A message: created, streamed in deltas, completed."""
    value = {"text": act.value} if isinstance(act.value, str) else act.value
    if "json" in value:
        text = orjson.dumps(stage.render(value["json"])).decode()
    else:
        text = stage.render_text(value["text"])
    pieces = cut(text, value.get("chunks", "words"))
    yield from _open_message(stage)
    opened = stage.open
    assert opened is not None
    for number, piece in enumerate(pieces):
        first: Object = {"annotations": []} if number == 0 else {}
        part = {"index": 0, "type": "text", "text": {"value": piece, **first}}
        yield Delta("thread.message", opened.message_id, {"content": [part]})
    yield from _written(stage, act, text, objects.text_part(text))


@step("refuse", TEXT, "the assistant refuses", beside=_MESSAGE_BESIDE, makes_run_step=True)
def refuse(stage: Stage, act: Act) -> Iterator[Item]:
    """A message whose content is a refusal. Its form is the published schema's; no recording has one."""
    text = stage.render_text(act.value)
    yield from _open_message(stage)
    opened = stage.open
    assert opened is not None
    for piece in cut(text, "words"):
        part = {"index": 0, "type": "refusal", "refusal": piece}
        yield Delta("thread.message", opened.message_id, {"content": [part]})
    yield from _written(stage, act, text, {"type": "refusal", "refusal": text})


def _open_message(stage: Stage) -> Iterator[Item]:
    message_id = stage.make_id("thread.message")
    details = {"type": "message_creation", "message_creation": {"message_id": message_id}}
    run_step = objects.run_step(stage.make_id("thread.run.step"), stage.run, details)
    stage.open = OpenStep(run_step["id"], message_id)
    yield Create(run_step)
    yield Create(objects.run_message(message_id, stage.run))


def _written(stage: Stage, act: Act, text: str, part: Object) -> Iterator[Item]:
    """All words are out: the message is complete, unless what follows finds it open."""
    opened = stage.open
    assert opened is not None
    opened.written = text
    opened.stated_usage = act.beside.get("usage")
    yield Update("thread.message", opened.message_id, {"content": [part]})
    if not act.stays_open or act.beside.get("done"):
        yield from complete_open(stage)


def complete_open(stage: Stage) -> Iterator[Item]:
    """Completes the message that is still open, if there is one."""
    opened = stage.open
    if opened and opened.message_id:
        stage.open = None
        usage = stage.usage(opened.stated_usage, opened.written)
        yield Move("thread.message", "completed", opened.message_id)
        yield Move("thread.run.step", "completed", opened.step_id, {"usage": usage})


def cut(text: str, chunks: str | int | list[str]) -> list[str]:
    """The deltas in which a text is streamed; joined they are the text. Raises StepFailed if a given list is not."""
    if isinstance(chunks, list):
        if "".join(chunks) != text:
            raise StepFailed("chunks", f"the chunks join to {''.join(chunks)!r}, but the text is {text!r}")
        return chunks
    if isinstance(chunks, int):
        return [text[start : start + chunks] for start in range(0, len(text), chunks)]
    return list(text) if chunks == "chars" else _WORD.findall(text)


# ---- Function calls ----

_ARGUMENTS: Final[Schema] = {"type": ["object", "string"]}
_CALL: Final[Schema] = {
    "type": ["object", "array"],
    "minProperties": 1,
    "minItems": 1,
    "additionalProperties": _ARGUMENTS,
    "items": {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": _ARGUMENTS},
    "description": "{function: {arguments}}; several keys, or a list, are parallel calls; a string is raw arguments",
}
_EXPECT: Final[Schema] = {
    "type": "object",
    "additionalProperties": {"type": ["object", "boolean"]},
    "description": "{function: JSON Schema of the output that the client submits}",
}


@step(
    "call", _CALL, "the assistant calls functions and waits for their outputs",
    beside={"expect": _EXPECT, "usage": USAGE}, makes_run_step=True,
)  # fmt: skip
def call(stage: Stage, act: Act) -> Iterator[Item]:
    """Function calls, streamed with their arguments; then the run requires action."""
    pairs = [pair for one in _as_list(act.value) for pair in one.items()]
    calls = [_function_call(stage, name, arguments) for name, arguments in pairs]
    run_step = objects.run_step(stage.make_id("thread.run.step"), stage.run, {"type": "tool_calls", "tool_calls": []})
    step_id: str = run_step["id"]
    stage.open = OpenStep(step_id)
    yield Create(run_step)
    for index, made in enumerate(calls):
        yield from _stream_call(step_id, index, made)
    yield Update("thread.run.step", step_id, {"step_details": {"type": "tool_calls", "tool_calls": calls}})
    yield Require(step_id, calls)
    answered = calls_with_outputs(calls, stage)
    details = {"type": "tool_calls", "tool_calls": answered}
    written = "".join(made["function"]["name"] + made["function"]["arguments"] for made in calls)
    usage = stage.usage(act.beside.get("usage"), written)
    stage.open = None
    yield Move("thread.run.step", "completed", step_id, {"step_details": details, "usage": usage})
    yield Move("thread.run", "queued")
    yield Move("thread.run", "in_progress")


def _as_list(value: Any) -> list[Object]:
    return value if isinstance(value, list) else [value]


def _function_call(stage: Stage, name: str, template: Any) -> Object:
    arguments = stage.render(template)
    raw = isinstance(arguments, str)
    text = arguments if raw else orjson.dumps(arguments).decode()
    _check_possible(stage, name, None if raw else arguments)
    function = {"name": name, "arguments": text, "output": None}
    return {"id": stage.make_id("tool_call"), "type": "function", "function": function}


def _check_possible(stage: Stage, name: str, arguments: Any) -> None:
    """The model can only call what the run has; only raw arguments can break the declared parameters."""
    functions = {
        tool["function"]["name"]: tool["function"] for tool in stage.run["tools"] if tool["type"] == "function"
    }
    if name not in functions:
        known = ", ".join(functions) or "no function"
        raise StepFailed("impossible", f"the run cannot call {name!r}: it has {known}")
    if arguments is not None and (why := reason(functions[name]["parameters"], arguments)):
        raise StepFailed(
            "impossible",
            f"the arguments of {name!r} break its declared parameters: {why}; "
            "write them as a string if the model is to be wrong",
        )


def _stream_call(step_id: str, index: int, made: Object) -> Iterator[Item]:
    """The name first, with empty arguments; then the arguments in pieces (FACTS §3, delta payloads)."""
    function = made["function"]
    opening = {"name": function["name"], "arguments": "", "output": None}
    deltas: list[Object] = [{"index": index, "id": made["id"], "type": "function", "function": opening}]
    deltas += [
        {"index": index, "type": "function", "function": {"arguments": piece}}
        for piece in cut(function["arguments"], "words")
    ]
    for delta in deltas:
        yield Delta("thread.run.step", step_id, {"step_details": {"type": "tool_calls", "tool_calls": [delta]}})


def calls_with_outputs(calls: list[Object], stage: Stage) -> list[Object]:
    """The calls with the outputs that were submitted last."""
    latest = stage.outputs[-len(calls) :]
    return [
        {**made, "function": {**made["function"], "output": answered.output}}
        for made, answered in zip(calls, latest, strict=True)
    ]


# ---- Time and gates ----


@step("wait", {"type": "number", "minimum": 0}, "seconds pass on the world's clock")
def wait(stage: Stage, act: Act) -> Iterator[Item]:
    yield Wait(act.value)


@step("hold", {"type": "string", "minLength": 1}, "the run stands at a gate until it is released", finds_open=True)
def hold(stage: Stage, act: Act) -> Iterator[Item]:
    yield Hold(act.value)
    yield from complete_open(stage)


# ---- Ends ----

_FAIL: Final[Schema] = {
    "type": ["string", "object"],
    "properties": {"code": TEXT, "message": TEXT},
    "required": ["code"],
    "additionalProperties": False,
    "description": "a code, or {code, message}",
}
_INCOMPLETE = ("max_completion_tokens", "max_prompt_tokens", "content_filter")

#: What the service is known to say for a code (FACTS §4, last_error texts).
_FAIL_MESSAGES: Final = {
    "server_error": "Sorry, something went wrong.",
    "rate_limit_exceeded": (
        "You exceeded your current quota, please check your plan and billing details. For more information on this "
        "error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
    ),
}


@step("fail", _FAIL, "the run fails", finds_open=True, ends=True)
def fail(stage: Stage, act: Act) -> Iterator[Item]:
    value = stage.render(act.value)
    code = value if isinstance(value, str) else value["code"]
    message = "" if isinstance(value, str) else value.get("message", "")
    yield from fail_run(stage, code, message or _FAIL_MESSAGES.get(code, f"The run failed: {code}."))


def fail_run(stage: Stage, code: str, message: str) -> Iterator[Item]:
    """What is open fails with the run."""
    error = {"code": code, "message": message}
    yield from close_open(stage, "run_failed", "failed", {"last_error": error})
    yield Move("thread.run", "failed", changes={"last_error": error})


@step("incomplete", {"enum": list(_INCOMPLETE)}, "the run ends incomplete, for this reason", finds_open=True, ends=True)
def incomplete(stage: Stage, act: Act) -> Iterator[Item]:
    """The run step of a message that was cut off is completed all the same (recorded, FACTS §3 G)."""
    reason = "content_filter" if act.value == "content_filter" else "max_tokens"
    yield from close_open(stage, reason, "completed")
    yield Move("thread.run", "incomplete", changes={"incomplete_details": {"reason": act.value}})


@step("expire", {"const": True}, "the run expires", finds_open=True, ends=True)
def expire(stage: Stage, act: Act) -> Iterator[Item]:
    yield Wait(0, to_expiry=True)
    yield from expire_run(stage)


def expire_run(stage: Stage) -> Iterator[Item]:
    """What is open expires with the run."""
    yield from close_open(stage, "run_expired", "expired")
    yield Move("thread.run", "expired")


def cancel_run(stage: Stage) -> Iterator[Item]:
    """What is open is cancelled with the run."""
    yield from close_open(stage, "run_cancelled", "cancelled")
    yield Move("thread.run", "cancelled")


def close_open(stage: Stage, reason: str, step_status: str, changes: Object | None = None) -> Iterator[Item]:
    """Ends what is under way: the message is incomplete for ``reason``, then its run step takes ``step_status``."""
    opened = stage.open
    if opened is None:
        return
    stage.open = None
    usage = stage.usage(opened.stated_usage, opened.written) if opened.message_id else None
    if opened.message_id:
        details = {"incomplete_details": {"reason": reason}}
        yield Move("thread.message", "incomplete", opened.message_id, details)
    yield Move("thread.run.step", step_status, opened.step_id, {**(changes or {}), "usage": usage})
