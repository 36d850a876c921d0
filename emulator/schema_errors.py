"""Says in a sentence what does not fit a JSON Schema of ours: what was expected, what came, what would have fitted.

For scenarios. Requests get OpenAI's own words instead, from ``validation``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

from emulator.document import Path
from emulator.json_schema import Breach, Schema, breaches

_WORDS: Final = {
    "string": "text",
    "object": "a mapping",
    "array": "a list",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def explain(schema: Schema, value: Any) -> Iterator[tuple[Path, str]]:
    """Each breach: the path to it, and a sentence. In the order of the document."""
    for breach in sorted(breaches(schema, value), key=lambda one: [f"{part:>9}" for part in one.path]):
        yield from _sentences(breach)


def _sentences(breach: Breach) -> Iterator[tuple[Path, str]]:
    path: Path = tuple(breach.path)
    found, expected = breach.found, breach.expected
    description = breach.schema.get("description")
    match breach.keyword:
        case "additionalProperties":
            known = list(breach.schema.get("properties", {}))
            for key in (key for key in found if key not in known):
                yield (*path, key), f"unknown key; {_instead(key, known)}"
        case "required":
            for key in (key for key in expected if key not in found):
                yield path, f"{key!r} is missing"
        case "type":
            yield path, _wrong_type(expected, found, description)
        case "enum":
            yield path, f"got {_shown(found)}; {_instead(found, expected)}"
        case "const":
            yield path, f"expected {_shown(expected)}, got {_shown(found)}"
        case "minimum":
            yield path, f"expected at least {expected}, got {_shown(found)}"
        case "minLength" | "minItems" | "minProperties":
            yield path, "this is empty"
        case _:
            yield path, f"expected {description or breach.message}; got {_shown(found)}"


def _wrong_type(expected: str | list[str], found: Any, description: str | None) -> str:
    kinds = [expected] if isinstance(expected, str) else expected
    words = description or " or ".join(_WORDS[kind] for kind in kinds)
    quotes = "; put it in quotes if it is text" if "string" in kinds and not isinstance(found, (dict, list)) else ""
    return f"expected {words}; got {_shown(found)}{quotes}"


def _instead(word: Any, known: Iterable[Any]) -> str:
    words = [str(one) for one in known]
    near = difflib.get_close_matches(str(word), words, n=1, cutoff=0.5)
    return f"{f'did you mean {near[0]!r}? ' if near else ''}expected one of: {', '.join(words)}"


def _shown(value: Any) -> str:
    text = orjson.dumps(value).decode()
    if isinstance(value, (dict, list)) and len(text) > 60:
        return f"{'a mapping' if isinstance(value, dict) else 'a list'} of {len(value)}"
    return text if len(text) <= 80 else f"{text[:77]}…"
