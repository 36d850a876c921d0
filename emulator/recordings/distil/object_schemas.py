"""JSON Schemas of the objects and bodies that the importer can read.

People edit, cut and anonymise recordings. The importer leaves out what does not fit these schemas, and says so.
"""

from __future__ import annotations

import functools
from typing import Any, Final

from emulator.base.json_types import Object
from emulator.recordings.distil import response_schemas
from emulator.sandbox.fast_validators import fast_validator
from emulator.sandbox.json_schema import Schema

_TEXT: Final[Schema] = {"type": "string"}
_ID: Final[Schema] = {"type": "string", "minLength": 1}
_TEXT_OR_NULL: Final[Schema] = {"type": ["string", "null"]}
_NUMBER: Final[Schema] = {"type": ["number", "null"]}


def _object(required: dict[str, Schema], **optional: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": {**required, **optional}}


def _when(key: str, value: str, then: Schema) -> Schema:
    return {"if": {"properties": {key: {"const": value}}, "required": [key]}, "then": then}


_FILE: Final = _object({"file_id": _ID})
_ANNOTATION: Final = _object(
    {"text": _TEXT}, file_citation=_FILE, file_path=_FILE, start_index={"type": "integer"}, type=_TEXT
)
_CONTENT: Final[Schema] = {
    **_object({"type": _TEXT}),
    "allOf": [
        _when(
            "type",
            "text",
            _object({"text": _object({"value": _TEXT}, annotations={"type": "array", "items": _ANNOTATION})}),
        ),
        _when("type", "image_file", _object({"image_file": _FILE})),
        _when("type", "refusal", _object({"refusal": _TEXT})),
    ],
}
_FUNCTION: Final = _object({"name": _ID, "arguments": _TEXT}, output=_TEXT_OR_NULL)
_RESULT: Final = _object(
    {"file_id": _ID},
    file_name=_TEXT,
    score={"type": "number", "minimum": 0, "maximum": 1},
    content={"type": ["array", "null"], "items": _object({}, text=_TEXT)},
)
_OUTPUT: Final[Schema] = {
    **_object({"type": _TEXT}),
    "allOf": [
        _when("type", "logs", _object({"logs": _TEXT})),
        _when("type", "image", _object({"image": _FILE})),
    ],
}
_CALL: Final[Schema] = {
    **_object({"id": _TEXT, "type": {"enum": ["function", "code_interpreter", "file_search"]}}),
    "allOf": [
        _when("type", "function", _object({"function": _FUNCTION})),
        _when(
            "type",
            "code_interpreter",
            _object({"code_interpreter": _object({"input": _TEXT}, outputs={"type": "array", "items": _OUTPUT})}),
        ),
        _when(
            "type",
            "file_search",
            _object({}, file_search=_object({}, results={"type": ["array", "null"], "items": _RESULT})),
        ),
    ],
}
_FAILURE: Final[Schema] = {
    "type": ["object", "null"],
    "required": ["code", "message"],
    "properties": {"message": _TEXT},
}
_USAGE: Final[Schema] = {
    "type": ["object", "null"],
    "properties": {key: {"type": "integer", "minimum": 0} for key in ("prompt_tokens", "completion_tokens")},
}
_TOOLS: Final[Schema] = {
    "type": ["array", "null"],
    "items": {
        **_object({"type": _TEXT}),
        "allOf": [_when("type", "function", _object({"function": _object({"name": _ID})}))],
    },
}
_METADATA: Final[Schema] = {"type": ["object", "null"], "additionalProperties": _TEXT}
#: Ids by tool and by kind.
_RESOURCES: Final[Schema] = {
    "type": ["object", "null"],
    "additionalProperties": {
        "type": ["object", "null"],
        "additionalProperties": {"type": ["array", "null"], "items": _ID},
    },
}
_FUNCTION_CALL: Final = _object({"id": _ID, "function": _FUNCTION})
_OUTPUTS: Final = _object({"tool_calls": {"type": "array", "minItems": 1, "items": _FUNCTION_CALL}})

#: The schema of a response's object, by its ``object``.
OBJECTS: Final[dict[str, Schema]] = {
    "thread.run": _object(
        {"id": _ID, "thread_id": _ID, "assistant_id": _TEXT_OR_NULL, "status": _ID},
        model=_TEXT,
        instructions=_TEXT_OR_NULL,
        tools=_TOOLS,
        metadata=_METADATA,
        created_at=_NUMBER,
        started_at=_NUMBER,
        last_error=_FAILURE,
        incomplete_details={"type": ["object", "null"]},
        usage=_USAGE,
        required_action={"type": ["object", "null"], "properties": {"submit_tool_outputs": _OUTPUTS}},
    ),
    "thread.message": _object(
        {"id": _ID, "thread_id": _ID, "role": {"enum": ["user", "assistant"]}},
        run_id=_TEXT_OR_NULL,
        content={"type": "array", "items": _CONTENT},
        created_at=_NUMBER,
        metadata=_METADATA,
    ),
    "thread.run.step": _object(
        {"id": _ID, "run_id": _ID},
        thread_id=_TEXT_OR_NULL,
        created_at=_NUMBER,
        last_error=_FAILURE,
        step_details=_object(
            {"type": _TEXT},
            message_creation=_object({"message_id": _ID}),
            tool_calls={"type": "array", "items": _CALL},
        ),
    ),
    "assistant": _object(
        {"id": _ID, "model": _TEXT},
        name=_TEXT_OR_NULL,
        instructions=_TEXT_OR_NULL,
        created_at=_NUMBER,
        tools=_TOOLS,
        tool_resources=_RESOURCES,
        metadata=_METADATA,
    ),
    "thread": _object({"id": _ID}, created_at=_NUMBER, tool_resources=_RESOURCES, metadata=_METADATA),
    "file": _object({"id": _ID}, created_at=_NUMBER, filename=_TEXT, bytes={"type": "integer", "minimum": 0}),
    "upload": _object(
        {"id": _ID}, file={**_object({"id": _ID, "object": {"const": "file"}}), "type": ["object", "null"]}
    ),
    "vector_store": _object({"id": _ID}, created_at=_NUMBER, file_counts=_object({}), metadata=_METADATA),
    "vector_store.file": _object({"id": _ID}, vector_store_id=_ID),
    "list": _object({"data": {"type": "array"}}),
}

_SENT_CONTENT: Final[Schema] = {
    "anyOf": [_TEXT, {"type": "array", "items": {**_object({"type": _TEXT}), "allOf": [
        _when("type", "text", _object({"text": _TEXT})),
    ]}}]
}  # fmt: skip
_MESSAGES: Final[Schema] = {
    "type": ["array", "null"],
    "items": _object({"role": {"enum": ["user", "assistant"]}, "content": _SENT_CONTENT}, metadata=_METADATA),
}
#: The schema of a request's body, as far as the importer reads it.
_BODY: Final = _object(
    {},
    assistant_id=_TEXT_OR_NULL,
    model=_TEXT_OR_NULL,
    instructions=_TEXT_OR_NULL,
    messages=_MESSAGES,
    additional_messages=_MESSAGES,
    thread={"type": ["object", "null"], "properties": {"messages": _MESSAGES, "metadata": _METADATA}},
    tools=_TOOLS,
    metadata=_METADATA,
    tool_outputs={"type": "array", "items": _object({}, tool_call_id=_TEXT, output=_TEXT_OR_NULL)},
)
_DELTA: Final = _object(
    {"id": _ID},
    delta=_object(
        {},
        content={"type": "array", "items": _object({}, text=_object({}, value=_TEXT))},
        step_details=_object(
            {}, tool_calls={"type": "array", "items": _object({}, code_interpreter={"type": "object"})}
        ),
    ),
)


_OF_DELETIONS: Final = frozenset({"id", "object", "deleted"})


@functools.cache
def _validator(kind: str) -> Any:
    known = {"body": _BODY, "delta": _DELTA, **OBJECTS, **response_schemas.SCHEMAS}
    return fast_validator(known[kind])


def is_readable(thing: Object) -> bool:
    """True for an object that the importer can read, and for a kind of object that it never reads."""
    kind = thing["object"]
    if kind.endswith(".delta"):
        return bool(_validator("delta").is_valid(thing))
    if (kind not in OBJECTS and kind != "response") or _is_deletion(thing):
        return True
    return bool(_validator(kind).is_valid(thing))


def _is_deletion(thing: Object) -> bool:
    """True for what the service answers to a deletion: an id, a kind and ``deleted``."""
    return "deleted" in thing and isinstance(thing.get("id"), str) and thing.keys() <= _OF_DELETIONS


def is_readable_body(body: Object, *, of_responses: bool = False) -> bool:
    """True for a request's body that the importer can read."""
    return bool(_validator("response body" if of_responses else "body").is_valid(body))


def is_readable_item(item: object) -> bool:
    """True for an item of a response that the importer can read."""
    return bool(_validator("response item").is_valid(item))
