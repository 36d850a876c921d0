"""Templates in scenario steps: sandboxed Jinja, rendered byte for byte.

A string without Jinja's delimiters stays as it is. A string that is a single ``{{ … }}`` renders to the expression's
value with its type. In any other string an expression's value is written as JSON if JSON has a form for it, else as its
``str``, as of a date. Jinja is imported for the first template.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson

from emulator.base.problems import EmulatorError
from emulator.base.text import did_you_mean, shorten
from emulator.sandbox.meter import Meter, counted_on, limited_result

if TYPE_CHECKING:
    from emulator.sandbox.jinja import Environment

_DELIMITERS = re.compile(r"\{[{%#]")

#: Jinja normalises line ends, so one of these replaces carriage returns while it parses a template. Inside tags each is
#: white space, as a carriage return is.
_STAND_INS = "\x1c\x1d\x1e\x1f\x0b\x0c\x85\u2028\u2029\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"


class TemplateError(EmulatorError):
    """A template that cannot be parsed or rendered. The message has its text and the reason."""


@functools.cache
def _environment() -> Environment:
    from emulator.sandbox.jinja import Environment

    return Environment(as_text)


def is_template(text: str) -> bool:
    """True for a text with one of Jinja's delimiters."""
    return _DELIMITERS.search(text) is not None


def as_text(value: Any) -> str:
    """The text of an expression's value inside a longer text. Raises TemplateError for a value such as a function."""
    if isinstance(value, str):
        return value
    from jinja2 import Undefined

    if isinstance(value, Undefined):
        return value  # type: ignore[return-value]  # it raises when Jinja converts it to text
    if value is None or isinstance(value, (bool, float, list, tuple, dict)):
        return as_json(value)
    if type(value).__str__ is object.__dict__["__str__"] and not isinstance(value, int):
        raise TemplateError(f"no text stands for a value of type {type(value).__name__}")
    return str(value)


def as_json(value: Any) -> str:
    """A rendered value as JSON. Raises TemplateError for a value that JSON cannot express."""
    try:
        return orjson.dumps(value).decode()
    except TypeError as error:
        raise TemplateError(f"what the templates here give is no JSON: {error}") from None


def check(text: str) -> None:
    """Raises TemplateError for a template that cannot be parsed."""
    if is_template(text):
        _compiled(text)


def render(value: Any, variables: Mapping[str, Any], meter: Meter | None = None) -> Any:
    """``value`` with every string in it rendered. Raises TemplateError, also for a name that is not defined.

    ``meter``: the steps that these templates share with others; by default they have their own.
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


_UNDEFINED: Final = re.compile(r"'(\w+)' is undefined")


def _meant(error: str, names: Iterable[str]) -> str:
    """A hint for the name of an undefined value."""
    found = _UNDEFINED.search(error)
    return did_you_mean(found[1], names, before=" (", after=")") if found else ""


def _render_text(text: str, variables: Mapping[str, Any], meter: Meter) -> Any:
    from jinja2 import Undefined

    render_with = _compiled(text)
    try:
        with counted_on(meter):
            value = limited_result(render_with(variables))
        if isinstance(value, Undefined):
            str(value)  # StrictUndefined raises here, with the name
        if isinstance(value, str):
            value.encode()  # a lone surrogate cannot be sent
        if isinstance(value, (list, tuple, dict)):
            as_json(value)  # raises for an undefined value inside
        return value
    except Exception as error:  # a template may fail in any way that its expressions can
        names = ", ".join(sorted(variables))
        why = f"{_cut(error)}{_meant(str(error), variables)}; it can use: {_cut(names)}"
        raise TemplateError(f"the template {_shown(text)} failed: {why}") from error


def _compiled(text: str) -> Callable[[Mapping[str, Any]], Any]:
    """A function from variables to the rendered value. Raises TemplateError for a template that cannot be parsed."""
    return _compiled_short(text) if len(text) <= _SHORT else _compiled_long(text)


def _compile(text: str) -> Callable[[Mapping[str, Any]], Any]:
    from jinja2 import nodes
    from jinja2.environment import TemplateExpression

    environment = _environment()
    try:
        stand_in = next(one for one in _STAND_INS if one not in text)
        tree = environment.parse_limited(text.replace("\r", stand_in))
        for data in tree.find_all(nodes.TemplateData):
            data.data = data.data.replace(stand_in, "\r")
        for constant in tree.find_all(nodes.Const):
            if isinstance(constant.value, str):
                constant.value = constant.value.replace(stand_in, "\r")
        tree = environment.metered(tree)
        expression = _lone_expression(tree, text)
        if expression is None:
            return environment.from_string(tree).render
        result = nodes.Assign(nodes.Name("result", "store"), expression, lineno=1)
        lone = environment.from_string(nodes.Template([result], lineno=1))
        return TemplateExpression(lone, undefined_to_none=False)
    except Exception as error:  # also of the Python code that Jinja generates
        why = getattr(error, "message", error)
        raise TemplateError(f"the template {_shown(text)} cannot be read: {_cut(why)}") from None


#: The cache keeps many templates up to this length, and a few longer ones.
_SHORT: Final = 10_000
_compiled_short = functools.lru_cache(maxsize=1024)(_compile)
_compiled_long = functools.lru_cache(maxsize=8)(_compile)


def _shown(text: str) -> str:
    return _cut(repr(text))


def _cut(text: object, limit: int = 1000) -> str:
    """A text for an error message, cut to ``limit`` characters."""
    return shorten(str(text), limit)


def _lone_expression(tree: Any, text: str) -> Any:
    """The expression of a text that is a single ``{{ … }}``, else None."""
    from jinja2 import nodes

    match tree.body:
        case [nodes.Output(nodes=[nodes.Expr() as only])] if text.startswith("{{") and text.endswith("}}"):
            return None if isinstance(only, nodes.TemplateData) else only
    return None
