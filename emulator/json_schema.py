"""JSON Schema through ``jsonschema``, imported when the first value has to be explained.

Schemas come from clients and scenarios too, so they may be anything: nothing is fetched for one, and one that cannot be
used is a fault or no constraint, never an exception.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

Schema = dict[str, Any]

#: One value of each type. A schema that refers to itself without end does so for all values of some type.
_SAMPLES = (None, True, 0, "", [], {})


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
    """Every breach, in the validator's order. For one of several alternatives: those of the one meant."""
    return [_breach(inner) for error in _validator(schema).iter_errors(value) for inner in _meant(error)]


def _validator(schema: Any) -> Draft202012Validator:
    from jsonschema import Draft202012Validator
    from referencing.jsonschema import SPECIFICATIONS

    return Draft202012Validator(schema, registry=SPECIFICATIONS)


def _meant(error: ValidationError) -> list[ValidationError]:
    """When just one branch of an ``anyOf`` takes values of this type, that one was meant: its errors; else the error."""
    if error.validator != "anyOf":
        return [error]
    branches: dict[int, list[ValidationError]] = {}
    for inner in error.context or []:
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    near = [errors for errors in branches.values() if all(inner.relative_path for inner in errors)]
    return near[0] if len(near) == 1 else [error]


def _breach(error: ValidationError) -> Breach:
    return Breach(
        path=list(error.absolute_path),
        keyword=str(error.validator),
        expected=error.validator_value,
        found=error.instance,
        schema=error.schema if isinstance(error.schema, dict) else {},
        message=error.message,
        of_name="propertyNames" in error.absolute_schema_path,
    )


def fault(schema: Any) -> str | None:
    """Why something cannot be used as a JSON Schema, or None."""
    from jsonschema import Draft202012Validator, SchemaError
    from referencing.exceptions import Unresolvable

    try:
        Draft202012Validator.check_schema(schema)
        _follow_references(schema)
        for value in _SAMPLES:
            breaches(schema, value)
    except SchemaError as error:
        return error.message
    except Unresolvable as error:
        return f"{error.ref!r} leads nowhere"
    except RecursionError:
        return "it refers to itself without end"
    except ValueError as error:  # an ``$id`` or ``$ref`` that is no URI
        return str(error)
    return None


def _follow_references(schema: Any) -> None:
    """Raises Unresolvable for a reference that leads out of the schema, or nowhere in it."""
    from referencing.jsonschema import DRAFT202012, SPECIFICATIONS

    whole = DRAFT202012.create_resource(schema)
    pending = [(whole, SPECIFICATIONS.resolver_with_root(whole))]
    while pending:
        part, resolver = pending.pop()
        contents: Any = part.contents
        for keyword in ("$ref", "$dynamicRef"):
            if isinstance(contents, dict) and keyword in contents:
                resolver.lookup(contents[keyword])
        pending += [(inner, resolver.in_subresource(inner)) for inner in part.subresources()]


def reason(schema: Any, value: Any) -> str | None:
    """Why a value does not fit somebody else's schema, in a sentence; None if it fits, or if the schema has a fault."""
    if schema is False:
        return "nothing fits here"
    if _usable(schema) ...
