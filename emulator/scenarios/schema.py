"""What a scenario file may say, as JSON Schema.

It is put together from the registries of steps, conditions and faults, and from the API's request bodies, so what loads
is what is documented.
"""

from __future__ import annotations

from typing import Final

from emulator.base import request_schemas
from emulator.base.operations import ALSO_CALLED, BY_NAME
from emulator.sandbox.json_schema import TEXT, Schema
from emulator.scenarios.conditions import CONDITIONS
from emulator.scenarios.faults import COUNTS, HEADERS, KINDS
from emulator.scenarios.given import SIZE
from emulator.scenarios.model import ACTIVE, TERMINAL
from emulator.scenarios.steps import USAGE

_NAME: Final[Schema] = {"type": "string", "minLength": 1}
_POLLS: Final[Schema] = {
    "type": "object",
    "properties": {status: {"type": "integer", "minimum": 0} for status in ("queued", "in_progress", "cancelling")},
    "additionalProperties": False,
}
#: Settings that an argument, marker or option can state too; it beats those of scenarios.
_SAID: Final[Schema] = {
    "type": "object",
    "properties": {
        "seed": {"type": ["integer", "string"]},
        "clock": {"enum": ["skip", "real"]},
        "start": TEXT,
        "unmatched": {"enum": ["fail", "improvise"]},
        "shapes": {"enum": ["wire", "spec"]},
        "sleepers": {"type": "boolean"},
    },
    "additionalProperties": False,
}
_SETTINGS: Final[Schema] = {**_SAID, "properties": {**_SAID["properties"], "polls": _POLLS}}
#: What an argument, marker or option can say; ``after_sunset`` is not for scenarios.
OPTIONS: Final[Schema] = {**_SAID, "properties": {**_SAID["properties"], "after_sunset": {"type": "boolean"}}}


# ---- Given objects: the API's creation parameters, and what the service adds ----


def _body(operation: str) -> Schema:
    """The body of a request that makes an object."""
    body = request_schemas.schema("bodies", operation)
    assert body is not None
    definition = body.get("$ref", "").removeprefix("#/$defs/")
    found: Schema = body["$defs"][definition] if definition else {key: body[key] for key in body if key != "$defs"}
    return found


def _given(operation: str, **beside: Schema) -> Schema:
    body = _body(operation)
    return {**body, "properties": {**body["properties"], "id": _NAME, **beside}}


_USED: Final[Schema] = {
    "type": ["object", "null"],
    "properties": {**USAGE["properties"], "total_tokens": {"type": "integer", "minimum": 0}},
    "additionalProperties": {"type": "object"},
}
_LAST_ERROR: Final[Schema] = {
    "type": ["object", "null"],
    "properties": {"code": TEXT, "message": TEXT},
    "required": ["code", "message"],
    "additionalProperties": False,
}
_GIVEN_STEP: Final[Schema] = {
    "type": "object",
    "properties": {
        "id": _NAME,
        "status": {"enum": sorted(TERMINAL - {"incomplete"}), "description": "the status of a run step at its end"},
        "step_details": {
            "type": "object",
            "properties": {"type": {"enum": ["message_creation", "tool_calls"]}},
            "required": ["type"],
            "description": "what the API shows of it: a message_creation, or tool_calls",
        },
        "usage": _USED,
        "last_error": _LAST_ERROR,
    },
    "required": ["step_details"],
    "additionalProperties": False,
}
_GIVEN_MESSAGE: Final = _given(
    "create_message",
    run_id=_NAME,
    assistant_id=_NAME,
    annotations={
        "type": "array",
        "items": {"type": "object", "required": ["type", "text"]},
        "description": "the annotations of its text, as the API shows them",
    },
)
_GIVEN_RUN: Final = _given(
    "create_run",
    status={"enum": sorted({*TERMINAL, *ACTIVE}), "description": "the status of a run"},
    required_action={"type": ["object", "null"], "description": "what the API shows of it"},
    steps={"type": "array", "items": _GIVEN_STEP},
    usage=_USED,
    last_error=_LAST_ERROR,
    incomplete_details={
        "type": ["object", "null"],
        "properties": {"reason": TEXT},
        "required": ["reason"],
        "additionalProperties": False,
    },
)
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_FILE_COUNTS: Final[Schema] = {
    "type": "object",
    "properties": dict.fromkeys(("in_progress", "completed", "failed", "cancelled", "total"), _COUNT),
    "additionalProperties": False,
    "description": "how many files the store shows; those that file_ids names are among the completed ones",
}
_ATTRIBUTES: Final[Schema] = {
    "type": "object",
    "additionalProperties": _body("create_vector_store_file")["properties"]["attributes"],
    "description": "by the id of a file of the store: its attributes there",
}
_GIVEN_FILE: Final[Schema] = {
    "type": "object",
    "properties": {
        "id": _NAME,
        **dict.fromkeys(("filename", "purpose", "content", "base64", "path"), TEXT),
        "bytes": SIZE,
    },
    "required": ["filename"],
    "additionalProperties": False,
    "oneOf": [{"required": [key]} for key in ("content", "base64", "path", "bytes")],
    "description": "a filename and one of content, base64, path and bytes",
}
#: The items of a conversation are checked when it is made, as those of a request are.
_GIVEN_CONVERSATION: Final[Schema] = {
    **_given(
        "create_conversation",
        items={"type": "array", "items": {"type": "object"}},
        metadata={"$ref": "#/$defs/metadata"},
    ),
    "description": "the items and the metadata of a conversation",
}
_GIVEN_CONTAINER_FILE: Final[Schema] = {
    **_GIVEN_FILE,
    "properties": {
        **{key: value for key, value in _GIVEN_FILE["properties"].items() if key != "purpose"},
        "source": {"enum": ["user", "assistant"], "description": "who put the file there, by default user"},
    },
}
#: The parameters of a response and its items are checked when it is made, as those of a request are.
_GIVEN_RESPONSE: Final[Schema] = {
    "type": "object",
    "properties": {
        "id": _NAME,
        "model": TEXT,
        "input": {"type": ["string", "array"], "items": {"type": "object"}},
        "output": {"type": "array", "items": {"type": "object", "required": ["type"]}},
        "status": {"enum": ["completed", "failed", "incomplete", "cancelled", "queued", "in_progress"]},
        "usage": {"type": ["object", "null"]},
        "error": _LAST_ERROR,
        "incomplete_details": {"type": ["object", "null"]},
    },
    "required": ["model"],
    "description": "the parameters of a response, and what the API shows of it",
}
_CONTAINER: Final = request_schemas.schema("bodies", "create_container") or {}
_GIVEN_CONTAINER: Final[Schema] = {
    "type": "object",
    "properties": {
        **{key: _CONTAINER["properties"][key] for key in ("name", "expires_after", "file_ids")},
        "memory_limit": _CONTAINER["$defs"]["memory_limit"],
        "id": _NAME,
        "files": {"type": "array", "items": _GIVEN_CONTAINER_FILE},
        "status": {"enum": ["running", "expired"]},
    },
    "required": ["name"],
    "additionalProperties": False,
}
_GIVEN: Final[Schema] = {
    "type": "object",
    "properties": {
        "files": {"type": "array", "items": _GIVEN_FILE},
        "vector_stores": {
            "type": "array",
            "items": _given(
                "create_vector_store", usage_bytes=_COUNT, file_counts=_FILE_COUNTS, attributes=_ATTRIBUTES
            ),
        },
        "assistants": {"type": "array", "items": _given("create_assistant")},
        "threads": {
            "type": "array",
            "items": _given(
                "create_thread",
                messages={"type": "array", "items": _GIVEN_MESSAGE},
                runs={"type": "array", "items": _GIVEN_RUN},
            ),
        },
        "conversations": {"type": "array", "items": _GIVEN_CONVERSATION},
        "containers": {"type": "array", "items": _GIVEN_CONTAINER},
        "responses": {"type": "array", "items": _GIVEN_RESPONSE},
        "unknown_models": {"type": "array", "items": _NAME},
    },
    "additionalProperties": False,
}
#: What can be given, in an order in which what is referred to comes first.
GIVEN_KINDS: Final = tuple(_GIVEN["properties"])


# ---- The whole ----

WHEN: Final[Schema] = {
    "type": "object",
    "properties": {name: condition.schema for name, condition in CONDITIONS.items()},
    "additionalProperties": False,
}
_TURN: Final[Schema] = {
    "type": "object",
    "properties": {
        "name": _NAME,
        "when": WHEN,
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
            "description": "a method and a path, as POST /v1/moderations; * stands for anything, {name} for one part",
        },
        "status": {"type": "integer", "minimum": 100, "maximum": 599},
        "body": {"type": ["object", "array", "string"]},
        "headers": HEADERS,
        "times": {"type": "integer", "minimum": 1},
    },
    "required": ["request"],
    "additionalProperties": False,
}
SCENARIO: Final[Schema] = {
    "$defs": (request_schemas.schema("bodies", "create_assistant", foundry=True) or {})["$defs"],
    "type": "object",
    "properties": {
        "version": {"const": 1},
        "name": _NAME,
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


def fault_schema(kind: str) -> Schema:
    """The schema of a fault of that kind; of any kind, for a name that is none."""
    known = KINDS.get(kind)
    operation = {"enum": [*BY_NAME, *ALSO_CALLED, "*"]}
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
            "when": WHEN,
            **COUNTS,
            **(known.parameters if known else {}),
        },
        "required": ["kind", "operation", *(known.required if known else ())],
        "additionalProperties": known is None,
    }
