"""Function calls: the assistant asks, and waits for the outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from emulator.apis.assistants import objects
from emulator.base.json_types import Object
from emulator.sandbox.json_schema import Schema, reason
from emulator.scenarios.steps.actions import Create, Delta, Item, Move, Require, Update
from emulator.scenarios.steps.context import OpenStep, Stage, StepFailed
from emulator.scenarios.steps.messages import cut
from emulator.scenarios.steps.registry import USAGE, Act, step

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
    "call", _CALL, "function calls; the run then requires action until their outputs are submitted",
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
    declared = _declared(stage, name)
    if isinstance(arguments, str):
        text = arguments
    else:
        text = stage.as_json(arguments)
        _check_arguments(name, declared["parameters"], arguments)
    function = {"name": name, "arguments": text, "output": None}
    return {"id": stage.make_id("tool_call"), "type": "function", "function": function}


def _declared(stage: Stage, name: str) -> Object:
    """The function as the run has it: the model can call no other."""
    functions = {
        tool["function"]["name"]: tool["function"] for tool in stage.run["tools"] if tool["type"] == "function"
    }
    if name not in functions:
        known = ", ".join(functions) or "no function"
        raise StepFailed("impossible", f"the run cannot call {name!r}: it has {known}")
    declared: Object = functions[name]
    return declared


def _check_arguments(name: str, parameters: Any, arguments: Any) -> None:
    """Only raw arguments can break the declared parameters."""
    if why := reason(parameters, arguments):
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
