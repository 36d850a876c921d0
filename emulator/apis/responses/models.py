"""Models on the Responses API: the snapshot that an alias stands for, and the defaults that depend on the model.

Responses name the snapshot, where Assistants echo the name as sent (recorded). Snapshots are a table, because no rule
leads to their dates; everything else follows from the family and the version in the name.
"""

from __future__ import annotations

import functools
from typing import Any, Final, NamedTuple

from emulator.apis.model_families import family
from emulator.base.json_types import Object

#: Recorded, except those of o1, o3 and the models before gpt-4o: documented.
_SNAPSHOTS: Final = {
    "computer-use-preview": "computer-use-preview-2025-03-11",
    "gpt-3.5-turbo": "gpt-3.5-turbo-0125",
    "gpt-4": "gpt-4-0613",
    "gpt-4-turbo": "gpt-4-turbo-2024-04-09",
    "gpt-4.1": "gpt-4.1-2025-04-14",
    "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
    "gpt-4.1-nano": "gpt-4.1-nano-2025-04-14",
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-5": "gpt-5-2025-08-07",
    "gpt-5-mini": "gpt-5-mini-2025-08-07",
    "gpt-5-nano": "gpt-5-nano-2025-08-07",
    "gpt-5.1": "gpt-5.1-2025-11-13",
    "gpt-5.2": "gpt-5.2-2025-12-11",
    "gpt-5.4": "gpt-5.4-2026-03-05",
    "gpt-5.5": "gpt-5.5-2026-04-23",
    "gpt-5.6": "gpt-5.6-sol",
    "o1": "o1-2024-12-17",
    "o3": "o3-2025-04-16",
    "o3-mini": "o3-mini-2025-01-31",
    "o4-mini": "o4-mini-2025-04-16",
}


class ModelDefaults(NamedTuple):
    """What a response shows where the request says nothing.

    ``reasoning``: the response's key of that name, in its key order.
    ``has_phase``: whether messages of the assistant have ``phase``.
    """

    reasoning: Object
    top_p: float
    prompt_cache_retention: str
    has_phase: bool


def resolved(name: str) -> str:
    """The snapshot of an alias; any other name is its own."""
    return _SNAPSHOTS.get(name, name)


@functools.lru_cache(maxsize=256)
def defaults(name: str) -> ModelDefaults:
    """The defaults of a model, by its name or alias; those of gpt-4o for an unknown name."""
    version = _version(name)
    return ModelDefaults(
        reasoning=_reasoning(name, version),
        top_p=0.98 if version >= (5, 2) else 1.0,
        prompt_cache_retention="24h" if version >= (5, 2) else "in_memory",
        has_phase=version >= (5, 4) or (version == (5, 3) and "codex" in name),
    )


@functools.lru_cache(maxsize=256)
def can_reason(name: str) -> bool:
    """Whether a model has settings for reasoning."""
    return family(name).reasons


def reasoning(name: str, requested: Object | None) -> Object:
    """The key ``reasoning`` of a response. ``requested``: that of the request, whose nulls mean the default.

    ``auto`` comes back as the value that it stands for. ``generate_summary`` is an older name of ``summary``.
    """
    shown: dict[str, Any] = {**defaults(name).reasoning}
    given = {key: value for key, value in (requested or {}).items() if value is not None}
    summary = given.pop("generate_summary", None)
    if summary and "summary" not in given:
        given["summary"] = summary
    if given.get("summary") == "auto":
        given["summary"] = "detailed"
    if given.get("context") == "auto":
        del given["context"]
    shown.update(given)
    return {key: shown[key] for key in sorted(shown)}


def _version(name: str) -> tuple[int, int]:
    """The version of a GPT; (0, 0) for every other model."""
    found = family(name)
    return found.version if found.series == "gpt" else (0, 0)


def _reasoning(name: str, version: tuple[int, int]) -> Object:
    if not can_reason(name):
        return {"context": None, "effort": None, "summary": None}
    return {
        "context": "all_turns" if version >= (5, 6) else "current_turn",
        "effort": family(name).default_effort,
        "mode": "standard",
        "summary": None,
    }
