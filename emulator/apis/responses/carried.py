"""Which given assistants' configuration a request carries: on this API it is sent with every request.

An application that leaves the Assistants API has to send instructions, tools and vector stores itself. A turn for an
assistant fits only a request that does; a near miss says what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from emulator.base.json_types import Object
from emulator.sandbox.patterns import TooSlow
from emulator.scenarios.conditions import Configured, fits
from emulator.scenarios.model import Turn
from emulator.world.state.state import State
from emulator.world.state.transcript import Transcript

#: What templates see where a request carries no assistant.
_NAMELESS: Final[Object] = {"id": "", "name": None, "description": None, "metadata": {}}


def carried_assistants(world: State, instructions: str, tools: list[Object]) -> tuple[list[Configured], Object]:
    """The given assistants of the world's scenarios, each with what the request lacks of its configuration.

    The second value is the first one of which it lacks nothing, as far as the scenario describes it: templates see it.
    It has no name if there is none.
    """
    given = [one for scenario in world.scenarios for one in scenario.given.get("assistants", ())]
    carried = [_configured(one, instructions, tools) for one in given]
    for assistant, found in zip(given, carried, strict=True):
        if not found.missing:
            return carried, {**_NAMELESS, **assistant}
    return carried, _NAMELESS


def note_carried(transcript: Transcript, turn: Turn, assistants: Sequence[Configured]) -> None:
    """The transcript says how much of an assistant's configuration a request carries.

    The assistant is the one that the turn is for; without one it is that of which the least is missing.
    """
    pattern = turn.when.get("assistant")
    named = [one for one in assistants if _is_named(one, pattern)] if pattern is not None else []
    if found := min(named or assistants, key=lambda one: len(one.missing), default=None):
        transcript.carry(found.name or found.id, found.parts, found.missing)


def _is_named(assistant: Configured, pattern: str | Object) -> bool:
    whole = {"equals": pattern} if isinstance(pattern, str) else pattern
    try:
        return any(fits(whole, name) for name in (assistant.id, assistant.name) if name is not None)
    except TooSlow:
        return False


def _configured(assistant: Object, instructions: str, tools: list[Object]) -> Configured:
    parts = _parts(assistant, instructions, tools)
    missing = [part for part, is_there in parts.items() if not is_there]
    return Configured(assistant.get("id"), assistant.get("name"), missing, list(parts))


def _parts(assistant: Object, instructions: str, tools: list[Object]) -> dict[str, bool]:
    """The parts of the configuration, each with True if the request has it."""
    parts: dict[str, bool] = {}
    if stated := assistant.get("instructions"):
        parts["instructions"] = stated in instructions
    if given := assistant.get("tools"):
        functions = {tool.get("name") for tool in tools if tool["type"] == "function"}
        kinds = {tool["type"] for tool in tools}
        for tool in given:
            if tool["type"] == "function":
                parts[f"function {tool['function']['name']}"] = tool["function"]["name"] in functions
            else:
                parts[f"tools.{tool['type']}"] = tool["type"] in kinds
    if resources := assistant.get("tool_resources"):
        named = {id for tool in tools if tool["type"] == "file_search" for id in tool.get("vector_store_ids") or ()}
        for id in (resources.get("file_search") or {}).get("vector_store_ids") or ():
            parts[f"vector store {id}"] = id in named
    return parts
