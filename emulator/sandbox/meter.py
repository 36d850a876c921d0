"""Limits of what a template may do: a number of steps, and the size of its values. The same on every machine.

One operator, filter or method can take all time and memory of the process, and nothing can interrupt it. So its cost is
estimated from its operands before it runs. ``jinja`` calls the functions here.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from emulator.base.limits import MAX_TEMPLATE_RESULT, MAX_TEMPLATE_STEPS
from emulator.base.problems import EmulatorError

#: Bits of a whole number: more digits than Python converts to text.
_MAX_BITS: Final = 20_000
#: The greatest width, and number of items, that a filter or method takes as an argument.
_MAX_WIDTH: Final = 10_000
#: Steps of one call, and of one word of ``fake``.
_STEPS_PER_CALL: Final = 10
_STEPS_PER_WORD: Final = 200

_CONTAINERS: Any = (list, tuple, set, frozenset, type({}.keys()), type({}.values()), type({}.items()))
_SIZED: Any = (*_CONTAINERS, dict, str, range)
#: Width and precision in a conversion of ``%``, and the numbers in a field of ``format``.
_CONVERSION: Final = re.compile(r"%(?:\([^)]*\))?[-#0 +]*(\*|\d+)?(?:\.(\*|\d+))?")
_DIGITS: Final = re.compile(r"\d+")


class Exhausted(EmulatorError):
    """A template exceeds a limit."""


class Meter:
    """The steps that are left to the templates of one run."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_TEMPLATE_STEPS


_METER: Final[ContextVar[Meter]] = ContextVar("the meter of the template that is being rendered")


@contextmanager
def counted_on(meter: Meter) -> Iterator[None]:
    """Counts the steps inside the block on this meter."""
    token = _METER.set(meter)
    try:
        yield
    finally:
        _METER.reset(token)


def spend(steps: int) -> None:
    """Takes steps from the current meter. Raises Exhausted if there are too few."""
    meter = _METER.get()
    meter.left -= steps
    if meter.left < 0:
        raise Exhausted(f"it takes more than {MAX_TEMPLATE_STEPS} steps")


def refuse_long(size: int) -> None:
    """Raises Exhausted for a text of too many characters or a list of too many items."""
    if size > MAX_TEMPLATE_RESULT:
        raise Exhausted(f"it makes a text or list longer than {MAX_TEMPLATE_RESULT}")


def _refuse_wide(*widths: Any) -> None:
    for width in widths:
        if isinstance(width, (int, float)) and abs(width) > _MAX_WIDTH:
            raise Exhausted(f"{width} is too much here; {_MAX_WIDTH} is the most")


def weigh(value: Any) -> int:
    """The approximate length of a value as text. Takes a step for each value in it. Raises Exhausted if it is large."""
    if isinstance(value, (str, bytes)):
        spend(1 + len(value) // 256)
        refuse_long(len(value))
        return len(value)
    weight, pending = 0, [value]
    while pending:
        spend(1)
        one = pending.pop()
        weight += 2
        if isinstance(one, (str, bytes)):
            weight += len(one)
        elif isinstance(one, int):
            weight += one.bit_length() // 3
            if one.bit_length() > _MAX_BITS:
                raise Exhausted(f"it makes a number of more than {_MAX_BITS} bits")
        elif inner := _items_of(one):
            spend(len(inner))
            pending += inner
        refuse_long(weight)
    spend(weight // 256)
    return weight


def _items_of(value: Any) -> list[Any]:
    """The items of a list or set, the keys and values of a mapping; nothing for other values."""
    if isinstance(value, _CONTAINERS):
        refuse_long(len(value))
        return list(value)
    if isinstance(value, dict):
        refuse_long(len(value))
        return [*value, *value.values()]
    if hasattr(type(value), "values_of"):
        return list(type(value).values_of(value).values())
    return []


def limited_result(value: Any) -> Any:
    """The result of an operation. Raises Exhausted for a large one; a generator takes steps for each item."""
    if inspect.isgenerator(value):
        return _counted(value)
    weigh(value)
    return value


def limited_items(values: Any) -> Any:
    """The values that a loop iterates over, which takes steps for each of them."""
    if isinstance(values, _SIZED):
        spend(len(values))
        return values
    if hasattr(type(values), "__iter__") and not hasattr(type(values), "_fail_with_undefined_error"):
        return _counted(values)
    return values


def _counted(values: Any) -> Iterator[Any]:
    for value in values:
        spend(_STEPS_PER_CALL)
        yield value


# ---- Operators ----


def before_operator(operator: str, left: Any, right: Any) -> None:
    """Raises Exhausted for an operator whose result would be too much."""
    if operator == "*":
        _before_repetition(left, right)
        _before_repetition(right, left)
    elif operator == "**" and isinstance(left, int) and isinstance(right, int) and abs(left) > 1:
        if left.bit_length() * max(right, 0) > _MAX_BITS:
            raise Exhausted(f"it makes a number of more than {_MAX_BITS} bits")
    elif operator == "+" and hasattr(left, "__len__") and hasattr(right, "__len__") and type(left) is type(right):
        refuse_long(len(left) + len(right))
    elif operator == "%" and isinstance(left, (str, bytes)):
        before_format(left if isinstance(left, str) else left.decode("latin-1"), right)


def _before_repetition(value: Any, times: Any) -> None:
    if isinstance(times, int) and isinstance(value, (str, bytes, list, tuple)):
        refuse_long(len(value) * max(times, 0))
    elif isinstance(times, int) and isinstance(value, int):
        weigh(value)


def before_format(text: str, values: Any) -> None:
    """As ``before_operator``, for ``text % values``: each conversion may write the longest value."""
    spend(text.count("%"))
    widths = [width for found in _CONVERSION.findall(text) for width in found if width]
    _refuse_wide(*(int(width[:9]) for width in widths if width != "*"))
    if "*" in widths:
        _refuse_wide(*(values if isinstance(values, tuple) else (values,)))
    if isinstance(values, Mapping):
        refuse_long(len(text) + text.count("%") * max(map(weigh, values.values()), default=0))
    else:
        refuse_long(len(text) + weigh(values))


def before_field(spec: str) -> None:
    """As ``before_operator``, for one field of ``format``. ``spec``: the part behind its colon."""
    spend(1)
    _refuse_wide(*(int(digits[:9]) for digits in _DIGITS.findall(spec)))


# ---- Filters and methods ----

#: Named arguments that are no widths: of ``batch`` and ``slice``, and of ``round``.
_NO_WIDTHS: Final = frozenset({"fill_with", "method"})


def _width(text: Any, width: Any = 0, *_: Any, **more: Any) -> None:
    _refuse_wide(width, *(value for name, value in more.items() if name not in _NO_WIDTHS))


def _replaced(text: Any, old: Any = "", new: Any = "", *_: Any, **__: Any) -> None:
    if isinstance(text, str) and isinstance(old, str) and isinstance(new, str):
        refuse_long(len(text) + (text.count(old) if old else len(text) + 1) * len(new))


def _joined(between: Any, values: Any) -> None:
    many = len(values) if hasattr(values, "__len__") else MAX_TEMPLATE_RESULT // 10
    if isinstance(between, (str, bytes)) and many > 1:
        refuse_long((many - 1) * len(between))


def _indented(text: Any, width: Any = 4, *_: Any, **__: Any) -> None:
    _refuse_wide(width)
    if isinstance(text, str):
        refuse_long(len(text) + (text.count("\n") + 1) * (len(width) if isinstance(width, str) else int(width)))


def _wrapped(text: Any, width: Any = 79, *rest: Any, **more: Any) -> None:
    size = len(text) if isinstance(text, str) else 0
    spend(size // max(int(width), 1) * size >> 14)
    for one in (*rest, *more.values()):
        if isinstance(one, str):
            refuse_long(size + size // max(int(width), 1) * len(one))


def _expanded(text: Any, tabsize: Any = 8, *_: Any) -> None:
    _refuse_wide(tabsize)
    refuse_long(len(text) + text.count("\t" if isinstance(text, str) else b"\t") * int(tabsize))


def _translated(text: Any, table: Any = None, *_: Any) -> None:
    values = table.values() if isinstance(table, Mapping) else ()
    refuse_long(len(text) * max((len(one) for one in values if isinstance(one, str)), default=1))


def _slow(text: Any, *_: Any, **__: Any) -> None:
    """For operations whose time can be quadratic in the length of the text."""
    spend(len(text) ** 2 >> 14 if isinstance(text, (str, bytes)) else 1)


def _summed(values: Any, *rest: Any, start: Any = 0, **__: Any) -> None:
    first = rest[1] if len(rest) > 1 else start
    if not isinstance(first, (int, float)):
        spend(len(values) * weigh(values) // 1000 if hasattr(values, "__len__") else MAX_TEMPLATE_STEPS)


#: Checks before a filter, or a method of a text or number, is called. Each gets the value and the arguments.
_GUARDS: Final[dict[str, Callable[..., None]]] = {
    "batch": _width,
    "center": _width,
    "decode": _slow,
    "encode": _slow,
    "expandtabs": _expanded,
    "format": lambda text, *values, **named: before_format(str(text), named or values),
    "indent": _indented,
    "ljust": _width,
    "replace": _replaced,
    "rjust": _width,
    "round": _width,
    "slice": _width,
    "strftime": lambda date, text="": before_field(str(text)),
    "striptags": _slow,
    "sum": _summed,
    "to_bytes": _width,
    "tojson": _width,
    "translate": _translated,
    "urlize": _slow,
    "wordwrap": _wrapped,
    "zfill": _width,
}


def before_filter(name: str, value: Any, /, *args: Any, **named: Any) -> None:
    """Raises Exhausted for a filter whose result, or time, would be too much."""
    weigh([value, *args, *named.values()])
    if name == "join":
        _joined(args[0] if args else named.get("d", ""), value)
    elif name in _GUARDS:
        _GUARDS[name](value, *args, **named)


def before_call(called: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> None:
    """As ``before_filter``, for a call of a method, a function or a word of ``fake``."""
    spend(_STEPS_PER_CALL)
    weigh([*args, *named.values()])
    owner, name = getattr(called, "__self__", None), getattr(called, "__name__", "")
    if type(owner).__module__.partition(".")[0] == "faker":
        _before_word(name, called, args, named)
    elif name == "join" and isinstance(owner, (str, bytes)):
        _joined(owner, args[0] if args else ())
    elif owner is not None and name in _GUARDS and name != "format":
        weigh(owner)
        _GUARDS[name](owner, *args, **named)


#: Words of ``fake`` that pass arguments on to other words.
_PASSING_ON: Final = frozenset({"json", "json_bytes", "fixed_width", "csv", "dsv", "psv", "tsv"})
#: Parameters of words that limit a value instead of giving a number of items.
_VALUE: Final = re.compile(r"min|max|step|.*(_value|date|datetime|time)")


def _before_word(name: str, word: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> None:
    amount = _STEPS_PER_WORD
    for parameter, value in inspect.signature(word).bind(*args, **named).arguments.items():
        if not _VALUE.fullmatch(parameter):
            for number in _numbers(value, deep=name in _PASSING_ON or parameter in ("size", "kwargs")):
                _refuse_wide(number)
                amount *= max(int(abs(number)), 1)
        spend(0 if amount <= MAX_TEMPLATE_STEPS else amount)
    spend(amount // 10 if amount > _STEPS_PER_WORD else amount)


def _numbers(value: Any, *, deep: bool) -> Iterator[float]:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield value
    elif deep:
        for one in _items_of(value):
            yield from _numbers(one, deep=True)
