"""What only Foundry's answers have (docs/wire.md §6), taken out: no published schema describes it."""

from __future__ import annotations

from typing import Any, Final

_PUBLISHED: Final = frozenset({"code_interpreter", "function", "file_search"})


def as_openai(value: Any) -> Any:
    """A part of an answer without the tools, resources and sources that Foundry alone has."""
    if isinstance(value, list):
        return [as_openai(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: _KEYS.get(key, as_openai)(inner) for key, inner in value.items()}


def _tools(tools: Any) -> Any:
    return [tool for tool in tools if tool["type"] in _PUBLISHED] if isinstance(tools, list) else tools


def _resources(resources: Any) -> Any:
    return {kind: inner for kind, inner in resources.items() if kind in _PUBLISHED}


def _choice(choice: Any) -> Any:
    return choice if isinstance(choice, str) or choice["type"] in _PUBLISHED else "auto"


def _attachments(attachments: Any) -> Any:
    return [one for one in attachments if "data_source" not in one]


_KEYS: Final = {
    "tools": _tools,
    "tool_resources": _resources,
    "tool_choice": _choice,
    "attachments": _attachments,
}
