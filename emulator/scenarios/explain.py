"""Says in a sentence what does not fit a JSON Schema of ours: what was expected, what came, what would have fitted.

For scenarios. Requests get OpenAI's own words instead, from ``validation``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from emulator.base.text import did_you_mean, plural, shorten
from emulator.sandbox.json_schema import Breach, Schema, breaches
from emulator.scenarios.document import Path

_TYPES: Final = {
    "string": "text",
    "object": "a mapping",
    "array": "a list",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
_COUNTED: Final = {"maxLength": "character", "maxItems": "item", "maxProperties": "key"}


def explain(schema: Schema, value: Any) -> Iterator[tuple[Path, str]]:
    """Each breach: the path to it, and a sentence. In the order of the document."""
    found = [meant for breach in breaches(schema, value) for meant in _meant(breach)]
    ordered = sorted(found, key=lambda one: [f"{part:>9}" for part in one.path])
    # the validator reports each missing key by itself, and a sentence tells all of them
    seen: set[tuple[Path, str]] = set()
    for sentence in (one for breach in ordered for one in _sentences(breach)):
        if sentence not in seen:
            seen.add(sentence)
            yield sentence


def _meant(breach: Breach) -> list[Breach]:
    """Of alternatives, those breaches that lie inside the value: its type shows which one was meant."""
    inner = [branch for branch in breach.branches if all(len(one.path) > len(breach.path) for one in branch)]
    return inner[0] if len(inner) == 1 else [breach]


def _sentences(breach: Breach) -> Iterator[tuple[Path, str]]:
    path: Path = tuple(breach.path)
    found, expected = breach.found, breach.expected
    match breach.keyword:
        case "additionalProperties":
            known = list(breach.schema.get("properties", {}))
            for key in (key for key in found if key not in known):
                yield (*path, key), f"unknown key; {instead(key, known)}"
        case "required":
            for key in (key for key in expected if key not in found):
                yield path, f"{key!r} is missing"
        case "minLength" | "minItems" | "minProperties":
            yield path, "this is empty"
        case "type" | "enum":
            yield path, f"expected {_words(breach)}; got {shown(found)}{_hint(breach)}"
        case _:
            yield path, f"expected {_words(breach)}; got {shown(found)}"


def _words(breach: Breach) -> str:
    """What was expected: as the schema describes it, or in words for the keyword."""
    expected = breach.expected
    match breach.keyword:
        case "enum":
            words = ", ".join(map(_plain, expected))
            description = breach.schema.get("description")
            return f"{description}: {words}" if description else f"one of: {words}" if len(expected) > 1 else words
        case "const":
            return shown(expected)
    if description := breach.schema.get("description"):
        return str(description)
    match breach.keyword:
        case "type":
            return " or ".join(_TYPES[kind] for kind in _kinds(breach))
        case "minimum":
            return f"at least {expected}"
        case "maximum":
            return f"at most {expected}"
        case "maxLength" | "maxItems" | "maxProperties":
            return f"at most {plural(expected, _COUNTED[breach.keyword])}"
        case "pattern":
            return f"text that matches {expected}"
    return breach.message


def _kinds(breach: Breach) -> list[str]:
    return [breach.expected] if isinstance(breach.expected, str) else list(breach.expected)


def _hint(breach: Breach) -> str:
    """What the author perhaps meant."""
    if breach.keyword == "enum":
        return did_you_mean(breach.found, map(_plain, breach.expected)) if isinstance(breach.found, str) else ""
    is_text = "string" in _kinds(breach) and not isinstance(breach.found, (dict, list))
    return "; put it in quotes if it is text" if is_text else ""


def instead(word: str, known: Iterable[str]) -> str:
    """What to write in the place of a word that is not known."""
    words = list(known)
    return f"{did_you_mean(word, words, before='', after=' ')}expected one of: {', '.join(words)}"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else shown(value)


def shown(value: Any) -> str:
    """A value in an error: as JSON, and not too long."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, (dict, list)) and len(text) > 60:
        return f"{'a mapping' if isinstance(value, dict) else 'a list'} of {len(value)}"
    return shorten(text)
