"""Texts, URLs and JSON values that people keep, such as reports and logs, without the secrets in them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from emulator.base.secrets.finder import PLACEHOLDER, Finder
from emulator.base.secrets.names import is_secret_name, is_secret_parameter


def redact_text(text: str) -> str:
    """A text of no known form without the secrets that its forms and names show."""
    pieces, at = [], 0
    for found in _finder().find(text):
        pieces += [text[at : found.start], PLACEHOLDER]
        at = found.end
    return "".join([*pieces, text[at:]])


def redact_url(path: str, query: Mapping[str, Any] | None = None) -> str:
    """The path of a request, with its query, without secrets, whether they are percent-encoded or not."""
    shown = redact_text("/".join(map(redact_text, path.split("/"))))
    if not query:
        return shown
    return f"{shown}?{urlencode(redact_query(query), doseq=True).replace(quote(PLACEHOLDER), PLACEHOLDER)}"


def redact_query(query: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a query, one value or a list each, without secrets."""
    return {redact_text(name): _parameter(name, value) for name, value in query.items()}


def redact_value(value: Any, name: str = "") -> Any:
    """A JSON value without its secrets. ``name``: the key under which it stands."""
    if isinstance(value, dict):
        return {redact_text(key): redact_value(inner, key) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact_value(inner, name) for inner in value]
    if not isinstance(value, str) or not value:
        return value
    return PLACEHOLDER if is_secret_name(name) else redact_text(value)


@functools.cache
def _finder() -> Finder:
    return Finder()


def _parameter(name: str, value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_parameter(name, one) for one in value]
    return PLACEHOLDER if is_secret_parameter(name) else redact_text(str(value))
