"""How the service echoes the tools of assistants and runs."""

from __future__ import annotations

from typing import Final

from emulator.apis.files.objects import RANKING_DEFAULTS
from emulator.base.json_types import Object

_FUNCTION_PARAMETERS: Final[Object] = {"type": "object", "properties": {}}


def echo_tools(tools: list[Object]) -> list[Object]:
    """Tools as the service echoes them: defaults filled in, keys in its order. Those of Foundry's own come as sent."""
    return [_echo_tool(tool) for tool in tools]


def _echo_tool(tool: Object) -> Object:
    if tool["type"] == "function":
        sent = tool["function"]
        function = {"name": sent["name"], "description": sent.get("description")}
        if "description" not in sent:
            del function["description"]
        function["parameters"] = sent.get("parameters") or _FUNCTION_PARAMETERS
        function["strict"] = bool(sent.get("strict"))
        return {"type": "function", "function": function}
    if tool["type"] == "file_search":
        sent = tool.get("file_search") or {}
        limit = {"max_num_results": sent["max_num_results"]} if "max_num_results" in sent else {}
        ranking = {**RANKING_DEFAULTS, **(sent.get("ranking_options") or {})}
        ranking["score_threshold"] = float(ranking["score_threshold"])
        return {"type": "file_search", "file_search": {**limit, "ranking_options": ranking}}
    return {"type": tool["type"]} if tool["type"] == "code_interpreter" else dict(tool)
