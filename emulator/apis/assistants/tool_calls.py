"""The forms of tool calls in run steps, and of the deltas that tell of them."""

from __future__ import annotations

from emulator.apis.assistants.run_writer import RUN_STEP, Delta
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


def call_delta(step_id: str, call: Object) -> Delta:
    return Delta(RUN_STEP, step_id, {"step_details": details([call])})


def code_delta(step_id: str, index: int, content: Object) -> Delta:
    return call_delta(step_id, {"index": index, "type": "code_interpreter", "code_interpreter": content})
