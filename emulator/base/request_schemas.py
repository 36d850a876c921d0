"""Our JSON Schemas of what each operation takes: bodies, queries and forms (``schemas/``, a file for each API).

The validator of requests decides by them, the scenario language builds ``given`` from them, and the OpenAPI document
publishes them.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, Final

import orjson

from emulator.base.operations import BY_NAME

#: A JSON Schema.
Schema = dict[str, Any]


#: The file of each API; ``files`` shares that of ``assistants``.
_FILES: Final = {"assistants": "requests.json", "files": "requests.json", "responses": "responses.json"}


@functools.cache
def document(api: str = "assistants") -> Schema:
    """The schemas of one API: ``bodies``, ``queries`` and ``forms`` by operation, and the ``$defs`` that they share."""
    read: Schema = orjson.loads(Path(__file__).with_name("schemas").joinpath(_FILES[api]).read_bytes())
    return read


@functools.cache
def schema(part: str, operation: str) -> Schema | None:
    """The schema of an operation's ``bodies``, ``queries`` or ``forms``, with ``$defs``; None if it takes none."""
    of_its_api = document(BY_NAME[operation].api)
    found = of_its_api[part].get(operation)
    return None if found is None else {"$defs": of_its_api["$defs"], **found}


def shared_schemas(api: str = "assistants") -> dict[str, Schema]:
    """The schemas that those of an API's operations refer to, by name."""
    shared: dict[str, Schema] = document(api)["$defs"]
    return shared
