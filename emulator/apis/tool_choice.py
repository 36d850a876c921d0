"""Whether a request has the tools that its ``tool_choice`` names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from emulator.apis.http.errors import ApiError
from emulator.base.json_types import Object

#: How the types of tools begin that have had several.
_FAMILIES: Final = ("web_search", "computer")


def check_tool_choice(choice: str | Object | None, tools: Iterable[Object]) -> None:
    """Raises ApiError for a tool that is named and not there; reported of the Responses API, inferred for runs."""
    if not isinstance(choice, dict):
        return
    known = {_identity(tool) for tool in tools}
    known |= {("mcp", None) for kind, _ in known if kind == "mcp"}  # any of the servers
    for named in choice.get("tools", ()) if choice["type"] == "allowed_tools" else [choice]:
        if (identity := _identity(named)) not in known:
            shown = identity[1] or named["type"]
            raise ApiError(400, f"Tool choice '{shown}' not found in 'tools' parameter.", param="tool_choice")


def _identity(tool: Object) -> tuple[str, str | None]:
    """Its type, and what tells it from others of that type: its name, or an MCP server's label.

    The types of web search, and of the computer, stand for one another (recorded: a choice of ``web_search_preview``
    with the tool ``web_search``).
    """
    kind = tool["type"]
    if kind.startswith("web_search"):
        return "web_search", None  # the service takes web_search_preview for web_search, with any date
    if kind == "mcp":
        return kind, _text(tool.get("server_label"))
    function = tool.get("function")
    name = _text((function if isinstance(function, dict) else tool).get("name"))
    return next((one for one in _FAMILIES if kind.startswith(one)), kind), name


def _text(value: object) -> str | None:
    """A name. Of hosted tools no schema is published, so anything may stand there."""
    return value if isinstance(value, str) else None
