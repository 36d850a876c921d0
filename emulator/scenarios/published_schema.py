"""The JSON Schema of scenario files, for editors: made from the registries that load them."""

from __future__ import annotations

from typing import Any

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
    turns = {"type": "array", "items": {**turn, "properties": {**turn["properties"], "when": when, "steps": steps}}}
    faults = {"type": "array", "items": {"anyOf": [_fault(kind) for kind in KINDS]}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenario of the assistants-emulator",
        **SCENARIO,
        "properties": {**SCENARIO["properties"], "turns": turns, "faults": faults},
    }


def _step(name: str) -> Schema:
    kind = STEP_KINDS[name]
    value = {**kind.value, "description": kind.summary}
    return {
        "type": "object",
        "properties": {name: value, **kind.beside},
        "required": [name],
        "additionalProperties": False,
    }


def _fault(kind: str) -> Schema:
    schema: dict[str, Any] = fault_schema(kind)
    own = {"const": kind, "description": KINDS[kind].summary}
    return {**schema, "properties": {**schema["properties"], "kind": own}}
