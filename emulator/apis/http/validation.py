"""Request bodies and queries against our JSON Schemas, and the service's words for what does not fit.

``jsonschema-rs`` decides (under a microsecond); only when it says no does ``jsonschema`` say why. A test holds the two
validators to the same verdicts. Words that no recording has are in the pattern of those that have one (docs/wire.md
§4).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from emulator.base.operations import BY_NAME
from emulator.base.request_schemas import schema

if TYPE_CHECKING:
    from emulator.apis.http.errors import ApiError


@functools.cache
def validator(part: str, operation: str, *, foundry: bool = False) -> Callable[[Any], bool]:
    """Decides fast what fits; ``request_error`` and ``query_error`` give the reason.

    Any body fits an operation without a schema of bodies, but only an empty query one without a schema of queries.
    """
    found = schema(part, operation, foundry=foundry)
    if found is None:
        return (lambda query: not query) if part == "queries" else (lambda value: True)
    from emulator.sandbox.fast_validators import fast_validator

    decides: Callable[[Any], bool] = fast_validator(found).is_valid
    return decides


def request_error(operation: str, body: Any, part: str = "bodies", *, foundry: bool = False) -> ApiError | None:
    """The service's error for the first thing that does not fit, or None. ``foundry``: by what Foundry takes."""
    if validator(part, operation, foundry=foundry)(body):
        return None
    from emulator.apis.http.validation_words import DIALECTS, refuse
    from emulator.sandbox.json_schema import breaches

    found = schema(part, operation, foundry=foundry) or {}
    error = DIALECTS[BY_NAME[operation].api].error(breaches(found, body), found)
    if error is None:  # the two validators disagree, which a test forbids
        return refuse("Invalid body: it does not fit the operation's schema.", "", "invalid_value")
    return error


def query_error(operation: str, query: dict[str, Any]) -> ApiError | None:
    """As ``request_error``, for a query whose numbers have been read. An operation without a schema takes no query."""
    if validator("queries", operation)(query):
        return None
    if schema("queries", operation) is None:
        from emulator.apis.http.validation_words import unknown

        return unknown([next(iter(query))])
    return request_error(operation, query, "queries")


#: JSON writers take whole numbers up to here; a larger one stays a decimal.
_BEYOND_JSON: Final = 2.0**63
#: What clients fill as they like: numbers in there stay as they were sent.
_FREE: Final = frozenset({"parameters", "schema", "output_schema", "attributes", "metadata", "filters", "variables"})


@functools.cache
def whole_names(operation: str) -> frozenset[str]:
    """The properties of an operation's body that are whole numbers."""
    whole = schema("bodies", operation) or {}
    names, referred, waiting = set(), set(), [{**whole, "$defs": None}]
    while waiting:
        part = waiting.pop()
        for name, inner in part.get("properties", {}).items():
            if isinstance(inner, dict) and "integer" in inner.get("type", ()):
                names.add(name)
        inners = [one for value in part.values() for one in (value if isinstance(value, list) else [value])]
        waiting += [one for one in inners if isinstance(one, dict)]
        definition = part.get("$ref", "").rpartition("/")[2]
        if definition and definition not in referred:
            referred.add(definition)
            waiting.append(whole["$defs"][definition])
    return frozenset(names)


def with_whole_numbers(operation: str, body: Any) -> Any:
    """A body that fits, with ``43`` for ``43.0`` where the schema has an integer: JSON Schema knows no difference."""
    return _with_whole(body, whole_names(operation))


def _with_whole(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_with_whole(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: int(inner)
        if isinstance(inner, float) and key in names and abs(inner) < _BEYOND_JSON
        else inner
        if key in _FREE
        else _with_whole(inner, names)
        for key, inner in value.items()
    }
