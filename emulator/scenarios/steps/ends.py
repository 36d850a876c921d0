"""Time, holds, and the ways in which a turn ends other than complete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from emulator.sandbox.json_schema import TEXT, Schema
from emulator.scenarios.steps.actions import Action, CutOff, Expired, Failed, Held, Waited
from emulator.scenarios.steps.context import StepContext
from emulator.scenarios.steps.registry import step
from emulator.scenarios.steps.step import Step

# ---- Time and holds ----


@step("wait", {"type": "number", "minimum": 0}, "so many seconds pass on the world's clock")
def wait(context: StepContext, step: Step) -> Iterator[Action]:
    yield Waited(step.value)


@step(
    "hold",
    {"type": "string", "minLength": 1},
    "the run stands at the hold of that name until it is released",
    finds_open=True,
)
def hold(context: StepContext, step: Step) -> Iterator[Action]:
    yield Held(step.value)


# ---- Ends ----

_FAIL: Final[Schema] = {
    "type": ["string", "object"],
    "properties": {"code": TEXT, "message": TEXT},
    "required": ["code"],
    "additionalProperties": False,
    "description": "a code, or {code, message}",
}
_INCOMPLETE = ("max_completion_tokens", "max_prompt_tokens", "content_filter")

#: The service's words for a code (docs/wire.md §4).
_FAIL_MESSAGES: Final = {
    "server_error": "Sorry, something went wrong.",
    "rate_limit_exceeded": (
        "You exceeded your current quota, please check your plan and billing details. For more information on this "
        "error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
    ),
}


@step("fail", _FAIL, "the run fails", finds_open=True, ends=True)
def fail(context: StepContext, step: Step) -> Iterator[Action]:
    value = {"code": step.value} if isinstance(step.value, str) else step.value
    code = context.render_text(value["code"])
    message = context.render_text(value.get("message", ""))
    yield Failed(code, message or _FAIL_MESSAGES.get(code, f"The run failed: {code}."))


@step("incomplete", {"enum": list(_INCOMPLETE)}, "the run ends incomplete, for this reason", finds_open=True, ends=True)
def incomplete(context: StepContext, step: Step) -> Iterator[Action]:
    yield CutOff(step.value)


@step(
    "expire", {"const": True}, "the run expires; directly after `call`, the next request that names it finds it so",
    finds_open=True, ends=True,
)  # fmt: skip
def expire(context: StepContext, step: Step) -> Iterator[Action]:
    yield Waited(0, to_expiry=True)
    yield Expired()
