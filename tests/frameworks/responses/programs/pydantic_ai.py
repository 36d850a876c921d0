"""Pydantic AI: an agent with functions, streams, a history of messages and structured output."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic_ai import Agent, NativeOutput
from pydantic_ai.capabilities import NativeTool
from pydantic_ai.models.openai import OpenAIResponsesModel, OpenAIResponsesModelSettings
from pydantic_ai.native_tools import CodeExecutionTool, FileSearchTool

from .shared import AGAIN, CITIES, CLOTHES, EQUATION, HELLO, RECIPE, SOUP, STORE, Recipe, degrees, tell

CALL = "builtin-tool-call"


def get_weather(city: str) -> str:
    """How warm it is in a city."""
    return degrees(city)


def make_agent(model: str = "gpt-4o", **more: Any) -> Any:
    return Agent(OpenAIResponsesModel(model), instructions="Be brief.", **{"tools": [get_weather], **more})


async def functions() -> dict[str, Any]:
    result = await make_agent().run(CITIES)
    parts = [part.part_kind for message in result.all_messages() for part in message.parts]
    return {"parts": parts, "output": result.output}


async def streamed() -> dict[str, Any]:
    async with make_agent().run_stream(CITIES) as result:
        words = [word async for word in result.stream_text(delta=True, debounce_by=None)]
        usage = result.usage() if callable(result.usage) else result.usage
    return {"words": words, "requests": usage.requests}


async def conversations() -> dict[str, list[str]]:
    """The history that the client keeps, and the previous response."""
    agent = make_agent(tools=[])
    first = await agent.run(HELLO)
    second = await agent.run(AGAIN, message_history=first.all_messages())
    settings = OpenAIResponsesModelSettings(openai_previous_response_id="auto")
    chained = make_agent(tools=[], model_settings=settings)
    stored = await chained.run(HELLO)
    chain = await chained.run(AGAIN, message_history=stored.all_messages())
    return {"history": [first.output, second.output], "chain": [stored.output, chain.output]}


async def unstored() -> dict[str, Any]:
    """Nothing is stored, so the encrypted reasoning goes back with the outputs."""
    settings = OpenAIResponsesModelSettings(openai_store=False)
    result = await make_agent("gpt-5", model_settings=settings).run(CLOTHES)
    parts = [part.part_kind for message in result.all_messages() for part in message.parts]
    return {"parts": parts, "output": result.output}


async def hosted() -> dict[str, Any]:
    """A search, then code in a stream, then a turn that brings the answers back."""
    search, code = FileSearchTool(file_store_ids=[STORE]), CodeExecutionTool()
    settings = OpenAIResponsesModelSettings(openai_include_file_search_results=True)
    agent = make_agent(tools=[], capabilities=[NativeTool(search), NativeTool(code)], model_settings=settings)
    found = await agent.run(SOUP)
    async with agent.run_stream(EQUATION, message_history=found.all_messages()) as solved:
        output = await solved.get_output()
    again = await agent.run(AGAIN, message_history=solved.all_messages())
    parts = [part for message in solved.all_messages() for part in message.parts]
    return {
        "parts": [part.part_kind for part in parts],
        "called": [[part.tool_name, *sorted(part.args_as_dict())] for part in parts if part.part_kind == CALL],
        "results": [
            [one["filename"], one["text"]]
            for part in parts
            if part.part_kind == "builtin-tool-return" and isinstance(part.content, dict)
            for one in part.content.get("results") or []
        ],
        "outputs": [found.output, output, again.output],
    }


async def structured() -> dict[str, Any]:
    result = await make_agent(tools=[], output_type=NativeOutput(Recipe)).run(RECIPE)
    recipe: dict[str, Any] = result.output.model_dump()
    return recipe


async def main() -> None:
    tell(
        {
            "functions": await functions(),
            "streamed": await streamed(),
            "conversations": await conversations(),
            "unstored": await unstored(),
            "hosted": await hosted(),
            "structured": await structured(),
        }
    )


if __name__ == "__main__":
    asyncio.run(main())
