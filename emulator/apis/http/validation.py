"""Request bodies and queries against our JSON Schemas, and the service's words for what does not fit.

``jsonschema-rs`` decides (under a microsecond); only when it says no does ``jsonschema`` say why. One table leads from
a keyword of JSON Schema to OpenAI's message and code; a test holds the two validators to the same verdicts. Words that
no recording has are in the pattern of those that have one (docs/wire.md §4).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from emulator.apis.http.errors import ApiError
from emulator.base.request_schemas import document, schema
from emulator.sandbox.json_schema import Breach, breaches, dotted


@functools.cache
def _decides(part: str, operation: str) -> Callable[[Any], bool] | None:
    found = schema(part, operation)
    if found is None:
        return None
    import jsonschema_rs

    return jsonschema_rs.validator_for(found).is_valid


def request_error(operation: str, body: Any, part: str = "bodies") -> ApiError | None:
    """The service's error for the first thing that does not fit, or None."""
    fits = _decides(part, operation)
    if fits is None or fits(body):
        return None
    first = min(breaches(schema(part, operation) or {}, body), key=_order, default=None)
    if first is None:  # the two validators disagree, which a test forbids
        return _refuse("Invalid body: it does not fit the operation's schema.", "", "invalid_value")
    return _WORDS.get(first.keyword, _not_allowed)(first.path, first)


def query_error(operation: str, query: dict[str, Any]) -> ApiError | None:
    """As ``request_error``, for a query whose numbers have been read. An operation without a schema takes no query."""
    if schema("queries", operation) is None:
        return _unknown([next(iter(query))]) if query else None
    return request_error(operation, query, "queries")


#: What clients fill as they like: numbers in there stay as they were sent.
_FREE: Final = frozenset({"parameters", "schema", "attributes", "metadata", "filters"})


@functools.cache
def _whole_names() -> frozenset[str]:
    """The properties that are whole numbers."""
    names, waiting = set(), [document()]
    while waiting:
        part = waiting.pop()
        for name, inner in part.get("properties", {}).items():
            if isinstance(inner, dict) and "integer" in inner.get("type", ()):
                names.add(name)
        inners = [one for value in part.values() for one in (value if isinstance(value, list) else [value])]
        waiting += [one for one in inners if isinstance(one, dict)]
    return frozenset(names)


def with_whole_numbers(value: Any) -> Any:
    """A body that fits, with ``43`` for ``43.0`` where a whole number is asked for: JSON Schema knows no difference."""
    if isinstance(value, list):
        return [with_whole_numbers(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: int(inner)
        if isinstance(inner, float) and key in _whole_names()
        else inner
        if key in _FREE
        else with_whole_numbers(inner)
        for key, inner in value.items()
    }


#: When several things are wrong, which is told: what is not known, what is missing, then what does not fit.
_PRIORITY: Final = ("additionalProperties", "required", "type", "enum")


def _order(breach: Breach) -> tuple[Any, ...]:
    rank = _PRIORITY.index(breach.keyword) if breach.keyword in _PRIORITY else len(_PRIORITY)
    return len(breach.path), rank, [str(part) for part in breach.path]


# ---- OpenAI's words ----

_A: Final = {
    "string": "a string",
    "object": "an object",
    "array": "an array",
    "integer": "an integer",
    "number": "a decimal",
    "boolean": "a boolean",
    "null": "null",
}


def _refuse(message: str, param: str, code: str) -> ApiError:
    return ApiError(400, message, param=param or None, code=code)


def _unknown(path: list[Any]) -> ApiError:
    return _refuse(f"Unknown parameter: '{dotted(path)}'.", dotted(path), "unknown_parameter")


def _additional(path: list[Any], breach: Breach) -> ApiError:
    known = breach.schema.get("properties", {})
    return _unknown([*path, next(key for key in breach.found if key not in known)])


def _required(path: list[Any], breach: Breach) -> ApiError:
    missing = next(key for key in breach.expected if key not in breach.found)
    where = dotted([*path, missing])
    return _refuse(f"Missing required parameter: '{where}'.", where, "missing_required_parameter")


def _type(path: list[Any], breach: Breach) -> ApiError:
    expected = [breach.expected] if isinstance(breach.expected, str) else list(breach.expected)
    words = [_A[kind] for kind in expected if kind != "null"]
    for_items = breach.schema.get("items", {}).get("type") or (
        "object" if "$ref" in breach.schema.get("items", {}) else ""
    )
    if "array" in expected and isinstance(for_items, str) and for_items:
        words[words.index("an array")] = f"an array of {for_items}s"
    wanted = words[0] if len(words) == 1 else f"one of {', '.join(words[:-1])} or {words[-1]}"
    of = f" for '{dotted(path)}'" if path else ""
    message = f"Invalid type{of}: expected {wanted}, but got {_type_of(breach.found)} instead."
    return _refuse(message, dotted(path), "invalid_type")


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    names = {str: "string", dict: "object", list: "array", int: "integer", float: "number", type(None): "null"}
    return _A[names[type(value)]]


def _enum(path: list[Any], breach: Breach) -> ApiError:
    if not isinstance(breach.found, str):
        return _type(path, replace(breach, expected="string", schema={}))  # an enumeration of words met no word
    values = [f"'{value}'" for value in breach.expected if value is not None]
    if len(values) == 1:
        supported = f"Value must be {values[0]}."
    else:
        comma = "," if len(values) > 2 else ""
        supported = f"Supported values are: {', '.join(values[:-1])}{comma} and {values[-1]}."
    return _refuse(f"Invalid value: '{breach.found}'. {supported}", dotted(path), "invalid_value")


def _bound(side: str) -> Callable[[list[Any], Breach], ApiError]:
    def tell(path: list[Any], breach: Breach) -> ApiError:
        integer = "integer" in breach.schema["type"]
        kind = "integer" if integer else "decimal"
        sign, short = (">=", "min") if side == "below minimum" else ("<=", "max")
        message = (
            f"Invalid '{dotted(path)}': {kind} {side} value. Expected a value {sign} {breach.expected}, "
            f"but got {breach.found} instead."
        )
        return _refuse(message, dotted(path), f"{kind}_{side.split()[0]}_{short}_value")

    return tell


def _long(kind: str, noun: str) -> Callable[[list[Any], Breach], ApiError]:
    """Too long strings and arrays, too large objects."""

    def tell(path: list[Any], breach: Breach) -> ApiError:
        limit, got = breach.expected, len(breach.found)
        where = dotted(path)
        if kind == "object":
            message = (
                f"Invalid '{where}': too many properties. Expected an object with at most {limit} properties, "
                f"but got an object with {got} properties instead."
            )
            return _refuse(message, where, "object_above_max_properties")
        message = (
            f"Invalid '{where}': {kind} too long. Expected {noun} with maximum length {limit}, "
            f"but got {noun} with length {got} instead."
        )
        return _refuse(message, where, f"{kind}_above_max_length")

    return tell


def _max_length(path: list[Any], breach: Breach) -> ApiError:
    if breach.of_name:
        key, limit = breach.found, breach.expected
        message = (
            f"Invalid property name in '{dotted(path)}': '{key}' is too long. Expected a string with maximum length "
            f"{limit}, but got a string with length {len(key)} instead."
        )
        return _refuse(message, dotted([*path, key]), "property_name_above_max_length")
    return _long("string", "a string")(path, breach)


def _empty(kind: str) -> Callable[[list[Any], Breach], ApiError]:
    def tell(path: list[Any], breach: Breach) -> ApiError:
        article = _A[kind].split()[0]
        message = (
            f"Invalid '{dotted(path)}': empty {kind}. Expected {article} {kind} with minimum length "
            f"{breach.expected}, but got an empty {kind} instead."
        )
        return _refuse(message, dotted(path), f"empty_{kind}")

    return tell


#: What keeps Python's ``$`` from matching before a last line break, as no other engine's does.
_AT_THE_END: Final = r"(?!\n)"


def _pattern(path: list[Any], breach: Breach) -> ApiError:
    message = (
        f"Invalid '{dotted(path)}': string does not match pattern. Expected a string that matches the pattern "
        f"'{breach.expected.replace(_AT_THE_END, '')}'."
    )
    return _refuse(message, dotted(path), "invalid_value")


def _not_allowed(path: list[Any], breach: Breach) -> ApiError:
    return _refuse(f"Invalid '{dotted(path)}': {breach.message}.", dotted(path), "invalid_value")


_WORDS: Final[dict[str, Callable[[list[Any], Breach], ApiError]]] = {
    "additionalProperties": _additional,
    "required": _required,
    "type": _type,
    "enum": _enum,
    "minimum": _bound("below minimum"),
    "maximum": _bound("above maximum"),
    "maxLength": _max_length,
    "maxItems": _long("array", "an array"),
    "maxProperties": _long("object", "an object"),
    "minLength": _empty("string"),
    "minItems": _empty("array"),
    "pattern": _pattern,
}
