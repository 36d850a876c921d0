"""Every event of the golden files is as the published schema has it, but for what the service sends otherwise."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.apis.responses.test_golden_streams import NAMES, frames
from tests.support import SHARED, needs_shared

pytestmark = needs_shared

#: What is not as published: event, place and words of the schema's breach, each a pattern, and why it is so.
EXCEPTIONS = {
    (r"response\.(created|queued|in_progress|failed)", "response.usage", "null is not of type .*"): (
        "recorded: null until a response is finished"
    ),
    (r"response\.\w+", "response.user", "null is not of type .*"): "recorded: null when no user is named",
    (r"response\.\w+", "response.text.format", ".*"): "recorded: a format without description has null",
    (r"response\.function_call_arguments\.done", "", '"name" is a required property'): "recorded: it has no name",
    ("error", "", '"(code|message|param)" is a required property'): "recorded: they are in an object, error",
    (r"response\.failed", "response.error", ".*insufficient_quota.*"): "recorded: a code outside the published ones",
}
#: An event that no schema has, and no recording shows.
INFERRED = "response.cancelled"


def readable(node: Any) -> Any:
    """A part of the document as JSON Schema: ``nullable`` of OpenAPI 3.0 means that null is a value as well."""
    if isinstance(node, list):
        return [readable(one) for one in node]
    if not isinstance(node, dict):
        return node
    read = {key: readable(value) for key, value in node.items() if key not in ("nullable", "discriminator")}
    if read.get("format") == "unixtime":
        del read["format"]
    return {"anyOf": [read, {"type": "null"}]} if node.get("nullable") is True else read


@cache
def validators() -> dict[str, Any]:
    """By the name of the event."""
    document = json.loads((SHARED / "spec" / "responses.openapi.json").read_text())
    schemas = readable(document["components"]["schemas"])
    union = schemas["ResponseStreamEvent"]
    names = [Path(one["$ref"]).name for one in union.get("anyOf") or union["oneOf"]]
    return {
        schemas[name]["properties"]["type"]["enum"][0]: jsonschema_rs.validator_for(
            {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
        )
        for name in names
    }


@cache
def breaches(name: str) -> list[tuple[str, str, str]]:
    """Event, place and words of everything in a golden file that is not as published."""
    return [
        (event, ".".join(map(str, error.instance_path)), error.message)
        for event, data in frames(name)
        if event != INFERRED
        for error in validators()[event].iter_errors(data)
    ]


def is_excepted(breach: tuple[str, str, str], exception: tuple[str, str, str]) -> bool:
    return all(re.fullmatch(pattern, part, re.DOTALL) for pattern, part in zip(exception, breach, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_events_are_as_published(name: str) -> None:
    assert [one for one in breaches(name) if not any(is_excepted(one, exception) for exception in EXCEPTIONS)] == []


@pytest.mark.parametrize("exception", EXCEPTIONS, ids=EXCEPTIONS.values())
def test_every_exception_is_needed(exception: tuple[str, str, str]) -> None:
    assert any(is_excepted(one, exception) for name in NAMES for one in breaches(name))


def test_what_is_not_as_published_is_found() -> None:
    event, data = next(iter(frames("A_text")))
    spoiled = {**data, "response": {**data["response"], "status": "surprised"}}

    assert not validators()[event].is_valid(spoiled)
    assert any("surprised" in error.message for error in validators()[event].iter_errors(spoiled))
