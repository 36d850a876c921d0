"""The part of the OpenAPI document that describes the admin API, made from its routes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from starlette.routing import BaseRoute, Route

from emulator.sandbox.json_schema import Schema
from emulator.scenarios.schema import OPTIONS

PREFIX: Final = "/_emulator"
TAG: Final = "emulator"

_JSON: Final = "application/json"
_TEXT: Final[Schema] = {"type": "string"}
_OBJECT: Final[Schema] = {"type": "object"}

#: Endpoints that need no API key.
_KEYLESS: Final = frozenset({"health", "openapi", "schema", "page"})
#: The parameters in the query of each endpoint.
_QUERIES: Final[dict[str, dict[str, Schema]]] = {
    "forget_baseline": {"all": {"enum": ["true", "false"]}},
    "requests": {"operation": _TEXT, "thread": _TEXT, "run": _TEXT},
    "add_scenario": {"file": _TEXT, "name": _TEXT},
    "report": {"review": {"enum": ["true", "false"]}},
    "export": {
        "as": {"enum": ["recording", "scenario"]},
        "run": _TEXT,
        "redact": {"type": "array", "items": _TEXT},
        "no_redact": {"enum": ["true", "false"]},
    },
    "wait_held": {"timeout": {"type": "number", "minimum": 0}},
    "snapshot": {"after": {"type": "integer", "minimum": 0}, "epoch": _TEXT},
}
_FAULT: Final[Schema] = {
    "type": "object",
    "properties": {"operation": {"type": ["string", "array"]}, "kind": _TEXT},
    "required": ["operation", "kind"],
    "description": "a fault as a scenario has it",
}
_SECONDS: Final[Schema] = {
    "type": "object",
    "properties": {"seconds": {"type": "number", "minimum": 0}},
    "required": ["seconds"],
}
#: The bodies of requests, by media type.
_BODIES: Final[dict[str, dict[str, Schema]]] = {
    "reset": {_JSON: OPTIONS},
    "advance": {_JSON: _SECONDS},
    "add_scenario": {_JSON: _OBJECT, "application/yaml": _TEXT},
    "inject_fault": {_JSON: _FAULT},
}
#: Requests that may have no body.
_OPTIONAL: Final = frozenset({"reset"})
#: The media types of responses that are not JSON.
_TYPES: Final = {
    "export": ("application/jsonl", "application/yaml"),
    "events": ("text/event-stream",),
    "page": ("text/html",),
}


def with_admin(document: Mapping[str, Any], routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """The document of the emulated APIs, with the paths of the admin API, which are beside the base of the others."""
    paths: dict[str, Any] = {}
    seen: set[str] = set()
    for route in routes:
        if isinstance(route, Route):
            path = PREFIX + re.sub(r":\w+\}", "}", route.path)
            described = paths.setdefault(path, {"servers": [{"url": "/"}]})
            for method in sorted((route.methods or set()) - {"HEAD"}):
                described[method.lower()] = _operation(route, path, seen)
    tags = [*document["tags"], {"name": TAG, "description": "The admin API, for tests."}]
    return {**document, "tags": tags, "paths": {**document["paths"], **paths}}


def _operation(route: Route, path: str, seen: set[str]) -> dict[str, Any]:
    name = route.endpoint.__name__
    id = f"emulator_{name}" if name not in seen else f"emulator_{name}_{len(seen)}"
    seen.add(name)
    first, _, rest = (route.endpoint.__doc__ or "").partition("\n")
    described: dict[str, Any] = {
        "operationId": id,
        "summary": first.strip(),
        "tags": [TAG],
        "parameters": [*_in_path(path), *_in_query(name)],
        "responses": _responses(name),
    }
    if rest.strip():
        described["description"] = re.sub(r"\s+", " ", rest).strip()
    if name in _BODIES:
        content = {kind: {"schema": schema} for kind, schema in _BODIES[name].items()}
        described["requestBody"] = {"required": name not in _OPTIONAL, "content": content}
    if name in _KEYLESS:
        described["security"] = []
    return described


def _in_path(path: str) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"\{(\w+)\}", path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _in_query(name: str) -> Iterable[dict[str, Any]]:
    for parameter, schema in _QUERIES.get(name, {}).items():
        yield {"name": parameter, "in": "query", "schema": schema}


def _responses(name: str) -> dict[str, Any]:
    content: dict[str, Any] = {kind: {"schema": _TEXT} for kind in _TYPES.get(name, ())}
    found: dict[str, Any] = {"200": {"description": "Success.", "content": content or {_JSON: {"schema": _OBJECT}}}}
    refusals = ["403"] if name in _KEYLESS else ["401", "403", "400"]
    return found | {status: {"$ref": f"#/components/responses/error_{status}"} for status in refusals}
