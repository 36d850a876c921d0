"""The flavours of the service, told by a request's address (docs/wire.md §6): OpenAI, Azure OpenAI, Azure AI Foundry.

Azure's paths are below ``/openai``, those of its v1 below ``/openai/v1``. Foundry's are below ``/api/projects/NAME``,
or below the long paths of hub-based projects; its clients take any other base too.
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

#: ``foundry``: a hub-based project, or any other base. ``foundry_project``: ``/api/projects/NAME``.
Flavour = Literal["openai", "azure", "foundry", "foundry_project"]

FOUNDRY: Final[frozenset[Flavour]] = frozenset({"foundry", "foundry_project"})

#: Seconds from a run's creation to its expiry (docs/wire.md §5).
RUN_LIFETIME: Final = 600
RUN_LIFETIMES: Final[dict[Flavour, int]] = {
    "openai": RUN_LIFETIME,
    "azure": RUN_LIFETIME,
    "foundry": RUN_LIFETIME,
    "foundry_project": 1800,
}

_VERSION_PARAMETER: Final = b"api-version="

#: Bases in their order: a project is found before ``openai`` below it. What matches is the base.
_BASES: Final[tuple[tuple[re.Pattern[str], Flavour], ...]] = (
    (re.compile(r"(?:/[^/]+)*?/api/projects/[^/]+(?:/openai(?:/v1)?)?(?=/)"), "foundry_project"),
    (re.compile(r"(?:/[^/]+)*?/agents/v1\.0/(?:[^/]+/)+?workspaces/[^/]+(?=/)"), "foundry"),
    (re.compile(r"(?:/[^/]+)*?/openai(?:/v1)?(?=/)"), "azure"),
    (re.compile(r"/v1(?=/)"), "azure"),
)


class Base(NamedTuple):
    """The part of a path that says whose API it is. ``length``: None for one that no known base begins.

    ``needs_version``: ``api-version`` is not optional.
    """

    flavour: Flavour
    length: int | None
    needs_version: bool = True


#: By far the most requests are for this one.
_OPENAI: Final = Base("openai", len("/v1"), needs_version=False)


def base_of(path: str, query: bytes) -> Base:
    """The base of a request's raw path. ``/v1/…`` without a version is OpenAI's."""
    has_version = _VERSION_PARAMETER in query
    if path.startswith("/v1/") and not has_version:
        return _OPENAI
    for pattern, flavour in _BASES:
        if found := pattern.match(path):
            is_v1 = found[0].endswith("/openai/v1")
            return Base(flavour, found.end(), needs_version=not is_v1)
    return Base("foundry" if has_version else "openai", None)
