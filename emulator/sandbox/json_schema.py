"""JSON Schema through ``jsonschema``, imported when the first value has to be explained. Nothing is ever fetched.

Schemas come from clients and scenarios too, so they may be anything: one that cannot be used has a fault, which is no
exception, and one that takes too long is stopped (``bounded_schema``).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from emulator.sandbox import patterns
from emulator.sandbox.bounded_schema import TooMuch, counting, validator
from emulator.sandbox.patterns import BadPattern, TooSlow

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}

#: Bytes of a schema that is looked at.
MAX_SCHEMA: Final = 1_000_000
#: One value of each type: a schema that refers to itself without end does so for all values of some type.
_SAMPLES: tuple[Any, ...] = (None, True, 0, "", [], {})


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
    #: Of ``anyOf``: the breaches of each branch.
    branches: list[list[Breach]] = field(default_factory=list)


def breaches(schema: Schema, value: Any) -> list[Breach]:
    """Every breach of a schema of our own, in the validator's order."""
    from jsonschema import Draft202012Validator
    from jsonschema_specifications import REGISTRY

    return [_breach(error) for error in Draft202012Validator(schema, registry=REGISTRY).iter_errors(value)]


def _breach(error: ValidationError) -> Breach:
    branches: dict[Any, list[Breach]] = {}
    if error.validator == "anyOf":
        for inner in error.context or []:
            branches.setdefault(inner.schema_path[0], []).append(_breach(inner))
    return Breach(
        path=list(error.absolute_path),
        keyword=str(error.validator),
        expected=error.validator_value,
        found=error.instance,
        schema=error.schema if isinstance(error.schema, dict) else {},
        message=error.message,
        of_name="propertyNames" in error.absolute_schema_path,
        branches=list(branches.values()),
    )


def fault(schema: Any) -> str | None:
    """Why something cannot be used as a JSON Schema, or None."""
    text = orjson.dumps(schema)
    if len(text) > MAX_SCHEMA:
        return f"it is larger than {MAX_SCHEMA} bytes"
    return _fault(text)


@functools.lru_cache(maxsize=256)
def _fault(text: bytes) -> str | None:
    from jsonschema import Draft202012Validator, SchemaError
    from referencing.exceptions import Unresolvable

    if b'"unevaluatedProperties"' in text and b'"patternProperties"' in text:
        return "it has both patternProperties and unevaluatedProperties, which are not looked at together here"
    schema = orjson.loads(text)
    try:
        with counting():
            if not _fits_the_draft(schema):
                Draft202012Validator.check_schema(schema)
            _follow_references(schema)
            for sample in _SAMPLES:
                list(validator(schema).iter_errors(sample))
    except SchemaError as error:
        return error.message
    except Unresolvable as error:
        return f"{error.ref!r} leads nowhere in it"
    except _Endless:
        return "it refers to itself without end"
    except RecursionError:
        return "it is nested too deeply"
    except Exception as error:  # a reference can lead to a part that is no schema, which fails in any way
        return str(error)
    return None


def _fits_the_draft(schema: Any) -> bool:
    """Quick; what does not is explained by jsonschema."""
    return bool(_of_the_draft().is_valid(schema))


@functools.cache
def _of_the_draft() -> Any:
    import jsonschema_rs
    from jsonschema import Draft202012Validator

    return jsonschema_rs.Draft202012Validator(Draft202012Validator.META_SCHEMA)


class _Endless(Exception):
    """A schema that applies itself to the same value."""


#: Keywords that apply a schema to the same value: one, or several.
_IN_PLACE = ("not", "if", "then", "else")
_IN_PLACE_SEVERAL = ("allOf", "anyOf", "oneOf")


def _follow_references(schema: Any) -> None:
    """Raises Unresolvable for a reference that leads nowhere in the schema, or out of it; _Endless for a circle.

    Raises BadPattern for a pattern that is no regular expression.
    """
    from jsonschema_specifications import REGISTRY
    from referencing.jsonschema import DRAFT202012

    whole = DRAFT202012.create_resource(schema)
    pending = [(whole, REGISTRY.resolver_with_root(whole))]
    applied: dict[int, list[Any]] = {}
    while pending:
        part, resolver = pending.pop()
        contents = part.contents
        if isinstance(contents, dict):
            inner = [contents[keyword] for keyword in _IN_PLACE if keyword in contents]
            inner += [one for keyword in _IN_PLACE_SEVERAL for one in contents.get(keyword, ())]
            referred = [contents[keyword] for keyword in ("$ref", "$dynamicRef") if keyword in contents]
            inner += [resolver.lookup(reference).contents for reference in referred]
            applied[id(contents)] = inner
            for pattern in [contents.get("pattern"), *contents.get("patternProperties", ())]:
                if isinstance(pattern, str) and (why := patterns.why_not(pattern)):
                    raise BadPattern(why)
        pending += [(one, resolver.in_subresource(one)) for one in part.subresources()]
    _refuse_circles(applied)


def _refuse_circles(applied: dict[int, list[Any]]) -> None:
    """Without recursion: a circle would exhaust the validator's stack, and not every validator survives that."""
    counts = dict.fromkeys(applied, 0)
    for targets in applied.values():
        for target in targets:
            if id(target) in counts:
                counts[id(target)] += 1
    free = [part for part, count in counts.items() if count == 0]
    left = len(counts)
    while free:
        left -= 1
        for target in applied[free.pop()]:
            if id(target) in counts:
                counts[id(target)] -= 1
                if counts[id(target)] == 0:
                    free.append(id(target))
    if left:
        raise _Endless


def reason(schema: Any, value: Any) -> str | None:
    """Why a value does not fit somebody else's schema, in a sentence; None if it fits, or if the schema has a fault."""
    if fault(schema) is not None or isinstance(schema, bool):
        return "nothing fits here" if schema is False else None
    try:
        with counting():
            errors = list(validator(schema).iter_errors(value))
        found = sorted(map(_breach, errors), key=lambda breach: [str(part) for part in breach.path])
    except (TooMuch, TooSlow) as error:
        return f"whether it does cannot be told: {error}"
    except Exception:  # the schema has a fault that only this value shows, and it is somebody else's: no verdict
        return None
    if not found:
        return None
    place = dotted(found[0].path)
    return f"{place}: {found[0].message}" if place else found[0].message


def dotted(path: list[Any]) -> str:
    """``tools[0].function`` for ``["tools", 0, "function"]``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
