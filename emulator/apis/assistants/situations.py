"""What conditions and steps see of a run, free of the API's form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.base.json_types import Object
from emulator.scenarios.conditions import Situation
from emulator.scenarios.steps.tool import Tool


def situation_of(
    message: str, run: Mapping[str, Any], assistant: Mapping[str, Any], thread: Mapping[str, Any], number: int
) -> Situation:
    """What conditions are compared with: a run, the ``number``-th of its thread, and what it was created on.

    Of the run's tools only names are read: a recorded run need not show more of them.
    """
    return Situation(
        message=message,
        instructions=run["instructions"] or "",
        model=run["model"],
        tools=[_name(tool) for tool in run["tools"]],
        assistant=assistant,
        thread=thread,
        metadata=run["metadata"],
        run=number,
    )


def tools_of(run: Mapping[str, Any]) -> list[Tool]:
    """The run's tools, free of the API's form."""
    return [_tool(tool) for tool in run["tools"]]


def _name(tool: Object) -> str:
    name: str = tool["function"]["name"] if tool["type"] == "function" else tool["type"]
    return name


def _tool(tool: Object) -> Tool:
    kind = tool["type"]
    if kind == "function":
        return Tool(kind, _name(tool), tool["function"]["parameters"])
    if kind == "file_search":
        options = tool.get("file_search") or {}
        threshold = options.get("ranking_options", {}).get("score_threshold", 0.0)
        return Tool(kind, kind, limit=options.get("max_num_results", 20), threshold=threshold)
    return Tool(kind, kind, hosted_names=() if kind == "code_interpreter" else _hosted_names(tool))


def _hosted_names(tool: Object) -> tuple[str, ...]:
    """What a tool that Foundry runs itself is called: its kind, its server, or the functions that it declares."""
    kind = tool["type"]
    details = _object(tool.get(kind))
    names = [kind, tool.get("server_label"), details.get("name"), _object(details.get("function")).get("name")]
    return tuple(name for name in names if isinstance(name, str))


def _object(value: Any) -> Object:
    return value if isinstance(value, dict) else {}
