"""A validator with limits, for JSON Schemas of clients and scenarios: it counts a step for each keyword.

``jsonschema`` itself has no limits: it follows branching references exponentially often, compares all pairs of items of
a list, and searches with ``re``. Here ``patterns`` does the searches.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from emulator.base.limits import MAX_SCHEMA_STEPS
from emulator.base.problems import EmulatorError
from emulator.sandbox import patterns

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator


Keyword = Callable[[Any, Any, Any, Any], Iterator[Any] | None]


class TooMuch(EmulatorError):
    """A check takes too many steps."""


_LEFT: Final[ContextVar[list[int]]] = ContextVar("steps left for the check")


@contextmanager
def limited() -> Iterator[None]:
    """Makes all checks inside the block share the steps, and the time for searches, of one."""
    token = _LEFT.set([MAX_SCHEMA_STEPS])
    try:
        with patterns.shared_time_limit():
            yield
    finally:
        _LEFT.reset(token)


def _spend(steps: int) -> None:
    left = _LEFT.get()
    left[0] -= steps
    if left[0] < 0:
        raise TooMuch(f"it takes more than {MAX_SCHEMA_STEPS} steps to check")


def validator(schema: Any) -> Draft202012Validator:
    """A validator, to be used inside ``limited``. It then raises TooMuch, TooSlow and BadPattern."""
    from jsonschema_specifications import REGISTRY

    # Without this registry jsonschema would fetch the URLs that a schema refers to.
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
    counted = {name: _counted(keyword) for name, keyword in known.items()}
    made: Any = extend(Draft202012Validator, counted)  # type: ignore[no-untyped-call]
    plain = made.evolve

    def evolve(self: Any, **changes: Any) -> Any:
        """As jsonschema's own, which would replace this class for a part of the schema that names another draft."""
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
    """A hashable form, equal for values that are equal in JSON Schema: 1 and 1.0 are, 1 and true are not."""
    _spend(1)
    if isinstance(value, bool):
        return ("truth", value)
    if isinstance(value, list):
        return ("list", tuple(map(_frozen, value)))
    if isinstance(value, dict):
        return ("object", frozenset((key, _frozen(one)) for key, one in value.items()))
    return value
