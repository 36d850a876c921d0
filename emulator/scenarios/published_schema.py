"""The JSON Schema of scenario files, for editors: made from the registries that load them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator.base.text import shorten
from emulator.sandbox.json_schema import Schema
from emulator.scenarios.conditions import CONDITIONS
from emulator.scenarios.faults import KINDS
from emulator.scenarios.schema import SCENARIO, fault_schema
from emulator.scenarios.steps import STEP_KINDS


def published_schema() -> Schema:
    """All that a file may say, with the words of the documentation beside it."""
    turn = SCENARIO["properties"]["turns"]["items"]
    conditions = {
        name: {**condition.schema, "description": condition.summary} for name, condition in CONDITIONS.items()
    }
    when = {**turn["properties"]["when"], "properties": conditions}
    steps = {"type": "array", "items": {"anyOf": [_step(name) for name in STEP_KINDS]}}
    in_turn = _described({**turn["properties"], "when": when, "steps": steps}, _TURN_KEYS)
    turns = {"type": "array", "items": {**turn, "title": "turn", "properties": in_turn}}
    faults = {"type": "array", "items": {"anyOf": [_fault(kind) for kind in KINDS]}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenario of the assistants-emulator",
        **SCENARIO,
        "properties": _described({**SCENARIO["properties"], "turns": turns, "faults": faults}, _KEYS),
    }


#: What the keys of a scenario are.
_KEYS: Final = {
    "version": "the version of this language: 1",
    "name": "the scenario's name; without it, the name of the file",
    "description": "a sentence for people",
    "settings": "seed, clock and other settings of the world",
    "given": "objects that are there before the first request",
    "turns": "how the assistant behaves; the first turn whose `when` fits is played",
    "indexing": "outcomes of indexing files that differ from what their contents lead to",
    "faults": "what goes wrong between server and client",
    "stubs": "responses to requests outside the emulated APIs",
}
_TURN_KEYS: Final = {
    "name": "the turn's name; without it, its number",
    "when": "conditions; all must fit",
    "times": "how often the turn is played at most; `check()` demands exactly this number",
    "steps": "what the assistant does, in this order",
    "usage": "tokens of the whole turn; without it, they are estimated",
    "polls": "how many polls see each status before it moves on",
    "cancel": "late: a cancel loses, and the run comes to its end",
}


def _described(properties: dict[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    """Properties with words beside those that have none."""
    return {key: {"description": words[key], **value} if key in words else value for key, value in properties.items()}


def _title(name: str, summary: str) -> str:
    """What an editor shows for an alternative. Without a title it shows only that it is an object."""
    return f"{name}: {shorten(summary, _TITLE)}"


#: Characters of the summary in a title.
_TITLE: Final = 60


def _step(name: str) -> Schema:
    kind = STEP_KINDS[name]
    value = {**kind.value, "description": kind.summary}
    return {
        "title": _title(name, kind.summary),
        "type": "object",
        "properties": {name: value, **kind.beside},
        "required": [name],
        "additionalProperties": False,
    }


def _fault(kind: str) -> Schema:
    schema: dict[str, Any] = fault_schema(kind)
    own = {"const": kind, "description": KINDS[kind].summary}
    title = _title(kind, KINDS[kind].summary)
    return {"title": title, **schema, "properties": {**schema["properties"], "kind": own}}
