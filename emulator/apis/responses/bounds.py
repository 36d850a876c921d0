"""What the parameters of a request bind the model to: steps that break them are impossible.

``parallel_tool_calls``, ``max_tool_calls`` and ``tool_choice`` of the response that is being written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from emulator.apis.responses.objects import Response
from emulator.base.json_types import Object
from emulator.scenarios.steps.context import StepFailed
from emulator.scenarios.steps.step import Step

#: Kinds of output items that are a use of a tool, with the tool's kind.
_TOOL_OF_ITEM: Final = {
    "function_call": "function",
    "file_search_call": "file_search",
    "code_interpreter_call": "code_interpreter",
}
#: Steps by which a response uses a tool, or after which it need not come to one.
_MAY_STILL_USE_TOOL: Final = frozenset({"call", "code", "search", "fail", "incomplete", "expire"})


def check_tool_uses(response: Response, uses: Sequence[tuple[str, str]]) -> None:
    """Raises StepFailed (``impossible``) for uses of tools, kind and name, that the response's parameters rule out."""
    choice = response["tool_choice"]
    if choice == "none":
        raise StepFailed("impossible", f"the model cannot use {_names(uses)}: tool_choice is none")
    allowed = _allowed(choice)
    if allowed is not None and (others := [use for use in uses if use not in allowed]):
        raise StepFailed(
            "impossible", f"the model cannot use {_names(others)}: tool_choice allows only {_names(sorted(allowed))}"
        )
    if len(uses) > 1 and uses[0][0] == "function" and not response["parallel_tool_calls"]:
        raise StepFailed("impossible", f"the model cannot make {len(uses)} calls at once: parallel_tool_calls is false")
    _check_count(response, uses)


def _check_count(response: Response, uses: Sequence[tuple[str, str]]) -> None:
    """``max_tool_calls`` counts the uses of the service's own tools, not the calls of functions."""
    most = response["max_tool_calls"]
    if most is None:
        return
    before = [kind for kind in _tools_used(response) if kind != "function"]
    now = [kind for kind, _ in uses if kind != "function"]
    if now and len(before) + len(now) > most:
        raise StepFailed(
            "impossible", f"the model cannot use tools {len(before) + len(now)} times: max_tool_calls is {most}"
        )


def check_without_tool(response: Response, steps_to_come: Iterable[Step]) -> None:
    """Raises StepFailed (``impossible``) for a response that must use a tool, has used none, and never will."""
    if not _must_use_tool(response["tool_choice"]) or any(_tools_used(response)):
        return
    if any(step.kind in _MAY_STILL_USE_TOOL for step in steps_to_come):
        return
    allowed = _allowed(response["tool_choice"])
    kinds = {kind for kind, _ in allowed} if allowed else {tool["type"] for tool in response["tools"]}
    if kinds.isdisjoint(_TOOL_OF_ITEM.values()):
        return  # tools that no step uses, as web search
    required = _names(sorted(allowed)) if allowed else "a tool"
    raise StepFailed("impossible", f"the model has to use {required} before it is done: tool_choice requires it")


def _tools_used(response: Response) -> list[str]:
    return [_TOOL_OF_ITEM[item["type"]] for item in response["output"] if item["type"] in _TOOL_OF_ITEM]


def _must_use_tool(choice: str | Object) -> bool:
    if isinstance(choice, str):
        return choice == "required"
    return choice["type"] != "allowed_tools" or choice.get("mode") == "required"


def _allowed(choice: str | Object) -> set[tuple[str, str]] | None:
    """Kind and name of the tools that the choice lets the model use; None for all that the request has."""
    if isinstance(choice, str):
        return None
    named = choice.get("tools", []) if choice["type"] == "allowed_tools" else [choice]
    return {(tool["type"], tool.get("name") or tool["type"]) for tool in named}


def _names(uses: Iterable[tuple[str, str]]) -> str:
    return ", ".join(repr(name) for _, name in uses)
