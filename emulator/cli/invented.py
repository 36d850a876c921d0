"""What a rehearsal invents in place of an application: the message, the tools, and the outputs of functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from emulator.base.json_types import Object
from emulator.engine.active_turn import ActiveTurn
from emulator.scenarios.model import Turn


def question_of(turn: Turn) -> str:
    """A message of the user that may well have led to the turn."""
    pattern = turn.when.get("message", "Hello")
    text: str = pattern if isinstance(pattern, str) else pattern.get("equals", "Hello")
    return text or "Hello"


def called_functions(turn: Turn) -> list[str]:
    """The functions that the turn's steps call, each once."""
    calls = [step.value for step in turn.steps if step.kind == "call"]
    called = [one for value in calls for one in (value if isinstance(value, list) else [value])]
    return list(dict.fromkeys(name for one in called for name in one))


def needed_tools(turn: Turn) -> list[Object]:
    """The tools that the turn's steps need, in the form of the Assistants API."""
    kinds: dict[str, None] = {}
    for step in turn.steps:
        if step.kind in ("code", "search"):
            kinds["code_interpreter" if step.kind == "code" else "file_search"] = None
    functions: list[Object] = [{"type": "function", "function": {"name": name}} for name in called_functions(turn)]
    return [*functions, *({"type": kind} for kind in kinds)]


def output_of(active_turn: ActiveTurn, name: str, outputs: Mapping[str, str]) -> str:
    """The output of a function: the one that is given, or an invented one."""
    return outputs[name] if name in outputs else invented_output(active_turn, name)


def invented_output(active_turn: ActiveTurn, name: str) -> str:
    """An output that fits ``expect``; without it, one with the keys that the turn's templates read."""
    schema = active_turn.step.beside.get("expect", {}).get(name) if active_turn.step else None
    if schema is None:
        read = re.findall(rf"\b{re.escape(name)}\.(\w+)", str([step.value for step in active_turn.turn.steps]))
        schema = {"type": "object", "required": list(dict.fromkeys(read))}
    return orjson.dumps(_sample(schema)).decode()


_SAMPLES: dict[str, Any] = {"string": "…", "integer": 0, "number": 0, "boolean": True, "array": [], "null": None}


def _sample(schema: Any) -> Any:
    """A small value of a schema's type, with what it requires."""
    if not isinstance(schema, dict):
        return {}
    if "const" in schema or schema.get("enum"):
        return schema["const"] if "const" in schema else schema["enum"][0]
    properties = schema.get("properties", {})
    kind = schema.get("type", "object")
    if kind != "object":
        return _SAMPLES.get(kind if isinstance(kind, str) else "", "…")
    required: list[str] = schema.get("required") or list(properties)
    return {key: _sample(properties.get(key, {"type": "string"})) for key in required}
