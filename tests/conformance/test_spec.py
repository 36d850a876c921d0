"""The published schema (spec/): our routes, parameters and events are its own, and every gap is listed here."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

import pytest

from emulator.apis.assistants.lifecycle import event_names
from emulator.apis.endpoints import handler
from tests.support import ASSISTANTS_OPERATIONS as ROUTES
from tests.support import SHARED, needs_shared

pytestmark = needs_shared


@cache
def spec() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SHARED / "spec" / "assistants-v2.openapi.json").read_text())
    return document


def snake(name: str) -> str:
    """``create_run`` for ``createRun``; the published misspelling put right."""
    right = name.replace("Ouputs", "Outputs")
    return re.sub(r"(?<!^)(?=[A-Z])", "_", right).lower()


def published() -> dict[tuple[str, str], str]:
    """Method and path of every operation, with its name."""
    return {
        (method.upper(), path): snake(operation["operationId"])
        for path, methods in spec()["paths"].items()
        for method, operation in methods.items()
    }


# ---- Routes ----

#: Operations whose body is a form, which no schema reads.
FORMS = {"create_file", "add_upload_part"}
OPERATIONS = [route.name for route in ROUTES if route.name not in FORMS]


def test_the_routes_are_the_published_operations() -> None:
    ours = {(route.method, route.path): route.name for route in ROUTES}
    assert ours == published()


def test_the_handler_of_an_operation_stands_in_the_module_of_its_heading() -> None:
    for operation in ROUTES:
        found = handler(operation.name)
        assert found.__name__ == operation.name
        assert found.__module__ == f"emulator.apis.{operation.api}.endpoints.{operation.heading}"


# ---- Parameters ----


def _names(node: Any, prefix: str = "", seen: tuple[str, ...] = ()) -> set[str]:
    """The dotted names of all parameters in a published schema."""
    found: set[str] = set()
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return set() if name in seen else _names(spec()["components"]["schemas"][name], prefix, (*seen, name))
    for key in ("allOf", "anyOf", "oneOf"):
        for inner in node.get(key, []):
            found |= _names(inner, prefix, seen)
    if "items" in node:
        found |= _names(node["items"], prefix, seen)
    for name, inner in node.get("properties", {}).items():
        path = f"{prefix}.{name}".removeprefix(".")
        found |= {path} | _names(inner, path, seen)
    return found


@cache
def _own() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(files("emulator.base").joinpath("schemas/requests.json").read_bytes())
    return document


def _own_names(node: Any, prefix: str = "", seen: tuple[str, ...] = ()) -> set[str]:
    """The same of one of our schemas."""
    found: set[str] = set()
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return set() if name in seen else _own_names(_own()["$defs"][name], prefix, (*seen, name))
    for inner in [*node.get("allOf", []), *(node[key] for key in ("then", "else", "items") if key in node)]:
        found |= _own_names(inner, prefix, seen)
    for name, inner in node.get("properties", {}).items():
        path = f"{prefix}.{name}".removeprefix(".")
        found |= {path} | _own_names(inner, path, seen)
    return found


#: Parameters of one side only, as the end of their dotted names, and why.
OURS_ALONE = {
    "tools.file_search.ranking_options.hybrid_search": "the service echoes it (docs/wire.md §7, 18)",
}


def _without(names: set[str], exceptions: dict[str, str]) -> set[str]:
    names = {re.sub(r"(filters\.)+", "filters.", name) for name in names}  # filters hold filters
    return {name for name in names if not any(f".{one}" in f".{name}" for one in exceptions)}


def _request_of(operation: str) -> tuple[set[str], set[str]]:
    """The names of an operation's published body and query."""
    at = next(at for at, name in published().items() if name == operation)
    found = spec()["paths"][at[1]][at[0].lower()]
    content = found.get("requestBody", {}).get("content", {})
    body = _names(content["application/json"]["schema"]) if content else set()
    return body, {one["name"] for one in found.get("parameters", []) if one["in"] == "query"}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_parameters_are_the_published_ones(operation: str) -> None:
    body, query = _request_of(operation)
    own_body = _own_names(_own()["bodies"].get(operation, {}))
    assert _without(own_body, OURS_ALONE) == _without(body, {})
    assert set(_own()["queries"].get(operation, {}) and _own_names(_own()["queries"][operation])) == query


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_required_parameters_are_the_published_ones(operation: str) -> None:
    at = next(at for at, name in published().items() if name == operation)
    content = spec()["paths"][at[1]][at[0].lower()].get("requestBody", {}).get("content", {})
    if not content:
        return
    theirs = content["application/json"]["schema"]
    theirs = spec()["components"]["schemas"][theirs["$ref"].rpartition("/")[2]]
    ours = _own()["bodies"][operation]
    ours = _own()["$defs"][ours["$ref"].rpartition("/")[2]] if "$ref" in ours else ours
    assert set(ours.get("required", [])) == set(theirs.get("required", []))


def test_every_exception_is_needed() -> None:
    ours: set[str] = set()
    theirs: set[str] = set()
    for operation in OPERATIONS:
        theirs |= _request_of(operation)[0]
        ours |= _own_names(_own()["bodies"].get(operation, {}))
    for one in OURS_ALONE:
        assert any(name.endswith(one) for name in ours), one
        assert not any(name.endswith(one) for name in theirs), one


# ---- Events ----


def _event_names(node: Any, seen: frozenset[str] = frozenset()) -> set[str]:
    """Every value that a published stream event's ``event`` can have."""
    found: set[str] = set()
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return set() if name in seen else _event_names(spec()["components"]["schemas"][name], seen | {name})
    for key in ("anyOf", "oneOf", "allOf"):
        for inner in node.get(key, []):
            found |= _event_names(inner, seen)
    event = node.get("properties", {}).get("event", {})
    return found | set(event.get("enum", [])) | ({event["const"]} if "const" in event else set())


def test_the_tables_speak_exactly_the_published_events() -> None:
    assert event_names() | {"error", "done"} == _event_names({"$ref": "#/components/schemas/AssistantStreamEvent"})
