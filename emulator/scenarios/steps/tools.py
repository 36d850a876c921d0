"""The service's own tools: code that runs, and search in files."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any, Final

from emulator.base.json_types import Object
from emulator.sandbox.json_schema import TEXT, Schema
from emulator.sandbox.templates import is_template
from emulator.scenarios.given import SIZE, filler
from emulator.scenarios.steps.actions import (
    Action,
    Execution,
    FileRef,
    Image,
    Logs,
    RanCode,
    Search,
    Searched,
    SearchResult,
)
from emulator.scenarios.steps.context import StepContext, StepFailed
from emulator.scenarios.steps.pieces import CHUNKS, cut
from emulator.scenarios.steps.registry import ENDING, Flaw, step
from emulator.scenarios.steps.step import Path, Step
from emulator.scenarios.steps.tool import Tool

BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
#: An image as the text of a URL.
_DATA_URL: Final = re.compile(r"data:image/(?P<kind>[\w.+-]+);base64,(?P<base64>.*)", re.DOTALL)
_SUFFIXES: Final = {"jpeg": "jpg", "svg+xml": "svg"}
#: A file that a step shows: one that is there, by id or name, or one that the code makes.
_FILE: Final[Schema] = {
    "type": ["string", "object"],
    "properties": {"filename": TEXT, "content": TEXT, "base64": TEXT, "path": TEXT, "bytes": SIZE},
    "additionalProperties": False,
    "if": {"type": "object"},
    "then": {
        "required": ["filename"],
        "oneOf": [{"required": [key]} for key in ("content", "base64", "path", "bytes")],
        "description": "a filename and one of content, base64, path and bytes",
    },
    "description": "a file's id or name, or {filename, content | base64 | path | bytes} for one that is made",
}
_OUTPUT: Final[Schema] = {
    "type": "object",
    "properties": {"logs": TEXT, "image": _FILE},
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "description": "{logs: text} or {image: a file, or a data URL}",
}
_ONE_CODE: Final[Schema] = {
    "type": "object",
    "properties": {
        "input": TEXT,
        "chunks": CHUNKS,
        "logs": TEXT,
        "images": {"type": "array", "items": _FILE},
        "files": {"type": "array", "items": _FILE},
        "outputs": {"type": "array", "items": _OUTPUT},
    },
    "required": ["input"],
    "additionalProperties": False,
}
_CODE: Final[Schema] = {
    **_ONE_CODE,
    "type": ["object", "array"],
    "items": _ONE_CODE,
    "minItems": 1,
    "description": "{input, chunks, logs, images | outputs, files}, or a list of them",
}


def _check_code(step: Object) -> Iterator[Flaw]:
    for path, one in _each("code", step["code"]):
        others = [key for key in ("logs", "images") if key in one]
        if "outputs" in one and others:
            yield (*path, "outputs"), f"expected either outputs or {' and '.join(others)}: outputs have both, in order"
        images: list[tuple[Path, Any]] = [((*path, "images", n), file) for n, file in enumerate(one.get("images", []))]
        images += [((*path, "outputs", n, "image"), out.get("image")) for n, out in enumerate(one.get("outputs", []))]
        for place, image in images:
            if isinstance(image, str) and image.startswith("data:") and not is_template(image):
                try:
                    read_data_url(image)
                except ValueError as error:
                    yield place, str(error)


def _each(kind: str, value: Any) -> Iterator[tuple[Path, Object]]:
    """The parts of a step that is one mapping or a list of them, with the path to each."""
    if isinstance(value, list):
        yield from (((kind, number), one) for number, one in enumerate(value) if isinstance(one, dict))
    elif isinstance(value, dict):
        yield (kind,), value


@step("code", _CODE, "a run step of code_interpreter", beside=ENDING, makes_run_step=True, check=_check_code)
def code(context: StepContext, step: Step) -> Iterator[Action]:
    """Code that runs: its input in pieces, then its outputs."""
    _require_tool(context, "code_interpreter")
    executions = step.value if isinstance(step.value, list) else [step.value]
    inputs = [context.render_text(one["input"]) for one in executions]
    pieces = [cut(text, one.get("chunks", "words")) for text, one in zip(inputs, executions, strict=True)]
    outputs = [_outputs(context, one) for one in executions]
    yield RanCode(list(map(Execution, inputs, pieces, outputs)), step.beside.get("usage"), step.is_left_open)


def _outputs(context: StepContext, one: Object) -> list[Logs | Image]:
    """Logs and images, in order; files that the code makes are there from now on."""
    made: list[Logs | Image] = []
    for output in one["outputs"] if "outputs" in one else _logs_then_images(one):
        if "logs" in output:
            made.append(Logs(context.render_text(output["logs"])))
        else:
            made.append(Image(_shown_image(context, output["image"])))
    for file in one.get("files", []):
        context.generated += (_shown_file(context, file),)
    return made


def _logs_then_images(one: Object) -> list[Object]:
    logs = [{"logs": one["logs"]}] if one.get("logs") else []
    return [*logs, *({"image": file} for file in one.get("images", []))]


def _shown_image(context: StepContext, value: Any) -> FileRef:
    """An image that is there, or one that the code makes: one of a data URL is named by its number in the turn."""
    if not isinstance(value, str):
        image = _shown_file(context, value)
    elif (text := context.render_text(value)).startswith("data:"):
        image = _from_data_url(context, text)
    else:
        return context.file(text)
    context.images_made += (image,)
    return image


def read_data_url(text: str) -> tuple[str, bytes]:
    """The suffix and the bytes of an image that is a data URL. Raises ValueError for any other URL."""
    found = _DATA_URL.fullmatch(text)
    if found is None:
        raise ValueError(f"expected an image as data:image/png;base64,…; got {text[:40]!r}")
    if not BASE64.fullmatch(found["base64"]):
        raise ValueError("what follows 'base64,' is no base64")
    return _SUFFIXES.get(found["kind"], found["kind"]), base64.b64decode(found["base64"])


def _from_data_url(context: StepContext, text: str) -> FileRef:
    try:
        suffix, content = read_data_url(text)
    except ValueError as error:
        raise StepFailed("impossible", str(error)) from None
    return context.make_file(f"image-{len(context.images_made) + 1}.{suffix}", content)


def _shown_file(context: StepContext, value: Any) -> FileRef:
    if isinstance(value, str):
        return context.file(context.render_text(value))
    name = context.render_text(value["filename"])
    if "bytes" in value:
        return context.make_file(name, filler(value["bytes"]))
    if "path" in value:
        return context.make_file(name, context.contents[value["path"]])
    if "base64" in value:
        return context.make_file(name, base64.b64decode(value["base64"]))
    return context.make_file(name, context.render_text(value["content"]).encode())


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
    "properties": {
        "results": {"type": "array", "items": _RESULT},
        "query": TEXT,
        "queries": {"type": "array", "items": TEXT},
    },
    "additionalProperties": False,
}
_SEARCH: Final[Schema] = {
    **_ONE_SEARCH,
    "type": ["object", "string", "array"],
    "items": _ONE_SEARCH,
    "minItems": 1,
    "description": "auto, {results: [{file, text, score}], query | queries}, or a list of them",
}


def _check_search(step: Object) -> Iterator[Flaw]:
    for path, one in _each("search", step["search"]):
        if "query" in one and "queries" in one:
            yield (*path, "query"), "expected either query or queries"


@step(
    "search",
    _SEARCH,
    "a run step of file_search; `auto` searches the stores that the run has",
    beside=ENDING,
    makes_run_step=True,
    check=_check_search,
)
def search(context: StepContext, step: Step) -> Iterator[Action]:
    """Searches in files, with their results."""
    tool = _require_tool(context, "file_search")
    searches = []
    for one in step.value if isinstance(step.value, list) else [step.value]:
        searches.append(_search(context, {} if one == "auto" else one, tool))
        context.results = searches[-1].results
    yield Searched(searches, step.beside.get("usage"), step.is_left_open)


def _search(context: StepContext, one: Object, tool: Tool) -> Search:
    """Scripted results, or those of a real search in the turn's stores, for the queries or the message."""
    queries = [one["query"]] if "query" in one else one.get("queries")
    queries = [context.message] if queries is None else list(map(context.render_text, queries))
    if "results" not in one:
        found = context.search(" ".join(queries) or context.message)
        return Search(queries, [result for result in found if result.score >= tool.threshold][: tool.limit])
    scripted = []
    for result in one["results"]:
        file = context.file(context.render_text(result["file"]))
        text = context.render_text(result.get("text", ""))
        scripted.append(SearchResult(file.id, file.filename, float(result.get("score", 1.0)), {}, text))
    return Search(queries, scripted)


def _require_tool(context: StepContext, kind: str) -> Tool:
    """The turn's tool of that kind. Raises StepFailed without it: the model could never have done this."""
    tools = context.tools()
    found = next((tool for tool in tools if tool.kind == kind), None)
    if found is None:
        has = ", ".join(tool.name for tool in tools) or "no tool"
        raise StepFailed("impossible", f"{context.tools_owner} cannot use {kind}: it has {has}")
    return found
