"""The service's own tools: code that runs, and search in files."""

from __future__ import annotations

import base64
from collections.abc import Generator, Iterator
from typing import Any, Final

from emulator.apis.assistants import objects
from emulator.base.json_types import Object
from emulator.sandbox.json_schema import Schema
from emulator.scenarios.steps.actions import Create, Delta, Item, Move
from emulator.scenarios.steps.context import OpenStep, Stage, StepFailed
from emulator.scenarios.steps.messages import CHUNKS, cut
from emulator.scenarios.steps.registry import TEXT, USAGE, Act, step

#: A file that a step shows: one that is there, by id or name, or one that the code makes.
_FILE: Final[Schema] = {
    "type": ["string", "object"],
    "properties": {"filename": TEXT, "content": TEXT, "base64": TEXT, "path": TEXT},
    "additionalProperties": False,
    "if": {"type": "object"},
    "then": {
        "required": ["filename"],
        "oneOf": [{"required": ["content"]}, {"required": ["base64"]}, {"required": ["path"]}],
        "description": "a filename and one of content, base64 and path",
    },
    "description": "a file's id or name, or {filename, content | base64 | path} for one that is made",
}
_ONE_CODE: Final[Schema] = {
    "type": "object",
    "properties": {
        "input": TEXT,
        "chunks": CHUNKS,
        "logs": TEXT,
        "images": {"type": "array", "items": _FILE},
        "files": {"type": "array", "items": _FILE},
    },
    "required": ["input"],
    "additionalProperties": False,
}
_CODE: Final[Schema] = {
    **_ONE_CODE,
    "type": ["object", "array"],
    "items": _ONE_CODE,
    "minItems": 1,
    "description": "{input, chunks, logs, images, files}, or a list of them",
}


@step("code", _CODE, "a run step of code_interpreter", beside={"usage": USAGE}, makes_run_step=True)
def code(stage: Stage, act: Act) -> Iterator[Item]:
    """Input streamed in pieces, then outputs. How outputs are streamed is the published schema's; none was recorded."""
    _require_tool(stage, "code_interpreter")
    acts = act.value if isinstance(act.value, list) else [act.value]
    inputs = [stage.render_text(one["input"]) for one in acts]
    pieces = [cut(text, one.get("chunks", "words")) for text, one in zip(inputs, acts, strict=True)]
    outputs = [_outputs(stage, one) for one in acts]
    calls = [
        {
            "id": stage.make_id("tool_call"),
            "type": "code_interpreter",
            "code_interpreter": {"input": text, "outputs": made},
        }
        for text, made in zip(inputs, outputs, strict=True)
    ]
    step_id = yield from _open(stage)
    for index, made in enumerate(calls):
        opening = {"index": index, **made, "code_interpreter": {"input": "", "outputs": []}}
        yield _delta(step_id, opening)
        for piece in pieces[index]:
            yield _delta(step_id, _more_code(index, {"input": piece}))
        for number, output in enumerate(outputs[index]):
            yield _delta(step_id, _more_code(index, {"outputs": [{"index": number, **output}]}))
    yield from _close(stage, act, step_id, calls, "".join(inputs))


def _more_code(index: int, content: Object) -> Object:
    return {"index": index, "type": "code_interpreter", "code_interpreter": content}


def _outputs(stage: Stage, one: Object) -> list[Object]:
    """Logs and images; files that the code makes are there from now on."""
    logs = [{"type": "logs", "logs": stage.render_text(one["logs"])}] if one.get("logs") else []
    images = [_shown_file(stage, file) for file in one.get("images", [])]
    for file in one.get("files", []):
        stage.generated.append(_shown_file(stage, file))
    return [*logs, *({"type": "image", "image": {"file_id": file["id"]}} for file in images)]


def _shown_file(stage: Stage, value: Any) -> Object:
    if isinstance(value, str):
        return stage.file(stage.render_text(value))
    name = stage.render_text(value["filename"])
    if "path" in value:
        return stage.make_file(name, stage.contents[value["path"]])
    if "base64" in value:
        return stage.make_file(name, base64.b64decode(value["base64"]))
    return stage.make_file(name, stage.render_text(value["content"]).encode())


_RESULT: Final[Schema] = {
    "type": "object",
    "properties": {"file": TEXT, "text": TEXT, "score": {"type": "number", "minimum": 0, "maximum": 1}},
    "required": ["file"],
    "additionalProperties": False,
}
_ONE_SEARCH: Final[Schema] = {
    "type": ["object", "string"],
    "if": {"type": "string"},
    "then": {"enum": ["auto"]},
    "properties": {"results": {"type": "array", "items": _RESULT}, "query": TEXT},
    "additionalProperties": False,
}
_SEARCH: Final[Schema] = {
    **_ONE_SEARCH,
    "type": ["object", "string", "array"],
    "items": _ONE_SEARCH,
    "minItems": 1,
    "description": "auto, {results: [{file, text, score}]}, {query}, or a list of them",
}


@step(
    "search",
    _SEARCH,
    "a run step of file_search; `auto` searches the stores that the run has",
    beside={"usage": USAGE},
    makes_run_step=True,
)
def search(stage: Stage, act: Act) -> Iterator[Item]:
    """One delta without results; they arrive with the completed step (FACTS §3 F)."""
    options = _require_tool(stage, "file_search").get("file_search") or {}
    ranking = {key: value for key, value in options.get("ranking_options", {}).items() if key != "hybrid_search"}
    limit = options.get("max_num_results", 20)
    calls = []
    for one in act.value if isinstance(act.value, list) else [act.value]:
        results = _results(stage, {} if one == "auto" else one, limit, ranking.get("score_threshold", 0.0))
        found = {"ranking_options": ranking, "results": results}
        calls.append({"id": stage.make_id("tool_call"), "type": "file_search", "file_search": found})
    step_id = yield from _open(stage)
    for index, made in enumerate(calls):
        yield _delta(step_id, {"index": index, **made, "file_search": {"ranking_options": ranking, "results": []}})
    yield from _close(stage, act, step_id, calls, stage.message)


def _results(stage: Stage, one: Object, limit: int, threshold: float) -> list[Object]:
    """Scripted results, or those of a real search in the stores that the run has, for the query or the message."""
    if "results" not in one:
        query = stage.render_text(one["query"]) if "query" in one else stage.message
        return [result for result in stage.search(query) if result["score"] >= threshold][:limit]
    scripted = []
    for result in one["results"]:
        file = stage.file(stage.render_text(result["file"]))
        text = stage.render_text(result.get("text", ""))
        scripted.append(objects.search_result(file["id"], file["filename"], float(result.get("score", 1.0)), {}, text))
    return scripted


# ---- What both have ----


def _require_tool(stage: Stage, kind: str) -> Object:
    """The run's tool of that kind; without it the model could never have done this."""
    tool: Object | None = next((one for one in stage.run["tools"] if one["type"] == kind), None)
    if tool is None:
        names = [one["function"]["name"] if one["type"] == "function" else one["type"] for one in stage.run["tools"]]
        has = ", ".join(names) or "no tool"
        raise StepFailed("impossible", f"the run cannot use {kind}: it has {has}")
    return tool


def _open(stage: Stage) -> Generator[Item, None, str]:
    made = objects.run_step(stage.make_id("thread.run.step"), stage.run, {"type": "tool_calls", "tool_calls": []})
    stage.open = OpenStep(made["id"])
    yield Create(made)
    step_id: str = made["id"]
    return step_id


def _delta(step_id: str, call: Object) -> Delta:
    return Delta("thread.run.step", step_id, {"step_details": {"type": "tool_calls", "tool_calls": [call]}})


def _close(stage: Stage, act: Act, step_id: str, calls: list[Object], written: str) -> Iterator[Item]:
    stage.open = None
    details = {"type": "tool_calls", "tool_calls": calls}
    usage = stage.usage(act.beside.get("usage"), written)
    yield Move("thread.run.step", "completed", step_id, {"step_details": details, "usage": usage})
