"""Says what is wrong with a large value about as fast as with a small one.

``jsonschema`` looks into each part of a value, and takes some 40 µs for it. Here it looks only into the parts that do
not fit, and into none of a list or object that is too long: that is said first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson

from emulator.sandbox.fast_validators import fast_validator

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

#: Bytes of a value as JSON.
_LARGE: Final = 64 * 1024
#: Items that a list may have to be looked through one by one.
_FEW: Final = 100
#: Items that do not fit, after which no others are told.
_TOLD: Final = 100

#: What ``jsonschema`` calls for a keyword: with the validator, the keyword's value, the value, and the schema.
Keyword = Callable[[Any, Any, Any, Any], Iterator["ValidationError"] | None]


def is_large(value: Any) -> bool:
    """True for a value that takes more than some kilobytes as JSON."""
    return len(orjson.dumps(value, default=str)) > _LARGE


def validator_for(schema: dict[str, Any]) -> type[Validator]:
    """A validator for large values against one of the emulator's own schemas."""
    from jsonschema import Draft202012Validator, validators

    plain: dict[str, Keyword] = dict(Draft202012Validator.VALIDATORS)
    keywords = {name: partial(_unless_too_many, plain[name]) for name in ("additionalProperties", "propertyNames")}
    keywords["items"] = partial(_items, plain["items"], schema.get("$defs", {}))
    extend: Callable[..., type[Validator]] = validators.extend
    return extend(Draft202012Validator, keywords)


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
