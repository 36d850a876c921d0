"""Our JSON Schemas of what each operation takes: bodies, queries and forms (``schemas/requests.json``).

The validator of requests decides by them, the scenario language builds ``given`` from them, and the OpenAPI document
publishes them.
"""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import Any

import orjson

#: A JSON Schema.
Schema = dict[str, Any]


@functools.cache
def document() -> Schema:
    """All of them: ``bodies``, ``queries`` and ``forms`` by operation, and the ``$defs`` that they share."""
    read: Schema = orjson.loads(files("emulator.base").joinpath("schemas/requests.json").read_bytes())
    return read


@functools.cache
def schema(part: str, operation: str) -> Schema | None:
    """The schema of an operation's ``bodies``, ``queries`` or ``forms``, with ``$defs``; None if it takes none."""
    all_of_them = document()
    found = all_of_them[part].get(operation)
    return None if found is None else {"$defs": all_of_them["$defs"], **found}


def shared_schemas() -> dict[str, Schema]:
    """The schemas that those of the operations refer to, by name."""
    shared: dict[str, Schema] = document()["$defs"]
    return shared
