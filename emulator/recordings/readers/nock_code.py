"""Code that nock's recorder writes, with literal replies: read as the objects that its option makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

from emulator.base.json_types import Object
from emulator.recordings.exchange import RecordingError
from emulator.recordings.readers.js_literals import Literals, NoLiteral

_BEGIN: Final = re.compile(r"(?<![\w.$])nock\s*(?=\()")
#: The code may come after imports and helpers.
_SEARCHED: Final = 200_000
_METHODS: Final = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "merge"})


def is_nock_code(text: str) -> bool:
    """True for code with a call of nock that has a literal host."""
    found = _BEGIN.search(text, 0, _SEARCHED) if text.find("nock", 0, _SEARCHED) >= 0 else None
    return found is not None and text[found.end() : found.end() + 40].lstrip("( \t\r\n")[:1] in ("'", '"', "`")


def read_nock_code(text: str, file: str) -> list[Object]:
    """The interceptors in the code, as nock's objects. Raises RecordingError for one that is not literal."""
    found: list[Object] = []
    at = 0
    while (begin := _BEGIN.search(text, at)) is not None:
        literals = Literals(text, begin.end())
        try:
            found += _interceptors(literals)
        except NoLiteral as error:
            line = text.count("\n", 0, error.at) + 1
            column = error.at - text.rfind("\n", 0, error.at)
            what = "in the code of nock; only literal replies can be read: record with output_objects: true"
            raise RecordingError(f"{file}:{line}:{column}: {error} {what}") from None
        at = max(literals.at, begin.end())
    if not found:
        raise RecordingError(f"{file}: expected calls of reply with literals in this code of nock, found none")
    return found


def _interceptors(literals: Literals) -> Iterator[Object]:
    """The requests of one scope: calls in a chain, of which ``reply`` ends one."""
    scope, *options = literals.arguments()
    if not isinstance(scope, str):
        raise NoLiteral("the host of a scope as text", literals.at)
    shared = options[0].get("reqheaders") if options and isinstance(options[0], dict) else None
    headers: Object = dict(shared) if isinstance(shared, dict) else {}
    current: Object = {}
    while literals.skip("."):
        name = literals.word().lower()
        arguments = literals.arguments()
        first = arguments[0] if arguments else None
        if name in _METHODS:
            current = {"scope": scope, "method": name.upper(), "path": first, "reqheaders": {**headers}}
            current |= {"body": arguments[1]} if len(arguments) > 1 and arguments[1] is not None else {}
        elif name == "query" and isinstance(first, dict) and isinstance(current.get("path"), str):
            current["path"] += f"{'&' if '?' in current['path'] else '?'}{urlencode(first, doseq=True)}"
        elif name == "matchheader" and len(arguments) == 2 and current:
            current["reqheaders"][str(first)] = arguments[1]
        elif name == "reply" and current:
            yield {**current, **_reply(arguments)}
            current = {}


def _reply(arguments: list[Any]) -> Object:
    status, body, headers = (*arguments, None, None, None)[:3]
    return {"status": status, "response": body, "rawHeaders": headers}
