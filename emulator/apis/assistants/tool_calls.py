"""The forms of tool calls in run steps, and of the deltas that tell of them."""

from __future__ import annotations

from emulator.base.json_types import Object
from emulator.scenarios.steps.actions import FunctionCall, Image, Logs, SearchResult


def function(call: FunctionCall, output: str | None) -> Object:
    return {"name": call.name, "arguments": call.arguments, "output": output}


def code_output(output: Logs | Image) -> Object:
    if isinstance(output, Logs):
        return {"type": "logs", "logs": output.text}
    return {"type": "image", "image": {"file_id": output.file.id}}


def search_result(result: SearchResult) -> Object:
    """A search result; ``content`` is sent only to those who ask for it by ``include[]``."""
    return {
        "file_id": result.file_id,
        "file_name": result.filename,
        "score": result.score,
        "attributes": result.attributes,
        "content": [{"type": "text", "text": result.text}],
    }


def details(calls: list[Object]) -> Object:
    return {"type": "tool_calls", "tool_calls": calls}


def required_action(calls: list[Object]) -> Object:
    """What a run that waits for the outputs of these function calls requires."""
    shown = [{**one, "function": {key: one["function"][key] for key in ("name", "arguments")}} for one in calls]
    return {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": shown}}


def call_delta(index: int, call: Object) -> Object:
    return {"step_details": details([{"index": index, **call}])}


def code_delta(index: int, content: Object) -> Object:
    return call_delta(index, {"type": "code_interpreter", "code_interpreter": content})
