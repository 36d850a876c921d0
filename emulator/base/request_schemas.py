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


#: What Azure AI Foundry takes beyond that: a JSON Merge Patch (RFC 7396) of the schemas of ``assistants``.
_FOUNDRY: Final = "foundry.json"


@functools.cache
def document(api: str = "assistants", *, foundry: bool = False) -> Schema:
    """The schemas of one API: ``bodies``, ``queries`` and ``forms`` by operation, and the ``$defs`` that they share."""
    if foundry and _FILES[api] == _FILES["assistants"]:
        patched: Schema = _patched(document(), _read(_FOUNDRY))
        return patched
    return _read(_FILES[api])


def _read(name: str) -> Schema:
    read: Schema = orjson.loads(Path(__file__).with_name("schemas").joinpath(name).read_bytes())
    return read


def _patched(value: Any, patch: Any) -> Any:
    """A value as a JSON Merge Patch makes it: objects are merged, null removes, and anything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(value) if isinstance(value, dict) else {}
    for key, inner in patch.items():
        if inner is None:
            merged.pop(key, None)
        else:
            merged[key] = _patched(merged.get(key), inner)
    return merged


@functools.cache
def schema(part: str, operation: str, *, foundry: bool = False) -> Schema | None:
    """The schema of an operation's ``bodies``, ``queries`` or ``forms``, with ``$defs``; None if it takes none.

    ``foundry``: as Azure AI Foundry takes it.
    """
    of_its_api = document(BY_NAME[operation].api, foundry=foundry)
    found = of_its_api[part].get(operation)
    return None if found is None else {"$defs": of_its_api["$defs"], **found}


def shared_schemas(api: str = "assistants") -> dict[str, Schema]:
    """The schemas that those of an API's operations refer to, by name."""
    shared: dict[str, Schema] = document(api)["$defs"]
    return shared
