"""Function calls: the assistant calls functions of the client, and waits for their outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from emulator.base.json_types import Object
from emulator.sandbox.json_schema import Schema, reason, schema_error
from emulator.scenarios.steps.actions import Action, Called, FunctionCall
from emulator.scenarios.steps.context import StepContext, StepFailed
from emulator.scenarios.steps.pieces import cut
from emulator.scenarios.steps.registry import USAGE, Flaw, step
from emulator.scenarios.steps.step import Step

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


def _check_expected(step: Object) -> Iterator[Flaw]:
    called = [name for one in _as_list(step["call"]) for name in one]
    for name, schema in step.get("expect", {}).items():
        if name not in called:
            yield ("expect", name), f"{name!r} is not called in this step; it calls {', '.join(called)}"
        if why := schema_error(schema):
            yield ("expect", name), f"this is no JSON Schema: {why}"


@step(
    "call",
    _CALL,
    "function calls; the run then requires action until their outputs are submitted",
    beside={"expect": _EXPECT, "undeclared": {"type": "boolean"}, "usage": USAGE},
    makes_run_step=True,
    check=_check_expected,
)
def call(context: StepContext, step: Step) -> Iterator[Action]:
    """Function calls; their arguments are streamed in pieces. ``undeclared``: the model makes functions up."""
    pairs = [pair for one in _as_list(step.value) for pair in one.items()]
    functions = {tool.name: tool.parameters for tool in context.tools() if tool.kind == "function"}
    for name, _ in pairs:
        _require_not_hosted(context, name)
    if not step.beside.get("undeclared"):
        _require_declared(context, functions, [name for name, _ in pairs])
    yield Called([_function_call(context, functions, *pair) for pair in pairs], step.beside.get("usage"))


def _as_list(value: Any) -> list[Object]:
    return value if isinstance(value, list) else [value]


def _function_call(context: StepContext, functions: Object, name: str, template: Any) -> FunctionCall:
    """``functions``: the declared parameters by name."""
    arguments = context.render(template)
    if isinstance(arguments, str):
        text = arguments
    else:
        text = context.as_json(arguments)
        if name in functions:
            _check_arguments(name, functions[name], arguments)
    return FunctionCall(name, text, cut(text, "words"))


def _require_declared(context: StepContext, functions: Object, names: list[str]) -> None:
    """Raises StepFailed for a function that the run does not have, where the scenario does not say so."""
    missing = next((name for name in names if name not in functions), None)
    if missing is not None:
        known = ", ".join(functions) or "no function"
        raise StepFailed(
            "impossible",
            f"{context.tools_owner} cannot call {missing!r}: it has {known}; "
            "write `undeclared: true` beside the call if the model is to make it up",
        )


def _require_not_hosted(context: StepContext, name: str) -> None:
    """Raises StepFailed for a tool that the service runs itself: there are no calls of it to answer."""
    for tool in context.tools():
        if name in tool.hosted_names:
            raise StepFailed(
                "impossible",
                f"{context.tools_owner} cannot call {name!r}: Foundry runs tools of the kind {tool.kind!r} itself, and "
                "the emulator does not have them; a turn can say what the model made of their results",
            )


def _check_arguments(name: str, parameters: Any, arguments: Any) -> None:
    """Only raw arguments can break the declared parameters."""
    if why := reason(parameters, arguments):
        raise StepFailed(
            "impossible",
            f"the arguments of {name!r} break its declared parameters: {why}; "
            "write them as a string if the model is to be wrong",
        )
