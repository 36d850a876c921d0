"""Ids are judged by their form before they are looked up: their characters, then their prefix (docs/wire.md §4).

Nothing is there by an id of another form, unless a scenario has given it. So the one id of a path is judged only when
its request is refused, and the ids of a longer path at once: a request that is refused moves nothing.
The form of an id in a path follows from the name of its parameter; schemas say by ``x-id`` which prefix an id in a body
or query has. An id that a scenario has given is taken as it is, because a scenario may choose any.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Set
from typing import Any, Final, NamedTuple

from emulator.apis.http.errors import ApiError
from emulator.base.operations import BY_NAME
from emulator.base.request_schemas import schema
from emulator.world.state.missing import Missing

#: Ids with the kind of their object.
Given = Set[tuple[str, str]]

#: The prefixes as the service quotes them: only that of batches has its underscore.
_PREFIXES: Final = {
    "assistant_id": "asst",
    "thread_id": "thread",
    "message_id": "msg",
    "run_id": "run",
    "step_id": "step",
    "vector_store_id": "vs",
    "batch_id": "vsfb_",
    "file_id": "file",
    "upload_id": "upload",
}
#: The kind of given object that has ids of a prefix.
_GIVEN: Final = {
    "asst": "assistants",
    "thread": "threads",
    "msg": "messages",
    "run": "runs",
    "vs": "vector_stores",
    "file": "files",
}
#: The APIs whose paths are judged here; the Responses API has rules of its own.
_JUDGED: Final = frozenset({"assistants", "files"})
#: Below ``/files`` an id is looked up as it is (recorded).
_NOT_JUDGED: Final = "/files/{file_id}"
_CHARACTERS: Final = re.compile(r"[A-Za-z0-9_-]*")
#: Prefixes by which an id begins that has another quoted one: Azure's files, and a batch, which is no store.
_ALSO: Final = {"file": "assistant-"}
_NEVER: Final = {"vs": "vsfb_"}


def form_error(prefix: str, id: str, param: str) -> ApiError | None:
    """The error for an id that cannot be one of this prefix, wherever it is; None for one that can."""
    if not _CHARACTERS.fullmatch(id):
        return _refused(
            param,
            id,
            "Expected an ID that contains letters, numbers, underscores, or dashes, but this value contained "
            "additional characters.",
        )
    if _has_prefix(prefix, id) and not _is_longer(prefix, id):
        return None
    return _refused(param, id, f"Expected an ID that begins with '{prefix}'.")


@functools.cache
def _plain(prefix: str) -> re.Pattern[str]:
    """Nearly all ids: those that can only be of this prefix."""
    never = f"(?!{_NEVER[prefix]})" if prefix in _NEVER else ""
    return re.compile(f"{never}{prefix}{_CHARACTERS.pattern}")


def _error_unless_given(prefix: str, id: str, param: str, given: Given) -> ApiError | None:
    error = form_error(prefix, id, param)
    return None if error is None or (_GIVEN.get(prefix, ""), id) in given else error


def _has_prefix(prefix: str, id: str) -> bool:
    return id.startswith(prefix) or (prefix in _ALSO and id.startswith(_ALSO[prefix]))


def _is_longer(prefix: str, id: str) -> bool:
    """The id begins as it should, because its own prefix begins so."""
    return prefix in _NEVER and id.startswith(_NEVER[prefix])


def _refused(param: str, id: str, expected: str) -> ApiError:
    return ApiError(400, f"Invalid '{param}': '{id}'. {expected}", param=param, code="invalid_value")


def path_error(operation: str, path: Mapping[str, str], given: Given) -> ApiError | None:
    """The error for the first id of a path that does not have its form. ``given``: those of scenarios.

    A batch's id in the place of a store's comes last: of two that were swapped, the service named the batch's.
    """
    last = None
    for param, prefix in _judged(operation):
        id = path[param]
        if _plain(prefix).fullmatch(id) or not (error := _error_unless_given(prefix, id, param, given)):
            continue
        if not _is_longer(prefix, id):
            return error
        last = last or error
    return last


@functools.cache
def _judged(operation: str) -> tuple[tuple[str, str], ...]:
    """The parameters of an operation's path that are judged, with their prefixes."""
    row = BY_NAME[operation]
    if row.api not in _JUDGED or row.path.startswith(_NOT_JUDGED):
        return ()
    names = re.findall(r"{(\w+)}", row.path)
    return tuple((name, _PREFIXES[name]) for name in names if name in _PREFIXES)


def not_found(missing: Missing) -> ApiError:
    """The error for an id that names nothing: 404, or 400 if it cannot be of this kind."""
    return form_error(missing.kind.prefix, missing.id, missing.param) or ApiError(404, str(missing))


# ---- Bodies and queries ----


class _Ids(NamedTuple):
    """Where a value holds ids: it is one with this prefix, or its members or items hold some."""

    prefix: str
    members: Mapping[str, _Ids]
    items: _Ids | None


def judge_values(part: str, operation: str, value: Mapping[str, Any], given: Given) -> None:
    """The same for the ids of a body or query (``part``: ``bodies`` or ``queries``) that fits its schema."""
    ids = _ids_of(part, operation)
    if ids is not None and not ids.members.keys().isdisjoint(value):
        _judge(ids, value, (), given)


def _judge(ids: _Ids, value: Any, path: tuple[str | int, ...], given: Given) -> None:
    """Raises ApiError for the first id in a value that stands at this path of a body or query."""
    if isinstance(value, dict):
        for name, inner in ids.members.items():
            if name in value and (inner.prefix or not isinstance(value[name], str)):
                _judge(inner, value[name], (*path, name), given)
    elif isinstance(value, str):
        if ids.prefix and not _plain(ids.prefix).fullmatch(value):
            from emulator.sandbox.json_schema import dotted

            if error := _error_unless_given(ids.prefix, value, dotted(path), given):
                raise error
    elif isinstance(value, list) and ids.items:
        for number, one in enumerate(value):
            _judge(ids.items, one, (*path, number), given)


@functools.cache
def _ids_of(part: str, operation: str) -> _Ids | None:
    whole = schema(part, operation)
    return None if whole is None else _read(whole, whole["$defs"], ())


def _read(node: Any, definitions: Mapping[str, Any], inside: tuple[str, ...]) -> _Ids | None:
    """Where a value of this schema holds ids. ``inside``: the definitions that lead here."""
    if not isinstance(node, dict):
        return None
    if "x-id" in node:
        return _Ids(node["x-id"], {}, None)
    members: dict[str, _Ids] = {}
    for name, inner in node.get("properties", {}).items():
        if found := _read(inner, definitions, inside):
            members[name] = found
    items = _read(node.get("items"), definitions, inside)
    parts = [*node.get("allOf", ()), node.get("then"), node.get("else")]
    name = node.get("$ref", "").rpartition("/")[2]
    if name and name not in inside:
        inside = (*inside, name)
        parts.append(definitions[name])
    for found in filter(None, (_read(one, definitions, inside) for one in parts)):
        if found.prefix:
            return found
        members, items = {**members, **found.members}, items or found.items
    return _Ids("", members, items) if members or items else None
