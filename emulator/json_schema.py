"""JSON Schema through ``jsonschema``, imported when the first value has to be explained. Nothing is ever fetched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

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
    return [_breach(error) for error in _validator(schema).iter_errors(value)]


def _validator(schema: Schema) -> Draft202012Validator:
    from jsonschema import Draft202012Validator
    from jsonschema_specifications import REGISTRY

    # Without a registry of its own, jsonschema would open the URLs that a client's schema refers to.
    return Draft202012Validator(schema, registry=REGISTRY)


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
        breaches(schema, {})
    except SchemaError as error:
        return error.message
    except Unresolvable as error:
        return f"{error.ref!r} leads nowhere in it"
    except RecursionError:
        return "it refers to itself without end"
    except ValueError as error:  # an ``$id`` or ``$ref`` that is no URI
        return str(error)
    return None


def _follow_references(schema: Any) -> None:
    """Raises Unresolvable for a reference that leads nowhere in the schema, or out of it."""
    from jsonschema_specifications import REGISTRY
    from referencing.jsonschema import DRAFT202012

    root = DRAFT202012.create_resource(schema)
    resolver = REGISTRY.resolver_with_root(root)
    for reference in _references(schema):
        resolver.lookup(reference)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key in ("$ref", "$dynamicRef") and isinstance(value, str):
                yield value
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def reason(schema: Any, value: Any) -> str | None:
    """Why a value does not fit somebody else's schema, in a sentence; None if it fits, or if the schema has a fault."""
    if schema is False:
        return "nothing fits here"
    if isinstance(schema, bool) or fault(schema) is not None:
        return None
    from referencing.exceptions import Unresolvable

    try:
        found = sorted(breaches(schema, value), key=lambda breach: [str(part) for part in breach.path])
    except (Unresolvable, RecursionError):  # met only with this value
        return None
    if not found:
        return None
    place = dotted(found[0].path)
    return f"{place}: {found[0].message}" if place else found[0].message


def dotted(path: list[Any]) -> str:
    """``tools[0].function`` for ``["tools", 0, "function"]``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
