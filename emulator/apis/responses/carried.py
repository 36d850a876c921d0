"""Which given assistants' configuration a request carries: on this API it is sent with every request.

An application that leaves the Assistants API has to send instructions, tools and vector stores itself. A turn for an
assistant fits only a request that does; a near miss says what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator

from emulator.base.json_types import Object
from emulator.scenarios.conditions import Configured
from emulator.world.state.state import State


def carried_assistants(world: State, instructions: str, tools: list[Object]) -> list[Configured]:
    """The given assistants of the world's scenarios, each with what the request lacks of its configuration."""
    return [
        Configured(item.get("id"), item.get("name"), list(_lacking(item, instructions, tools)))
        for item in _given_assistants(world)
    ]


def carried_assistant(world: State, instructions: str, tools: list[Object]) -> Object:
    """The first given assistant whose configuration a request carries as a whole; one without a name if there is none.

    Templates see it, as far as the scenario describes it.
    """
    found: Object = next(
        (item for item in _given_assistants(world) if not any(_lacking(item, instructions, tools))), {}
    )
    return {"id": "", "name": None, "description": None, "metadata": {}, **found}


def _given_assistants(world: State) -> Iterator[Object]:
    for scenario in world.scenarios:
        yield from scenario.given.get("assistants", [])


def _lacking(assistant: Object, instructions: str, tools: list[Object]) -> Iterator[str]:
    if (assistant.get("instructions") or "") not in instructions:
        yield "instructions"
    functions = {tool.get("name") for tool in tools if tool["type"] == "function"}
    kinds = {tool["type"] for tool in tools}
    for tool in assistant.get("tools") or []:
        if tool["type"] == "function" and tool["function"]["name"] not in functions:
            yield f"function {tool['function']['name']}"
        elif tool["type"] != "function" and tool["type"] not in kinds:
            yield f"tools.{tool['type']}"
    named = {id for tool in tools if tool["type"] == "file_search" for id in tool.get("vector_store_ids") or []}
    search = (assistant.get("tool_resources") or {}).get("file_search") or {}
    for id in search.get("vector_store_ids") or []:
        if id not in named:
            yield f"vector store {id}"
