"""The validator for JSON Schemas that clients and scenarios bring: each keyword is a step, and steps are counted.

``jsonschema`` would follow references that branch again and again, compare each item of a list with each other one, and
search with ``re``, all without an end. Patterns are searched for by ``patterns`` here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from emulator.base.problems import EmulatorError
from emulator.sandbox import patterns

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

#: Steps for one look at a schema or value: about a second on a slow machine.
STEPS: Final = 50_000

Keyword = Callable[[Any, Any, Any, Any], Iterator[Any] | None]


class TooMuch(EmulatorError):
    """A schema and a value that take more steps than there are."""


_LEFT: Final[ContextVar[list[int]]] = ContextVar("steps that are left")


@contextmanager
def counting() -> Iterator[None]:
    """All that is checked inside shares the steps, and its searches their time."""
    token = _LEFT.set([STEPS])
    try:
        with patterns.sharing():
            yield
    finally:
        _LEFT.reset(token)


def _spend(steps: int) -> None:
    left = _LEFT.get()
    left[0] -= steps
    if left[0] < 0:
        raise TooMuch(f"it takes more than {STEPS} steps to check")


def validator(schema: Any) -> Draft202012Validator:
    """Raises TooMuch, TooSlow and BadPattern when it is used, which is to be inside ``counting``."""
    from jsonschema_specifications import REGISTRY

    # Without a registry of its own, jsonschema would open the URLs that a schema refers to.
    made: Draft202012Validator = _validator_class()(schema, registry=REGISTRY)
    return made


@functools.cache
def _validator_class() -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    known: Mapping[str, Keyword] = {
        **Draft202012Validator.VALIDATORS,
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "uniqueItems": _unique_items,
    }
    made: Any = extend(Draft202012Validator, {name: _counted(keyword) for name, keyword in known.items()})  # type: ignore[no-untyped-call]
    plain = made.evolve

    def evolve(self: Any, **changes: Any) -> Any:
        """As jsonschema's, which takes another class for a part that names another draft."""
        part = changes.get("schema")
        if isinstance(part, dict) and isinstance(part.get("$schema"), str):
            changes["schema"] = {key: value for key, value in part.items() if key != "$schema"}
        return plain(self, **changes)

    made.evolve = evolve
    return made


def _counted(keyword: Keyword) -> Keyword:
    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        amounts = [len(one) // 10 for one in (value, instance) if isinstance(one, (list, dict))]
        _spend(1 + sum(amounts))
        for error in keyword(validator, value, instance, schema) or ():
            _spend(1 + len(error.message) // 1000)
            yield error

    return counted


def _error(message: str) -> Any:
    from jsonschema.exceptions import ValidationError

    return ValidationError(message)


def _pattern(validator: Any, pattern: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if isinstance(instance, str) and not patterns.found(pattern, instance):
        yield _error(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, by_pattern: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    for pattern, part in by_pattern.items():
        for key, value in instance.items():
            _spend(1)
            if patterns.found(pattern, key):
                yield from validator.descend(value, part, path=key, schema_path=pattern)


def _additional_properties(validator: Any, additional: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    known, by_pattern = schema.get("properties", {}), schema.get("patternProperties", {})
    others = []
    for key in instance:
        _spend(1 + len(by_pattern))
        if key not in known and not any(patterns.found(pattern, key) for pattern in by_pattern):
            others.append(key)
    if isinstance(additional, dict):
        for key in others:
            yield from validator.descend(instance[key], additional, path=key)
    elif not additional and others:
        were = "was" if len(others) == 1 else "were"
        shown = ", ".join(map(repr, sorted(others)))
        yield _error(f"Additional properties are not allowed ({shown} {were} unexpected)")


def _unique_items(validator: Any, unique: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not unique or not isinstance(instance, list):
        return
    if len({_frozen(item) for item in instance}) < len(instance):
        yield _error(f"{instance!r} has non-unique elements")


def _frozen(value: Any) -> Any:
    """What is equal for values that JSON Schema calls equal, and has a hash: 1 and 1.0 are, 1 and true are not."""
    _spend(1)
    if isinstance(value, bool):
        return ("truth", value)
    if isinstance(value, list):
        return ("list", tuple(map(_frozen, value)))
    if isinstance(value, dict):
        return ("object", frozenset((key, _frozen(one)) for key, one in value.items()))
    return value
