"""Time, gates, and the ways in which a run ends other than complete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from emulator.base.json_types import Object
from emulator.sandbox.json_schema import Schema
from emulator.scenarios.steps.actions import Hold, Item, Move, Wait
from emulator.scenarios.steps.context import Stage
from emulator.scenarios.steps.messages import complete_open
from emulator.scenarios.steps.registry import TEXT, Act, step

# ---- Time and gates ----


@step("wait", {"type": "number", "minimum": 0}, "so many seconds pass on the world's clock")
def wait(stage: Stage, act: Act) -> Iterator[Item]:
    yield Wait(act.value)


@step(
    "hold",
    {"type": "string", "minLength": 1},
    "the run stands at the gate of that name until it is released",
    finds_open=True,
)
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
    value = {"code": act.value} if isinstance(act.value, str) else act.value
    code = stage.render_text(value["code"])
    message = stage.render_text(value.get("message", ""))
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


@step(
    "expire", {"const": True}, "the run expires; directly after `call`, the next request that names it finds it so",
    finds_open=True, ends=True,
)  # fmt: skip
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
