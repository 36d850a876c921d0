"""JSON Schemas of what the importer reads of the Responses API: bodies of requests, and responses with their items."""

from __future__ import annotations

from typing import Any, Final

from emulator.sandbox.json_schema import Schema

_TEXT: Final[Schema] = {"type": "string"}
_ID: Final[Schema] = {"type": "string", "minLength": 1}
_TEXT_OR_NULL: Final[Schema] = {"type": ["string", "null"]}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_MAPPING: Final[Schema] = {"type": ["object", "null"]}


def _object(required: dict[str, Schema], **optional: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": {**required, **optional}}


def _list(items: Schema) -> Schema:
    return {"type": ["array", "null"], "items": items}


def _by_type(kinds: dict[str, Schema]) -> Schema:
    """An object with a ``type``, and what each type needs."""
    return {
        **_object({"type": _TEXT}),
        "allOf": [
            {"if": {"properties": {"type": {"const": kind}}, "required": ["type"]}, "then": schema}
            for kind, schema in kinds.items()
        ],
    }


_ANNOTATION: Final = _object(
    {"type": _TEXT},
    file_id=_TEXT_OR_NULL,
    filename=_TEXT_OR_NULL,
    index=_COUNT,
    start_index=_COUNT,
    end_index=_COUNT,
)
_PART: Final = _by_type(
    {"output_text": _object({"text": _TEXT}, annotations=_list(_ANNOTATION)), "refusal": _object({"refusal": _TEXT})}
)
_RESULT: Final = _object(
    {"file_id": _ID}, filename=_TEXT, text=_TEXT_OR_NULL, score={"type": ["number", "null"], "minimum": 0, "maximum": 1}
)
_OUTPUT: Final = _by_type({"logs": _object({"logs": _TEXT}), "image": _object({"url": _TEXT})})
ITEM: Final = _by_type(
    {
        "message": _object({}, id=_TEXT, content=_list(_PART), phase=_TEXT_OR_NULL),
        "reasoning": _object({}, id=_TEXT, summary=_list(_object({"text": _TEXT}))),
        "function_call": _object({"name": _ID, "arguments": _TEXT, "call_id": _ID}),
        "file_search_call": _object({}, queries=_list(_TEXT), results=_list(_RESULT)),
        "code_interpreter_call": _object({}, code=_TEXT_OR_NULL, outputs=_list(_OUTPUT)),
    }
)
RESPONSE: Final = _object(
    {"id": _ID, "status": _ID},
    output=_list(ITEM),
    usage={"type": ["object", "null"], "properties": {"input_tokens": _COUNT, "output_tokens": _COUNT}},
    error={"type": ["object", "null"], "properties": {"code": _TEXT_OR_NULL, "message": _TEXT_OR_NULL}},
    incomplete_details=_MAPPING,
    metadata=_MAPPING,
    model=_TEXT_OR_NULL,
    tools=_list(_by_type({"function": _object({"name": _ID})})),
)
_SENT_CONTENT: Final[Schema] = {"anyOf": [_TEXT_OR_NULL, {"type": "array", "items": _object({}, text=_TEXT)}]}
_SENT: Final = _object({}, type=_TEXT, role=_TEXT, content=_SENT_CONTENT, call_id=_TEXT)
BODY: Final = _object(
    {},
    input={"anyOf": [_TEXT_OR_NULL, {"type": "array", "items": _SENT}]},
    instructions={"type": ["string", "array", "null"]},
    model=_TEXT_OR_NULL,
    tools=_list(_by_type({"function": _object({"name": _ID})})),
    metadata={"type": ["object", "null"], "additionalProperties": _TEXT},
    conversation={"type": ["string", "object", "null"], "properties": {"id": _TEXT}},
    previous_response_id=_TEXT_OR_NULL,
)
SCHEMAS: Final[dict[str, Any]] = {"response": RESPONSE, "response item": ITEM, "response body": BODY}
