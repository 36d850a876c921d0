"""What the parameters of a request bind the model to while its response is written."""

from __future__ import annotations

from typing import Final

from emulator.apis.responses.objects import Response
from emulator.base.json_types import Object
from emulator.scenarios.steps.bounds import Bounds, Use

#: Kinds of output items that are a use of a tool, with the tool's kind.
_TOOL_OF_ITEM: Final = {
    "function_call": "function",
    "file_search_call": "file_search",
    "code_interpreter_call": "code_interpreter",
}


def bounds_of(response: Response) -> Bounds | None:
    """``tool_choice``, ``parallel_tool_calls`` and ``max_tool_calls``; None for a response that none of them binds."""
    choice, most = response["tool_choice"], response["max_tool_calls"]
    if choice == "auto" and response["parallel_tool_calls"] and most is None:
        return None
    return Bounds(
        may_use=choice != "none",
        must_use=_must_use_tool(choice),
        allowed=_allowed(choice),
        is_parallel=response["parallel_tool_calls"],
        has=frozenset(tool["type"] for tool in response["tools"]),
        used=[_TOOL_OF_ITEM[item["type"]] for item in response["output"] if item["type"] in _TOOL_OF_ITEM],
        most=most,
    )


def _must_use_tool(choice: str | Object) -> bool:
    if isinstance(choice, str):
        return choice == "required"
    return choice["type"] != "allowed_tools" or choice.get("mode") == "required"


def _allowed(choice: str | Object) -> frozenset[Use] | None:
    """The tools that the choice lets the model use; None for all that the request has."""
    if isinstance(choice, str):
        return None
    named = choice.get("tools", []) if choice["type"] == "allowed_tools" else [choice]
    return frozenset((tool["type"], tool.get("name") or tool["type"]) for tool in named)
