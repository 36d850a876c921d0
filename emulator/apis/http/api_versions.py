"""What a version of Azure's or Foundry's API did not have yet (docs/wire.md §6). The emulator answers all the same.

Azure's versions are dates. Assistants, vector stores and responses came in previews, and no version without
``-preview`` had them until Azure's v1, which has no date.
"""

from __future__ import annotations

import functools
import re
from typing import Final, Literal

from emulator.apis.http.flavours import FOUNDRY, Flavour
from emulator.base.operations import Operation
from emulator.base.problems import Problem
from emulator.world.state.state import State

Feature = Literal["assistants", "vector_stores", "responses"]

#: Azure's first preview that had a feature.
_FIRST: Final[dict[Feature, str]] = {
    "assistants": "2024-02-15",
    "vector_stores": "2024-05-01",
    "responses": "2025-03-01",
}
#: Azure's first preview of version 2 of the Assistants API, and its last preview before v1.
_VERSION_2: Final = "2024-05-01"
_LAST_DATED: Final = "2025-04-01"
#: Foundry's dated versions that had Assistants, as far as they are known.
_OF_FOUNDRY: Final = frozenset({"2024-07-01-preview", "2024-12-01-preview", "2025-05-01", "2025-05-15-preview"})

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")
_NOUNS: Final[dict[Feature, str]] = {
    "assistants": "the Assistants API",
    "vector_stores": "vector stores",
    "responses": "the Responses API",
}


def warn_of_version(world: State, version: str, flavour: Flavour, operation: Operation) -> None:
    """Warns, once in a world, of a version that did not have what a request wants."""
    feature = feature_of(operation)
    if feature and (why := concern(version, flavour, feature)):
        world.warn(Problem("api_version", why))


def feature_of(operation: Operation) -> Feature | None:
    """What a version has to have for an operation; None for what every version had."""
    if operation.heading == "vector_stores":
        return "vector_stores"
    return None if operation.api == "files" else operation.api


@functools.lru_cache(maxsize=256)
def concern(version: str, flavour: Flavour, feature: Feature) -> str | None:
    """Why the service would not have answered, or not so, in a sentence; None if nothing speaks against it."""
    if not _DATE.fullmatch(version):
        return None
    if flavour in FOUNDRY:
        known = feature == "responses" or version in _OF_FOUNDRY
        return None if known else f"api-version {version} is none of Foundry's that are known to have {_NOUNS[feature]}"
    date, is_preview = version[:10], version.endswith("-preview")
    if not is_preview or date < _FIRST[feature]:
        return (
            f"api-version {version} of Azure did not have {_NOUNS[feature]}: the service answered 404 'Resource not "
            f"found'; the first that had is {_FIRST[feature]}-preview"
        )
    if feature == "assistants" and date < _VERSION_2:
        return (
            f"api-version {version} of Azure had version 1 of the Assistants API; the emulator answers as version 2, "
            f"which came with {_VERSION_2}-preview"
        )
    if date > _LAST_DATED:
        return f"api-version {version} is none of Azure's that are known; the last is {_LAST_DATED}-preview"
    return None
