"""Templates in scenario steps: sandboxed Jinja, rendered byte for byte.

A string without Jinja's marks is not touched at all; one that is a single ``{{ … }}`` keeps the type of its value; in
all others what JSON knows is written as JSON, and what has words of its own (a date) in those. Jinja is imported when
the first template is met.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson

from emulator.base.problems import EmulatorError
from emulator.base.text import shorten
from emulator.sandbox.meter import Meter, made, running

if TYPE_CHECKING:
    from emulator.sandbox.jinja import Environment

_MARKS = re.compile(r"\{[{%#]")

#: Jinja normalises line ends, so these stand in for carriage returns while it reads: inside its tags they are space,
#: as those are.
_STAND_INS = "\x1c\x1d\x1e\x1f\x0b\x0c\x85\u2028\u2029\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"


class TemplateError(EmulatorError):
    """A template that cannot be read or rendered: what it says, and why."""


@functools.cache
def _environment() -> Environment:
    from emulator.sandbox.jinja import Environment

    return Environment(as_text)


def is_template(text: str) -> bool:
    """True if Jinja would change this text."""
    return _MARKS.search(text) is not None


def as_text(value: Any) -> str:
    """A template's value inside a text. Raises TemplateError for one that no text stands for, as a function."""
    if isinstance(value, str):
        return value
    from jinja2 import Undefined

    if isinstance(value, Undefined):
        return value  # type: ignore[return-value]  # it raises where Jinja turns it into text
    if value is None or isinstance(value, (bool, float, list, tuple, dict)):
        return as_json(value)
    if type(value).__str__ is object.__dict__["__str__"] and not isinstance(value, int):
        raise TemplateError(f"no text stands for a value of type {type(value).__name__}")
    return str(value)


def as_json(value: Any) -> str:
    """A rendered value as JSON. Raises TemplateError for what JSON has no form for."""
    try:
        return orjson.dumps(value).decode()
    except TypeError as error:
        raise TemplateError(f"what the templates here give is no JSON: {error}") from None


def check(text: str) -> None:
    """Raises TemplateError if the text is not a readable template."""
    if is_template(text):
        _read(text)


def render(value: Any, variables: Mapping[str, Any], meter: Meter | None = None) -> Any:
    """``value`` with every string in it rendered. Raises TemplateError, also for a name that is not defined.

    ``meter``: what the templates may do, if they share it with others.
    """
    return _render(value, variables, meter or Meter())


def _render(value: Any, variables: Mapping[str, Any], meter: Meter) -> Any:
    if isinstance(value, str):
        return _render_text(value, variables, meter) if is_template(value) else value
    if isinstance(value, list):
        return [_render(item, variables, meter) for item in value]
    if isinstance(value, dict):
        return {key: _render(item, variables, meter) for key, item in value.items()}
    return value


def _render_text(text: str, variables: Mapping[str, Any], meter: Meter) -> Any:
    from jinja2 import Undefined

    rendered = _read(text)
    try:
        with running(meter):
            value = made(rendered(variables))
        if isinstance(value, Undefined):
            str(value)  # StrictUndefined raises here, with the name
        if isinstance(value, str):
            value.encode()  # half a character cannot be sent
        if isinstance(value, (list, tuple, dict)):
            as_json(value)  # nothing undefined is in it
        return value
    except Exception as error:  # a template may fail in any way that its expressions can
        names = ", ".join(sorted(variables))
        raise TemplateError(f"the template {_shown(text)} failed: {_cut(error)}; it can use: {_cut(names)}") from error


def _read(text: str) -> Callable[[Mapping[str, Any]], Any]:
    """What renders the text, given the variables. Raises TemplateError."""
    return _read_short(text) if len(text) <= _SHORT else _read_long(text)


def _read_anew(text: str) -> Callable[[Mapping[str, Any]], Any]:
    from jinja2 import nodes
    from jinja2.environment import TemplateExpression

    environment = _environment()
    try:
        stand_in = next(one for one in _STAND_INS if one not in text)
        tree = environment.read(text.replace("\r", stand_in))
        for data in tree.find_all(nodes.TemplateData):
            data.data = data.data.replace(stand_in, "\r")
        for constant in tree.find_all(nodes.Const):
            if isinstance(constant.value, str):
                constant.value = constant.value.replace(stand_in, "\r")
        tree = environment.bounded(tree)
        expression = _lone_expression(tree, text)
        if expression is None:
            return environment.from_string(tree).render
        result = nodes.Assign(nodes.Name("result", "store"), expression, lineno=1)
        lone = environment.from_string(nodes.Template([result], lineno=1))
        return TemplateExpression(lone, undefined_to_none=False)
    except Exception as error:  # also those of the Python that Jinja writes
        why = getattr(error, "message", error)
        raise TemplateError(f"the template {_shown(text)} cannot be read: {_cut(why)}") from None


#: Characters of a template that is kept like many others; of longer ones a few are.
_SHORT: Final = 10_000
_read_short = functools.lru_cache(maxsize=1024)(_read_anew)
_read_long = functools.lru_cache(maxsize=8)(_read_anew)


def _shown(text: str) -> str:
    return _cut(repr(text))


def _cut(text: object, limit: int = 1000) -> str:
    """The words of an error, and no more of what they are about than anyone reads."""
    return shorten(str(text), limit)


def _lone_expression(tree: Any, text: str) -> Any:
    """The expression of a text that is one ``{{ … }}``, else None."""
    from jinja2 import nodes

    match tree.body:
        case [nodes.Output(nodes=[nodes.Expr() as only])] if text.startswith("{{") and text.endswith("}}"):
            return None if isinstance(only, nodes.TemplateData) else only
    return None
