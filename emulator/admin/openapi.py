"""The OpenAPI document of the emulated API, made from the routes and the schemas that validate requests.

It describes the emulator's own responses. The faults and stubs of a scenario may return anything else.
"""

from __future__ import annotations

import functools
import re
from typing import Any, Final

from emulator.apis.http.validation import validator
from emulator.base.operations import BY_NAME, HEADINGS, OPERATIONS, REMOVED, Operation
from emulator.base.request_schemas import schema, shared_schemas
from emulator.base.version import __version__
from emulator.sandbox.json_schema import Schema

_DEFS: Final = "#/$defs/"
_COMPONENTS: Final = "#/components/schemas/"
_JSON: Final = "application/json"

#: The value of ``object`` in the objects of each heading.
_KINDS: Final = {
    "assistants": "assistant",
    "threads": "thread",
    "messages": "thread.message",
    "runs": "thread.run",
    "run_steps": "thread.run.step",
    "files": "file",
    "uploads": "upload",
    "vector_stores": "vector_store",
    "models": "model",
    "responses": "response",
    "conversations": "conversation",
    "containers": "container",
}
#: Operations that return other objects than those of their heading.
_OWN_KINDS: Final = {
    "add_upload_part": "upload.part",
    "search_vector_store": "vector_store.search_results.page",
    "retrieve_vector_store_file_content": "vector_store.file_content.page",
    "list_input_items": "response.item",
    "get_input_token_counts": "response.input_tokens",
    "compact_conversation": "response.compaction",
    "create_conversation_items": "response.item",
    "list_conversation_items": "response.item",
    "get_conversation_item": "response.item",
    "list_container_files": "container.file",
    "create_container_file": "container.file",
    "get_container_file": "container.file",
    "delete_container_file": "container.file",
}
#: Kinds whose ``object`` stays the same after a deletion.
_KEEP_THEIR_NAME: Final = frozenset({"file", "model"})
#: Pages, which are not lists of objects by cursor.
_PAGES: Final = frozenset({"vector_store.search_results.page", "vector_store.file_content.page"})
#: Objects without an id and a time.
_COUNTS: Final = frozenset({"response.input_tokens"})
_ITEMS: Final = "response.item"
_DOWNLOADS: Final = frozenset({"download_file", "get_container_file_content"})

#: The reasons for each status.
_REFUSALS: Final = {
    "400": "The request is invalid, or the state of the object does not allow it.",
    "401": "The API key is missing or malformed.",
    "403": "A browser marks the request as cross-site, the host is unknown, or the model belongs to another owner.",
    "404": "An object that the request names does not exist.",
    "413": "The body is too large.",
}


@functools.cache
def document() -> dict[str, Any]:
    """The document, as JSON values; the same one each time."""
    paths: dict[str, Any] = {}
    for route in OPERATIONS:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "assistants-emulator",
            "summary": "The OpenAI Assistants API v2 and Responses API, emulated",
            "description": "The requests and responses of the emulator. Faults and stubs of scenarios may differ.",
            "version": __version__,
        },
        "servers": [{"url": "/v1"}],
        "security": [{"bearer": []}, {"api_key": []}, {"basic": []}],
        "tags": [{"name": heading} for heading in HEADINGS],
        "paths": paths,
        "components": {
            "schemas": {**_shared(), **_response_schemas()},
            "responses": {f"error_{status}": _refusal(words) for status, words in _REFUSALS.items()},
            "headers": {"x-request-id": {"description": "The request's id.", "schema": {"type": "string"}}},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "api_key": {"type": "apiKey", "in": "header", "name": "api-key"},
                "basic": {"type": "http", "scheme": "basic", "description": "The key as password."},
            },
        },
    }


def _shared() -> dict[str, Schema]:
    """The schemas that bodies refer to. Those of queries become parameters instead."""
    of_queries = {(_own("queries", name) or {}).get("$ref") for name in BY_NAME}
    return {
        _prefix(api) + name: _placed(one, api)
        for api in ("assistants", "responses")
        for name, one in shared_schemas(api).items()
        if _DEFS + name not in of_queries
    }


def _prefix(api: str) -> str:
    """What tells the schemas of one API from those of the others, as some names are the same."""
    return "responses." if api == "responses" else ""


def _placed(value: Any, api: str) -> Any:
    """A schema of an API, or a part of one, with references to the components of this document."""
    if isinstance(value, list):
        return [_placed(one, api) for one in value]
    if not isinstance(value, dict):
        return value
    to_components = _COMPONENTS + _prefix(api)
    return {
        key: to_components + inner.removeprefix(_DEFS)
        if key == "$ref" and isinstance(inner, str)
        else _placed(inner, api)
        for key, inner in value.items()
    }


def _ref(name: str) -> Schema:
    return {"$ref": _COMPONENTS + name}


def _own(part: str, operation: str) -> Schema | None:
    """An operation's schema without the shared definitions."""
    found = schema(part, operation)
    return None if found is None else {key: value for key, value in found.items() if key != "$defs"}


# ---- Requests ----


def heading(operation: str) -> str:
    """The heading of the API reference that an operation stands under."""
    return BY_NAME[operation].heading


def _operation(route: Operation) -> dict[str, Any]:
    name = route.name
    body = _body(name)
    return {
        "operationId": name,
        "summary": name.replace("_", " ").capitalize(),
        "tags": [heading(name)],
        "parameters": [*_in_path(route), *_in_query(name), *_in_head(name)],
        **({"requestBody": body} if body else {}),
        "responses": _responses(route, takes_body=body is not None),
    }


def _in_path(route: Operation) -> list[dict[str, Any]]:
    names = re.findall(r"\{(\w+)\}", route.path)
    id = {"type": "string", "minLength": 1}
    return [{"name": name, "in": "path", "required": True, "schema": id} for name in names]


def _in_query(operation: str) -> list[dict[str, Any]]:
    query, api = _own("queries", operation) or {}, BY_NAME[operation].api
    if "$ref" in query:
        query = shared_schemas(api)[query["$ref"].removeprefix(_DEFS)]
    properties: dict[str, Schema] = query.get("properties", {})
    return [{"name": name, "in": "query", "schema": _placed(one, api)} for name, one in properties.items()]


def _in_head(operation: str) -> list[dict[str, Any]]:
    if operation not in REMOVED:
        return []
    version = {"type": "string", "enum": ["assistants=v2"]}
    return [{"name": "OpenAI-Beta", "in": "header", "required": True, "schema": version}]


def _body(operation: str) -> dict[str, Any] | None:
    """A form, or JSON, or either. JSON alone is optional if it has no required key."""
    kinds = {_JSON: _own("bodies", operation), "multipart/form-data": _own("forms", operation)}
    content = {kind: {"schema": _placed(one, BY_NAME[operation].api)} for kind, one in kinds.items() if one is not None}
    if not content:
        return None
    required = "multipart/form-data" in content or not validator("bodies", operation)({})
    return {"required": required, "content": content}


def streams(operation: str) -> bool:
    """True for an operation that streams its response if the body or the query requests it."""
    return any("stream" in (_own(part, operation) or {}).get("properties", {}) for part in ("bodies", "queries"))


# ---- Responses ----


def _responses(route: Operation, *, takes_body: bool) -> dict[str, Any]:
    statuses = ["400", "401", "403"]
    names_something = "{" in route.path or takes_body or any(one["name"] == "after" for one in _in_query(route.name))
    if names_something or route.name in REMOVED:  # after their removal they return 404 too
        statuses.append("404")
    if takes_body:
        statuses.append("413")
    refusals = {status: {"$ref": f"#/components/responses/error_{status}"} for status in statuses}
    return {"200": _success(route.name), **refusals}


def _success(operation: str) -> dict[str, Any]:
    if operation in _DOWNLOADS:
        return _response("The file's bytes.", {"application/octet-stream": {}})
    content: dict[str, Any] = {_JSON: {"schema": _ref(response_name(operation))}}
    if streams(operation):
        content["text/event-stream"] = {"schema": {"type": "string"}}
    return _response("Success.", content)


def _response(words: str, content: dict[str, Any]) -> dict[str, Any]:
    headers = {"x-request-id": {"$ref": "#/components/headers/x-request-id"}}
    return {"description": words, "headers": headers, "content": content}


def _refusal(words: str) -> dict[str, Any]:
    """An error. It has no headers: a request that is refused by its host name gets none of the API's."""
    return {"description": words, "content": {_JSON: {"schema": _ref("error")}}}


def _kind(operation: str) -> str:
    """The value of ``object`` in the object that an operation concerns."""
    if operation in _OWN_KINDS:
        return _OWN_KINDS[operation]
    kind = _KINDS[heading(operation)]
    if kind != "vector_store" or operation.startswith("list_vector_stores"):
        return kind
    if "file" not in operation:
        return kind
    is_batch = "batch" in operation and not operation.startswith("list_")
    return "vector_store.file_batch" if is_batch else "vector_store.file"


def response_name(operation: str) -> str:
    """The name of the schema of an operation's JSON response: an object, a list of objects, or a deletion."""
    form = "list" if _lists(operation) else "deleted" if _deletes(operation) else "object"
    return f"{_kind(operation)}.{form}"


def _lists(operation: str) -> bool:
    return operation.startswith("list_") or operation == "create_conversation_items"


def _deletes(operation: str) -> bool:
    return operation.startswith("delete_") and operation != "delete_conversation_item"


def _response_schemas() -> dict[str, Schema]:
    """The schemas of all responses and of the error. They have the keys that identify an object, not all keys."""
    made: dict[str, Schema] = {"error": _ERROR}
    for route in OPERATIONS:
        if route.name in _DOWNLOADS:
            continue
        kind = _kind(route.name)
        if kind in _PAGES:
            made[f"{kind}.object"] = _object(
                {"object": {"const": kind}, "data": {"type": "array", "items": {"type": "object"}}}
            )
            continue
        if kind in _COUNTS:
            made[f"{kind}.object"] = _object({"object": {"const": kind}, "input_tokens": {"type": "integer"}})
            continue
        made.setdefault(f"{kind}.object", _item() if kind == _ITEMS else _identified(kind))
        if _lists(route.name):
            made[f"{kind}.list"] = _list(kind)
        elif _deletes(route.name):
            called = kind if kind in _KEEP_THEIR_NAME else f"{kind}.deleted"
            deleted = {"id": {"type": "string"}, "object": {"const": called}, "deleted": {"const": True}}
            made[f"{kind}.deleted"] = _object(deleted)
    return made


def _object(properties: dict[str, Any]) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _identified(kind: str) -> Schema:
    """An object. In the shape ``spec`` a file batch has another name."""
    names = [kind, "vector_store.files_batch"] if kind == "vector_store.file_batch" else [kind]
    at = "created" if kind == "model" else "created_at"
    return _object({"id": {"type": "string"}, "object": {"enum": names}, at: {"type": "integer", "minimum": 0}})


def _item() -> Schema:
    return _object({"id": {"type": "string"}, "type": {"type": "string"}})


def _list(kind: str) -> Schema:
    listed = _object({"object": {"const": "list"}, "data": {"type": "array", "items": _ref(f"{kind}.object")}})
    if kind != "model":
        cursor = {"type": ["string", "null"]}
        listed["properties"] |= {"first_id": cursor, "last_id": cursor, "has_more": {"type": "boolean"}}
        listed["required"] = list(listed["properties"])
    return listed


_TEXT: Final = {"type": ["string", "null"]}
_ERROR: Final = _object(
    {"error": _object({"message": {"type": "string"}, "type": {"type": "string"}, "param": _TEXT, "code": _TEXT})}
)
