"""Says what is wrong with a large value about as fast as with a small one.

``jsonschema`` looks into each part of a value, and takes some 40 µs for it. Here it looks only into the parts that do
not fit, and into none of a list or object that is too long: that is said first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sized
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from emulator.sandbox.fast_validators import fast_validator

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

#: Characters of texts, and parts of lists and objects.
_LARGE: Final = 8 * 1024
#: Items that a list may have to be looked through one by one.
_FEW: Final = 100
#: Items that do not fit, after which no others are told.
_TOLD: Final = 100

#: What ``jsonschema`` calls for a keyword: with the validator, the keyword's value, the value, and the schema.
Keyword = Callable[[Any, Any, Any, Any], Iterator["ValidationError"] | None]


def is_large(value: Any) -> bool:
    """True for a value of more than so many characters and parts together."""
    left, waiting = _LARGE, [value]
    while waiting and left >= 0:
        part = waiting.pop()
        if isinstance(part, str | list | dict):
            left -= len(part)
        if isinstance(part, list | dict) and left >= 0:
            waiting += part.values() if isinstance(part, dict) else part
        left -= 1
    return left < 0


def validator_for(schema: dict[str, Any]) -> type[Validator]:
    """A validator for large values against one of the emulator's own schemas."""
    from jsonschema import Draft202012Validator, validators

    plain: dict[str, Keyword] = dict(Draft202012Validator.VALIDATORS)
    keywords: dict[str, Keyword] = {
        name: partial(_unless_too_many, plain[name]) for name in ("additionalProperties", "propertyNames")
    }
    keywords |= {name: partial(_too_many, kind) for name, kind in _TOO_MANY.items()}
    keywords |= {"type": _type, "anyOf": _any_of}
    keywords["items"] = partial(_items, plain["items"], schema.get("$defs", {}))
    extend: Callable[..., type[Validator]] = validators.extend
    return extend(Draft202012Validator, keywords)


#: Keywords that bound a length. ``jsonschema`` would show the whole value in its message, as it does for types and
#: ``anyOf``, which nobody reads.
_TOO_MANY: Final[dict[str, type[Sized]]] = {"maxLength": str, "maxItems": list, "maxProperties": dict}


def _too_many(kind: type[Sized], validator: Any, most: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    from jsonschema.exceptions import ValidationError

    if isinstance(value, kind) and len(value) > most:
        yield ValidationError("it is too long")


def _type(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    from jsonschema.exceptions import ValidationError

    kinds = [wanted] if isinstance(wanted, str) else wanted
    if not any(validator.is_type(value, kind) for kind in kinds):
        yield ValidationError("it has another type")


def _any_of(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    from jsonschema.exceptions import ValidationError

    context: list[ValidationError] = []
    for number, one in enumerate(wanted):
        found = list(validator.descend(value, one, schema_path=number))
        if not found:
            return
        context += found
    yield ValidationError("it fits none of the schemas", context=context)


def _unless_too_many(plain: Keyword, validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(value, dict) and len(value) > schema.get("maxProperties", len(value)):
        return
    yield from plain(validator, wanted, value, schema) or ()


def _items(
    plain: Keyword, definitions: Any, validator: Any, wanted: Any, value: Any, schema: Any
) -> Iterator[ValidationError]:
    if not isinstance(value, list) or len(value) <= _FEW or not isinstance(wanted, dict) or "prefixItems" in schema:
        yield from plain(validator, wanted, value, schema) or ()
        return
    if len(value) > schema.get("maxItems", len(value)):
        return
    fits = fast_validator({"$defs": definitions, **wanted}).is_valid
    wrong = (index for index, item in enumerate(value) if not fits(item))
    for _, index in zip(range(_TOLD), wrong, strict=False):
        yield from validator.descend(instance=value[index], schema=wanted, path=index)
