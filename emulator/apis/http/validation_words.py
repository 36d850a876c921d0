"""The service's words for what does not fit a schema: from a keyword of JSON Schema to message, ``param`` and code.

One table serves all APIs. The Responses API replaces a few rows of it, because its validator speaks of unions and of
whole kinds of values; its schemas say in ``x-noun``, ``x-discriminator`` and ``x-moved`` where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from emulator.apis.http.errors import ApiError
from emulator.base.operations import ApiName
from emulator.sandbox.json_schema import Breach, Schema, dotted

Words = Callable[[list[Any], Breach], ApiError]
#: The breach that sorts first is reported. Takes a breach and the schema of the whole body.
Order = Callable[[Breach, Schema], tuple[Any, ...]]


@dataclass(frozen=True)
class Dialect:
    """How an API refuses: the order in which it checks, and its words by keyword."""

    order: Order
    words: Mapping[str, Words]

    def error(self, breaches: list[Breach], schema: Schema) -> ApiError | None:
        """The error for the breach that comes first; None without a breach."""
        first = min(breaches, key=lambda breach: self.order(breach, schema), default=None)
        return None if first is None else self.words.get(first.keyword, _not_allowed)(first.path, first)


#: The order of breaches at one depth: unknown keys, missing keys, then values that do not fit.
_PRIORITY: Final = ("additionalProperties", "required", "type", "enum")


def _shallow_first(breach: Breach, schema: Schema) -> tuple[Any, ...]:
    rank = _PRIORITY.index(breach.keyword) if breach.keyword in _PRIORITY else len(_PRIORITY)
    return len(breach.path), rank, [str(part) for part in breach.path]


_A: Final = {
    "string": "a string",
    "object": "an object",
    "array": "an array",
    "integer": "an integer",
    "number": "a decimal",
    "boolean": "a boolean",
    "null": "null",
}


def refuse(message: str, param: str, code: str) -> ApiError:
    """A 400; an empty ``param`` is null."""
    return ApiError(400, message, param=param or None, code=code)


def unknown(path: list[Any]) -> ApiError:
    """The error for a parameter that there is not."""
    return refuse(f"Unknown parameter: '{dotted(path)}'.", dotted(path), "unknown_parameter")


def _additional(path: list[Any], breach: Breach) -> ApiError:
    known = breach.schema.get("properties", {})
    key = next(key for key in breach.found if key not in known)
    meant = _in_other_case(key, known)
    if meant is None or meant in breach.found:
        return unknown([*path, key])
    if meant in breach.schema.get("required", ()):
        return _missing([*path, meant], key)
    where = dotted([*path, key])
    return refuse(f"Unknown parameter: '{where}'.{_hint(key, meant)}", where, "unknown_parameter")


def _required(path: list[Any], breach: Breach) -> ApiError:
    missing = next(key for key in breach.expected if key not in breach.found)
    return _missing([*path, missing], _in_other_case(missing, breach.found))


def _missing(path: list[Any], sent: str | None) -> ApiError:
    """The error for a parameter that is not there. ``sent``: the key that stands in its place."""
    where, hint = dotted(path), "" if sent is None else _hint(sent, path[-1])
    return refuse(f"Missing required parameter: '{where}'.{hint}", where, "missing_required_parameter")


def _in_other_case(key: str, others: Iterable[str]) -> str | None:
    """The key among others that differs only in upper and lower case."""
    return next((other for other in others if other != key and other.lower() == key.lower()), None)


def _hint(sent: str, meant: str) -> str:
    """Quoted in part: the sentence before it is inferred (docs/wire.md §4)."""
    return f" You provided '{sent}', did you mean to provide '{meant}'?"


def _type(path: list[Any], breach: Breach) -> ApiError:
    expected = [breach.expected] if isinstance(breach.expected, str) else list(breach.expected)
    words = [_A[kind] for kind in expected if kind != "null"]
    for_items = breach.schema.get("items", {}).get("type") or (
        "object" if "$ref" in breach.schema.get("items", {}) else ""
    )
    if "array" in expected and isinstance(for_items, str) and for_items:
        words[words.index("an array")] = f"an array of {for_items}s"
    alternatives = words[0] if len(words) == 1 else f"one of {', '.join(words[:-1])} or {words[-1]}"
    return _wrong_type(path, alternatives, breach.found)


def _wrong_type(path: list[Any], expected: str, found: Any) -> ApiError:
    of = f" for '{dotted(path)}'" if path else ""
    message = f"Invalid type{of}: expected {expected}, but got {_type_of(found)} instead."
    return refuse(message, dotted(path), "invalid_type")


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    names = {str: "string", dict: "object", list: "array", int: "integer", float: "number", type(None): "null"}
    return _A[names[type(value)]]


def _enum(path: list[Any], breach: Breach) -> ApiError:
    if not isinstance(breach.found, str):
        return _type(path, replace(breach, expected="string", schema={}))  # an enumeration of words met no word
    return _wrong_value(path, breach.found, breach.expected)


def _wrong_value(path: list[Any], found: str, expected: list[str | None]) -> ApiError:
    values = _quoted(expected)
    supported = f"Supported values are: {_listed(values, 'and')}." if len(values) > 1 else f"Value must be {values[0]}."
    return refuse(f"Invalid value: '{found}'. {supported}", dotted(path), "invalid_value")


def _quoted(values: list[str | None]) -> list[str]:
    return [f"'{value}'" for value in values if value is not None]


def _listed(words: list[str], conjunction: str) -> str:
    """Two words or more, with a comma before the conjunction from the third on."""
    comma = "," if len(words) > 2 else ""
    return f"{', '.join(words[:-1])}{comma} {conjunction} {words[-1]}"


def _bound(side: str) -> Words:
    def tell(path: list[Any], breach: Breach) -> ApiError:
        integer = "integer" in breach.schema["type"]
        kind = "integer" if integer else "decimal"
        sign, short = (">=", "min") if side == "below minimum" else ("<=", "max")
        message = (
            f"Invalid '{dotted(path)}': {kind} {side} value. Expected a value {sign} {breach.expected}, "
            f"but got {breach.found} instead."
        )
        return refuse(message, dotted(path), f"{kind}_{side.split()[0]}_{short}_value")

    return tell


def _long(kind: str, noun: str) -> Words:
    """Too long strings and arrays, too large objects."""

    def tell(path: list[Any], breach: Breach) -> ApiError:
        limit, got = breach.expected, len(breach.found)
        where = dotted(path)
        if kind == "object":
            message = (
                f"Invalid '{where}': too many properties. Expected an object with at most {limit} properties, "
                f"but got an object with {got} properties instead."
            )
            return refuse(message, where, "object_above_max_properties")
        message = (
            f"Invalid '{where}': {kind} too long. Expected {noun} with maximum length {limit}, "
            f"but got {noun} with length {got} instead."
        )
        return refuse(message, where, f"{kind}_above_max_length")

    return tell


def _max_length(path: list[Any], breach: Breach) -> ApiError:
    if breach.of_name:
        key, limit = breach.found, breach.expected
        message = (
            f"Invalid property name in '{dotted(path)}': '{key}' is too long. Expected a string with maximum length "
            f"{limit}, but got a string with length {len(key)} instead."
        )
        return refuse(message, dotted([*path, key]), "property_name_above_max_length")
    return _long("string", "a string")(path, breach)


def _empty(kind: str) -> Words:
    def tell(path: list[Any], breach: Breach) -> ApiError:
        article = _A[kind].split()[0]
        message = (
            f"Invalid '{dotted(path)}': empty {kind}. Expected {article} {kind} with minimum length "
            f"{breach.expected}, but got an empty {kind} instead."
        )
        return refuse(message, dotted(path), f"empty_{kind}")

    return tell


#: What keeps Python's ``$`` from matching before a last line break, as no other engine's does.
_AT_THE_END: Final = r"(?!\n)"


def _pattern(path: list[Any], breach: Breach) -> ApiError:
    if breach.schema.get("x-url"):
        message = f"Invalid '{dotted(path)}'. Expected a valid URL, but got a value with an invalid format."
        return refuse(message, dotted(path), "invalid_value")
    message = (
        f"Invalid '{dotted(path)}': string does not match pattern. Expected a string that matches the pattern "
        f"'{breach.expected.replace(_AT_THE_END, '')}'."
    )
    return refuse(message, dotted(path), "invalid_value")


def _not_allowed(path: list[Any], breach: Breach) -> ApiError:
    return refuse(f"Invalid '{dotted(path)}': {breach.message}.", dotted(path), "invalid_value")


WORDS: Final[dict[str, Words]] = {
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


# ---- What the Responses API says otherwise ----

_REFERENCE: Final = "https://platform.openai.com/docs/api-reference/responses/create"
_RESPONSES_PRIORITY: Final = ("required", "additionalProperties", "type", "enum")


def _as_listed(breach: Breach, schema: Schema) -> tuple[Any, ...]:
    """Moved parameters, the body itself, then each parameter in the schema's order, from the outside in."""
    parameters = list(schema.get("properties", {}))
    parameter = parameters.index(breach.path[0]) if breach.path and breach.path[0] in parameters else -1
    inside = [f"{part:09}" if isinstance(part, int) else part for part in breach.path[1:]]
    order = _RESPONSES_PRIORITY
    rank = order.index(breach.keyword) if breach.keyword in order else len(order)
    return not _moved(breach), parameter, inside, rank


def _moved(breach: Breach) -> list[str]:
    """The keys of an object that had another name in an older API, where the service knows."""
    moved = breach.schema.get("x-moved", {}) if breach.keyword == "additionalProperties" else {}
    return [key for key in moved if key in breach.found]


def _additional_or_moved(path: list[Any], breach: Breach) -> ApiError:
    for old in _moved(breach):
        message = (
            f"Unsupported parameter: '{old}'. In the Responses API, this parameter has moved to "
            f"'{breach.schema['x-moved'][old]}'. Try again with the new parameter. See the API documentation for more "
            f"information: {_REFERENCE}."
        )
        return refuse(message, "", "unsupported_parameter")
    return _additional(path, breach)


def _required_or_kind(path: list[Any], breach: Breach) -> ApiError:
    missing = next(key for key in breach.expected if key not in breach.found)
    kinds = breach.schema.get("properties", {}).get(missing, {})
    return _wrong_value(path, "", kinds["enum"]) if kinds.get("x-discriminator") else _required(path, breach)


def _enum_or_kind(path: list[Any], breach: Breach) -> ApiError:
    is_word = isinstance(breach.found, str)
    if breach.schema.get("x-discriminator"):
        return _wrong_value(path[:-1], breach.found if is_word else "", breach.expected)
    if is_word:
        return _wrong_value(path, breach.found, breach.expected)
    values = _quoted(breach.expected)
    expected = f"one of {_listed(values, 'or')}" if len(values) > 1 else values[0]
    return _wrong_type(path, breach.schema.get("x-noun", expected), breach.found)


def _type_by_noun(path: list[Any], breach: Breach) -> ApiError:
    noun = breach.schema.get("x-noun")
    return _wrong_type(path, noun, breach.found) if noun else _type(path, breach)


_ASSISTANTS: Final = Dialect(_shallow_first, WORDS)
DIALECTS: Final[dict[ApiName, Dialect]] = {
    "assistants": _ASSISTANTS,
    "files": _ASSISTANTS,
    "responses": Dialect(
        _as_listed,
        {
            **WORDS,
            "additionalProperties": _additional_or_moved,
            "required": _required_or_kind,
            "enum": _enum_or_kind,
            "type": _type_by_noun,
        },
    ),
}
