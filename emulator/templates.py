"""Templates in scenario steps: sandboxed Jinja, rendered byte for byte.

A string without Jinja's marks is not touched at all; one that is a single ``{{ … }}`` keeps the type of its value; in
all others values that are not text are written as JSON. Jinja is imported when the first template is met.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from emulator.errors import EmulatorError

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

_MARKS = re.compile(r"\{[{%#]")


class TemplateError(EmulatorError):
    """A template that cannot be read or rendered: what it says, and why."""


@functools.cache
def _environment() -> ImmutableSandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False, finalize=as_text
    )


def is_template(text: str) -> bool:
    """True if Jinja would change this text."""
    return _MARKS.search(text) is not None


def as_text(value: Any) -> str:
    """A template's value inside a text: text as it is, anything else as JSON."""
    from jinja2 import Undefined

    if isinstance(value, (str, Undefined)):
        return value  # type: ignore[return-value]  # an Undefined raises where Jinja turns it into text
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return str(value)


def check(text: str) -> None:
    """Raises TemplateError if the text is not a readable template."""
    if is_template(text):
        from jinja2 import TemplateSyntaxError

        try:
            _environment().parse(text)
        except TemplateSyntaxError as error:
            raise TemplateError(f"the template {text!r} cannot be read: {error.message}") from None


def render(value: Any, variables: Mapping[str, Any]) -> Any:
    """``value`` with every string in it rendered. Raises TemplateError, also for a name that is not defined."""
    if isinstance(value, str):
        return _render_text(value, variables) if is_template(value) else value
    if isinstance(value, list):
        return [render(item, variables) for item in value]
    if isinstance(value, dict):
        return {key: render(item, variables) for key, item in value.items()}
    return value


def _render_text(text: str, variables: Mapping[str, Any]) -> Any:
    from jinja2 import Undefined

    # Jinja normalises line ends; a character that the text does not have stands in for its carriage returns.
    stand_in = next(chr(c) for c in range(0xFDD0, 0xFDF0) if chr(c) not in text)
    source = text.replace("\r", stand_in)
    try:
        expression = _lone_expression(source)
        if expression is None:
            return _environment().from_string(source).render(variables).replace(stand_in, "\r")
        value = _environment().compile_expression(expression, undefined_to_none=False)(**variables)
        if isinstance(value, Undefined):
            str(value)  # StrictUndefined raises here, with the name
        return value
    except Exception as error:  # a template may fail in any way that its expressions can
        names = ", ".join(sorted(variables))
        raise TemplateError(f"the template {text!r} failed: {error}; it can use: {names}") from error


@functools.lru_cache(maxsize=1024)
def _lone_expression(source: str) -> str | None:
    """What stands between the braces of a text that is one ``{{ … }}``, else None."""
    tokens = list(_environment().lex(source))
    kinds = [kind for _, kind, _ in tokens]
    if kinds.count("variable_begin") != 1 or kinds[0] != "variable_begin" or kinds[-1] != "variable_end":
        return None
    return "".join(text for _, _, text in tokens[1:-1])
