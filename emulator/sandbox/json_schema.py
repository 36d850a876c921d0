"""JSON Schema by ``jsonschema``, which is imported when it is first needed. No schema is ever fetched.

Schemas of clients and scenarios may be invalid in any way. None of them raises: ``schema_error`` says what is wrong,
and ``bounded_schema`` stops a check that takes too long.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from emulator.base.limits import MAX_SCHEMA
from emulator.sandbox import large_values, patterns, plain_schemas
from emulator.sandbox.bounded_schema import TooMuch, limited, validator
from emulator.sandbox.fast_validators import fast_validator
from emulator.sandbox.patterns import BadPattern, TooSlow

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}

#: One value of each type: a schema that refers to itself endlessly does so for all values of some type.
_SAMPLES: tuple[Any, ...] = (None, True, 0, "", [], {})


@dataclass(slots=True)
class Breach:
    """A value breaches one keyword of a schema.

    ``path``: where in the value. ``expected``: the keyword's value. ``found``: the part of the value there.
    """

    path: list[Any]
    keyword: str
    expected: Any
    found: Any
    schema: Schema
    message: str
    #: ``found`` is the name of a property.
    of_name: bool = False
    #: For ``anyOf``, the breaches of each branch.
    branches: list[list[Breach]] = field(default_factory=list)


def decider(schema: Schema) -> Callable[[Any], bool]:
    """A fast check against one of the emulator's own schemas, without reasons; ``breaches`` gives those."""
    decide: Callable[[Any], bool] = fast_validator(schema).is_valid
    return decide


def breaches(schema: Schema, value: Any) -> list[Breach]:
    """The breaches of one of the emulator's own schemas, in the validator's order; of a large value the first ones."""
    from jsonschema import Draft202012Validator
    from jsonschema_specifications import REGISTRY

    kind = large_values.validator_for(schema) if large_values.is_large(value) else Draft202012Validator
    return [_breach(error) for error in kind(schema, registry=REGISTRY).iter_errors(value)]


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


def schema_error(schema: Any) -> str | None:
    """Why a value cannot be used as a JSON Schema, in words; None for a usable schema."""
    text = orjson.dumps(schema)
    if len(text) > MAX_SCHEMA:
        return f"it is larger than {MAX_SCHEMA} bytes"
    return _schema_error(text)


@functools.lru_cache(maxsize=256)
def _schema_error(text: bytes) -> str | None:
    if plain_schemas.is_plain(orjson.loads(text)):
        return None
    from jsonschema import Draft202012Validator, SchemaError
    from referencing.exceptions import Unresolvable

    if b'"unevaluatedProperties"' in text and b'"patternProperties"' in text:
        return "it has both patternProperties and unevaluatedProperties, which are not looked at together here"
    schema = orjson.loads(text)
    try:
        with limited():
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
    except Exception as error:  # a reference to a part that is no schema can raise anything
        return str(error)
    return None


def _fits_the_draft(schema: Any) -> bool:
    """A fast check without reasons; ``jsonschema`` gives those."""
    return bool(_of_the_draft().is_valid(schema))


@functools.cache
def _of_the_draft() -> Any:
    from jsonschema import Draft202012Validator

    return fast_validator(Draft202012Validator.META_SCHEMA)


class _Endless(Exception):
    """A schema applies itself to the same value."""


#: Keywords that apply one schema, or several, to the same value.
_IN_PLACE = ("not", "if", "then", "else")
_IN_PLACE_SEVERAL = ("allOf", "anyOf", "oneOf")


def _follow_references(schema: Any) -> None:
    """Checks references and patterns.

    Raises Unresolvable for a reference that leads nowhere or out of the schema, _Endless for a circle of references,
    and BadPattern for a pattern that is no regular expression.
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
    """Raises _Endless for a circle. ``applied``: by id, the schemas that a schema applies to the same value.

    This is no recursive search, since nested schemas can exhaust the stack.
    """
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
    """Why a value does not fit a schema of a client or scenario, in a sentence.

    None for a value that fits, and for a schema that ``schema_error`` refuses.
    """
    if schema_error(schema) is not None or isinstance(schema, bool):
        return "nothing fits here" if schema is False else None
    if plain_schemas.fits(schema, value):
        return None
    try:
        with limited():
            errors = list(validator(schema).iter_errors(value))
        found = sorted(map(_breach, errors), key=lambda breach: [str(part) for part in breach.path])
    except (TooMuch, TooSlow) as error:
        return f"whether it does cannot be told: {error}"
    except Exception:  # the schema has an error that only this value reveals: no verdict
        return None
    if not found:
        return None
    place = dotted(found[0].path)
    return f"{place}: {found[0].message}" if place else found[0].message


def dotted(path: Sequence[str | int]) -> str:
    """``tools[0].function`` for ``["tools", 0, "function"]``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
