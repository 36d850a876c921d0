"""What a scenario file may say, and everything that can be wrong with one, each with its place.

The schema is put together from the registries of steps and conditions, so what loads is what is documented.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from emulator import json_schema, templates
from emulator.clock import parse_instant
from emulator.document import Path
from emulator.faults import KINDS
from emulator.json_schema import Schema
from emulator.lifecycle import TERMINAL, Object
from emulator.matching import CONDITIONS
from emulator.operations import ALSO_CALLED, NAMES, OF_A_RUN
from emulator.schema_errors import explain
from emulator.steps import TEXT, USAGE, VERBS, Verb
from emulator.validation import request_error

Problem = tuple[Path, str]

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")

_POLLS: Final[Schema] = {
    "type": "object",
    "properties": {status: {"type": "integer", "minimum": 0} for status in ("queued", "in_progress")},
    "additionalProperties": False,
}
#: Settings that an argument, marker or option can state too; it beats those of scenarios.
OPTIONS: Final[Schema] = {
    "type": "object",
    "properties": {
        "seed": {"type": ["integer", "string"]},
        "clock": {"enum": ["skip", "real"]},
        "start": TEXT,
        "unmatched": {"enum": ["fail", "improvise"]},
        "shapes": {"enum": ["wire", "spec"]},
    },
    "additionalProperties": False,
}
_SETTINGS: Final[Schema] = {**OPTIONS, "properties": {**OPTIONS["properties"], "polls": _POLLS}}
_GIVEN_FILE: Final[Schema] = {
    "type": "object",
    "properties": dict.fromkeys(("id", "filename", "purpose", "content", "base64", "path"), TEXT),
    "required": ["filename"],
    "additionalProperties": False,
    "oneOf": [{"required": ["content"]}, {"required": ["base64"]}, {"required": ["path"]}],
    "description": "a filename and one of content, base64 and path",
}
_GIVEN: Final[Schema] = {
    "type": "object",
    "properties": {
        "files": {"type": "array", "items": _GIVEN_FILE},
        **{key: {"type": "array", "items": {"type": "object"}} for key in ("vector_stores", "assistants", "threads")},
    },
    "additionalProperties": False,
}
_TURN: Final[Schema] = {
    "type": "object",
    "properties": {
        "name": TEXT,
        "when": {
            "type": "object",
            "properties": {name: condition.schema for name, condition in CONDITIONS.items()},
            "additionalProperties": False,
        },
        "times": {"type": "integer", "minimum": 1},
        "steps": {"type": "array", "items": {"type": "object"}},
        "usage": USAGE,
        "polls": _POLLS,
        "cancel": {"enum": ["late"]},
    },
    "required": ["steps"],
    "additionalProperties": False,
}
_INDEXING: Final[Schema] = {
    "type": "object",
    "properties": {
        "file": TEXT,
        "outcome": {"enum": ["completed", "failed", "cancelled"]},
        "error": {
            "type": "object",
            "properties": {"code": TEXT, "message": TEXT},
            "required": ["code", "message"],
            "additionalProperties": False,
        },
        "polls": {"type": "integer", "minimum": 0},
    },
    "required": ["file", "outcome"],
    "additionalProperties": False,
}
_STUB: Final[Schema] = {
    "type": "object",
    "properties": {
        "request": {
            "type": "string",
            "pattern": "^(GET|POST|PUT|PATCH|DELETE) /",
            "description": "a method and a path, as POST /v1/moderations; * stands for anything",
        },
        "status": {"type": "integer", "minimum": 100, "maximum": 599},
        "body": {"type": ["object", "array", "string"]},
        "headers": {"type": "object", "additionalProperties": TEXT},
    },
    "required": ["request"],
    "additionalProperties": False,
}
SCENARIO: Final[Schema] = {
    "type": "object",
    "properties": {
        "version": {"const": 1},
        "name": {"type": "string", "minLength": 1},
        "description": TEXT,
        "settings": _SETTINGS,
        "given": _GIVEN,
        "turns": {"type": "array", "items": _TURN},
        "indexing": {"type": "array", "items": _INDEXING},
        "faults": {"type": "array", "items": {"type": "object"}},
        "stubs": {"type": "array", "items": _STUB},
    },
    "additionalProperties": False,
}

#: Keys of a given object beside its creation parameters.
_GIVEN_RUN_KEYS = ("id", "status", "last_error", "incomplete_details", "usage")


def problems(data: Any, contents: Mapping[str, bytes]) -> Iterator[Problem]:
    """Everything that is wrong with a scenario: where, and why. Nothing if it is fine.

    ``contents`` of the local files that it names, by path.
    """
    found = list(explain(SCENARIO, data))
    yield from found
    ill = {path[:2] for path, _ in found}
    if isinstance(data, dict):
        yield from _deeper_problems({key: _well_formed(key, value, ill) for key, value in data.items()})
        yield from _file_problems(data, (), contents)


def _file_problems(value: Any, path: Path, contents: Mapping[str, bytes]) -> Iterator[Problem]:
    """Local files that could not be read, and base64 that is none."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "path" and isinstance(inner, str) and inner not in contents:
                yield (*path, key), f"there is no file {inner!r} beside the scenario (a server opens no path itself)"
            if key == "base64" and isinstance(inner, str) and not _BASE64.fullmatch(inner):
                yield (*path, key), "this is no base64"
            yield from _file_problems(inner, (*path, key), contents)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _file_problems(inner, (*path, number), contents)


def _well_formed(key: str, value: Any, ill: set[Path]) -> Any:
    """A part of a scenario without what its schema refuses, so that the rest is checked all the same."""
    if isinstance(value, list):
        return [None if (key, number) in ill else item for number, item in enumerate(value)]
    if isinstance(value, dict):
        return {inner: item for inner, item in value.items() if (key, inner) not in ill}
    return None


def _deeper_problems(data: Object) -> Iterator[Problem]:
    """What the schema cannot say, in those parts that it does not refuse (the others are None)."""
    start = (data.get("settings") or {}).get("start")
    if start is not None:
        try:
            parse_instant(start)
        except ValueError:
            path: Path = ("settings", "start")
            yield path, f"expected 'now' or a date and time as 2026-01-01T00:00:00Z, got {start!r}"
    yield from _given_problems(data.get("given") or {})
    for number, fault in enumerate(data.get("faults") or []):
        if fault is not None:
            yield from ((("faults", number, *path), why) for path, why in fault_problems(fault))
    names: set[str] = set()
    for number, turn in enumerate(data.get("turns") or []):
        if turn is None:
            continue
        path = ("turns", number)
        name = turn.get("name")
        if name is not None and name in names:
            yield (*path, "name"), f"there is a turn {name!r} already"
        names.add(name)
        yield from _pattern_problems((*path, "when"), turn.get("when") or {})
        for index, step in enumerate(turn["steps"]):
            yield from _step_problems((*path, "steps", index), step, last=index + 1 == len(turn["steps"]))


def fault_problems(fault: Any) -> Iterator[Problem]:
    """Everything that is wrong with one fault."""
    kind = fault.get("kind") if isinstance(fault, dict) else None
    found = list(explain(fault_schema(kind if isinstance(kind, str) else ""), fault))
    yield from found
    if found:
        return
    named = fault["operation"]
    names = [named] if isinstance(named, str) else named
    if fault.get("when") and not any(name == "*" or ALSO_CALLED.get(name, name) in OF_A_RUN for name in names):
        yield ("when",), f"only requests about a run have one to compare with: {', '.join(sorted(OF_A_RUN))}"
    if fault.get("after") is not None and kind == "delay":
        yield ("after",), "a delay acts before the request is handled; a stream is slowed by steps that wait"
    yield from _pattern_problems(("when",), fault.get("when") or {})


def fault_schema(kind: str) -> Schema:
    """The schema of a fault of that kind; of any kind, for a name that is none."""
    own = KINDS.get(kind, {})
    operation = {"enum": [*NAMES, *ALSO_CALLED, "*"]}
    counts = {"skip": {"type": "integer", "minimum": 0}, "times": {"type": "integer", "minimum": 1}}
    return {
        "type": "object",
        "properties": {
            "kind": {"enum": list(KINDS)},
            "operation": {
                "type": ["string", "array"],
                "if": {"type": "string"},
                "then": operation,
                "else": {"items": operation, "minItems": 1},
                "description": "an operation, a list of them, or *",
            },
            "when": _TURN["properties"]["when"],
            **counts,
            "after": {"type": "integer", "minimum": 0},
            **{name: schema for name, (schema, _) in own.items()},
        },
        "required": ["kind", "operation", *(name for name, (_, needed) in own.items() if needed)],
        "additionalProperties": kind not in KINDS,
    }


def _pattern_problems(path: Path, value: Any) -> Iterator[Problem]:
    """Regular expressions that cannot be read."""
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key == "matches" and isinstance(inner, str):
            import regex

            try:
                regex.compile(inner)
            except regex.error as error:
                yield (*path, key), f"{inner!r} is no regular expression: {error}"
        yield from _pattern_problems((*path, key), inner)


def _step_problems(path: Path, step: Object, *, last: bool) -> Iterator[Problem]:
    verbs = [key for key in step if key in VERBS]
    if len(verbs) != 1:
        yield path, _which_step(step, verbs)
        return
    verb = VERBS[verbs[0]]
    schema = {
        "type": "object",
        "properties": {verb.name: verb.value, **verb.beside},
        "additionalProperties": False,
    }
    found = [((*path, *inner), message) for inner, message in explain(schema, step)]
    yield from found
    if found:
        return
    if verb.ends and not last:
        yield path, f"the run is at its end after {verb.name!r}; nothing may follow"
    for where, text in _strings(step, path):
        try:
            templates.check(text)
        except templates.TemplateError as error:
            yield where, str(error)
    yield from _verb_problems(path, verb, step)


def _which_step(step: Object, verbs: list[str]) -> str:
    known = f"the steps are: {', '.join(VERBS)}"
    if verbs:
        return f"a step does one thing, this one has {' and '.join(map(repr, verbs))}; {known}"
    if not step:
        return f"a step is missing here; {known}"
    word = next(iter(step))
    near = difflib.get_close_matches(word, VERBS, n=1)
    return f"there is no step {word!r}; {f'did you mean {near[0]!r}? ' if near else ''}{known}"


def _strings(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("chunks", "expect", "path", "base64"):  # literal
                yield from _strings(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _strings(inner, (*path, index))


def _verb_problems(path: Path, verb: Verb, step: Object) -> Iterator[Problem]:
    value = step[verb.name]
    if verb.name == "say" and isinstance(value, dict):
        text, chunks = value.get("text"), value.get("chunks")
        if (
            isinstance(chunks, list)
            and text is not None
            and not templates.is_template(text)
            and "".join(chunks) != text
        ):
            yield (*path, "say", "chunks"), f"the chunks join to {''.join(chunks)!r}, but the text is {text!r}"
    if verb.name == "call":
        called = [name for one in (value if isinstance(value, list) else [value]) for name in one]
        for name, schema in step.get("expect", {}).items():
            if name not in called:
                message = f"{name!r} is not called in this step; it calls {', '.join(called)}"
                yield (*path, "expect", name), message
            yield from _schema_problems((*path, "expect", name), schema)


def _schema_problems(path: Path, schema: Any) -> Iterator[Problem]:
    if why := json_schema.fault(schema):
        yield path, f"this is no JSON Schema: {why}"


def _given_problems(given: Object) -> Iterator[Problem]:
    """Given objects are the API's creation parameters, checked as a request would be."""
    seen: set[str] = set()
    for kind, items in given.items():
        for number, item in enumerate(items):
            path: Path = ("given", kind, number)
            id = item.get("id")
            if id is not None and (not isinstance(id, str) or not id or id in seen):
                yield (*path, "id"), f"expected text that no other given object has as its id, got {id!r}"
            elif id:
                seen.add(id)
            yield from _given_item_problems(path, kind, item)


def _given_item_problems(path: Path, kind: str, item: Object) -> Iterator[Problem]:
    if kind == "files":
        return
    if kind == "vector_stores":
        yield from _as_request(path, "create_vector_store", item, ("id",))
        return
    if kind == "assistants":
        yield from _as_request(path, "create_assistant", item, ("id",))
        return
    messages, runs = item.get("messages") or [], item.get("runs") or []
    if not isinstance(messages, list) or not isinstance(runs, list):
        yield path, "expected messages and runs as lists"
        return
    yield from _as_request(path, "create_thread", item, ("id", "runs", "messages"))
    for number, message in enumerate(messages):
        yield from _as_request((*path, "messages", number), "create_message", message, ("id",))
    for number, run in enumerate(runs):
        where: Path = (*path, "runs", number)
        yield from _as_request(where, "create_run", run, _GIVEN_RUN_KEYS)
        status = run.get("status", "completed") if isinstance(run, dict) else "completed"
        if status not in TERMINAL:
            known = ", ".join(sorted(TERMINAL))
            yield (*where, "status"), f"a given run is at its end: expected one of {known}; got {status!r}"


def _as_request(path: Path, operation: str, item: Any, beside: tuple[str, ...]) -> Iterator[Problem]:
    if not isinstance(item, dict):
        yield path, f"expected a mapping, got {item!r}"
        return
    body = {key: value for key, value in item.items() if key not in beside}
    if error := request_error(operation, body):
        yield path, error.message
