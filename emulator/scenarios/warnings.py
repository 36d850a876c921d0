"""What ``check`` warns of: parts of a valid scenario that can never do anything, or that are still to do.

A finder takes a scenario's data and yields paths with sentences. ``FINDERS`` has all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from emulator.base.json_types import Object
from emulator.base.operations import OPERATIONS, Operation
from emulator.scenarios.checks import turn_name
from emulator.scenarios.coverage import hidden_turns
from emulator.scenarios.document import Path
from emulator.scenarios.stubs import paths_of, sample, stub_of
from emulator.scenarios.unrecorded import TO_DO

Warning = tuple[Path, str]
Finder = Callable[[Object], Iterator[Warning]]


def warnings(data: Any) -> list[Warning]:
    """The warnings about a valid scenario: where, and why."""
    return [found for find in FINDERS for found in find(data)] if isinstance(data, dict) else []


# ---- Stubs ----


def _stub_warnings(data: Object) -> Iterator[Warning]:
    """Stubs that never respond."""
    stubs = data.get("stubs") or []
    for number, stub in enumerate(stubs):
        path: Path = ("stubs", number, "request")
        if why := _why_never(stub["request"]):
            yield path, f"this stub never responds: {why}"
        before = next((n for n, one in enumerate(stubs[:number]) if _hides(one, stub)), None)
        if before is not None:
            yield path, f"this stub never responds: stubs[{before}] responds to every such request; {_GIVE_TIMES}"


_GIVE_TIMES: Final = "give that one `times`, or put it after this one"


def _why_never(request: str) -> str | None:
    method, _, path = request.partition(" ")
    requested = sample(path)
    if "?" in path and "=" in path.partition("?")[2]:
        return "it is compared with the path of a request, which has no query"
    if requested.startswith("/_emulator") or path == "/":
        return "the emulator itself serves this path"
    operation = next((one for one in OPERATIONS if _serves(one, method, requested)), None)
    if operation is None:
        return None
    api = {"assistants": "the Assistants API", "responses": "the Responses API"}.get(operation.api, "both APIs")
    return f"{request} is the operation {operation.name} of {api}, to which the emulator responds by its turns"


def _serves(operation: Operation, method: str, path: str) -> bool:
    """True if a request is that operation, at the address of OpenAI or of Azure."""
    if operation.method != method:
        return False
    known = operation.path.split("/")[1:]
    for spelling in paths_of(path):
        first, *segments = spelling.split("/")[1:]
        if first == "v1" and len(segments) == len(known):
            pairs = zip(known, segments, strict=True)
            if all(segment and (one == segment or one.startswith("{")) for one, segment in pairs):
                return True
    return False


def _hides(earlier: Object, later: Object) -> bool:
    """True if an earlier stub responds to all requests of a later one."""
    if "times" in earlier or earlier["request"].partition(" ")[0] != later["request"].partition(" ")[0]:
        return False
    first, second = (stub_of(one, "", has_templates=False) for one in (earlier, later))
    return first.parameters(sample(second.path)) is not None


# ---- Turns ----


def _turn_warnings(data: Object) -> Iterator[Warning]:
    """Turns that are never played."""
    turns = data.get("turns") or []
    for number, before in hidden_turns(turns):
        hiding, named = turn_name(turns[before], before), turn_name(turns[number], number)
        yield (
            ("turns", number),
            f"the turn {named!r} is never played: {hiding!r} is before it, and fits whenever {named!r} fits; "
            f"move {named!r} before {hiding!r}, or give {hiding!r} `times`",
        )


# ---- What a recording does not show ----


def _to_do(data: Object) -> Iterator[Warning]:
    """The places that ``import`` left for people to fill in."""
    yield from _unrecorded({key: data.get(key) for key in ("turns", "given")}, ())


def _unrecorded(value: Any, path: Path) -> Iterator[Warning]:
    if isinstance(value, str) and value in TO_DO:
        yield path, f"to do: {TO_DO[value]}"
    elif isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _unrecorded(inner, (*path, key))


FINDERS: Final[tuple[Finder, ...]] = (_stub_warnings, _turn_warnings, _to_do)
