"""JSON Schema through ``jsonschema``, imported when the first value has to be explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]


@dataclass(slots=True)
class Breach:
    """One keyword of a schema that a value does not fit: where, which, what it says, and what came."""

    path: list[Any]
    keyword: str
    expected: Any
    found: Any
    schema: Schema
    message: str
    #: The found value is a property's name, not a value.
    of_name: bool = False


def breaches(schema: Schema, value: Any) -> list[Breach]:
    """Every breach, in the validator's order."""
    from jsonschema import Draft202012Validator

    return [
        Breach(
            path=list(error.absolute_path),
            keyword=str(error.validator),
            expected=error.validator_value,
            found=error.instance,
            schema=error.schema if isinstance(error.schema, dict) else {},
            message=error.message,
            of_name="propertyNames" in error.absolute_schema_path,
        )
        for error in Draft202012Validator(schema).iter_errors(value)
    ]


def fault(schema: Any) -> str | None:
    """Why something is no JSON Schema, or None."""
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return error.message
    return None


def reason(schema: Any, value: Any) -> str | None:
    """Why a value does not fit somebody else's schema, in a sentence; None if it fits, or if the schema is none."""
    if fault(schema) is not None or isinstance(schema, bool):
        return "nothing fits here" if schema is False else None
    found = sorted(breaches(schema, value), key=lambda breach: [str(part) for part in breach.path])
    if not found:
        return None
    place = dotted(found[0].path)
    return f"{place}: {found[0].message}" if place else found[0].message


def dotted(path: list[Any]) -> str:
    """``tools[0].function`` for ``["tools", 0, "function"]``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
