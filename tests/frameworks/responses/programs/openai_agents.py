"""OpenAI's Agents SDK: agents with functions and a colleague, streams, sessions and structured output."""

from __future__ import annotations

import asyncio
from typing import Any

from agents import (
    Agent,
    CodeInterpreterTool,
    FileSearchTool,
    ModelSettings,
    OpenAIConversationsSession,
    Runner,
    SQLiteSession,
    function_tool,
    set_tracing_disabled,
)
from openai.types.responses import ResponseTextDeltaEvent

from .shared import AGAIN, CITIES, CLOTHES, EQUATION, HELLO, RECIPE, SOUP, STORE, Recipe, degrees, tell


@function_tool
def get_weather(city: str) -> str:
    """How warm it is in a city."""
    return degrees(city)


def make_agent(**more: Any) -> Any:
    return Agent(name="Guide", instructions="Be brief.", **{"model": "gpt-4o", "tools": [get_weather], **more})


async def streamed(question: str, agent: Any) -> dict[str, Any]:
    result = Runner.run_streamed(agent, question)
    words: list[str] = []
    items: list[str] = []
    async for event in result.stream_events():
        if event.type == "raw_response_event" and isinstance(event.data, ResponseTextDeltaEvent):
            words.append(event.data.delta)
        elif event.type == "run_item_stream_event":
            items.append(event.item.type)
    return {"words": words, "items": items, "output": result.final_output}


def _said(item: Any) -> list[str]:
    return [item["role"], item["content"][0]["text"]]


async def conversations() -> dict[str, list[Any]]:
    """The history that the client keeps, the previous response, a session here, and one on the server."""
    agent = make_agent(tools=[])
    first = await Runner.run(agent, HELLO)
    history = await Runner.run(agent, [*first.to_input_list(), {"role": "user", "content": AGAIN}])
    chain = await Runner.run(agent, AGAIN, previous_response_id=first.last_response_id)
    session = SQLiteSession("ada")
    in_session = [await Runner.run(agent, question, session=session) for question in (HELLO, AGAIN)]
    server = OpenAIConversationsSession()
    on_server = [await Runner.run(agent, question, session=server) for question in (HELLO, AGAIN)]
    return {
        "history": [first.final_output, history.final_output],
        "chain": [chain.final_output],
        "session": [result.final_output for result in in_session],
        "conversation": [result.final_output for result in on_server],
        "items": [_said(item) for item in await server.get_items()],
    }


async def unstored() -> dict[str, Any]:
    """Nothing is stored, so the encrypted reasoning goes back with the outputs."""
    settings = ModelSettings(store=False, response_include=["reasoning.encrypted_content"])
    result = await Runner.run(make_agent(model="gpt-5", model_settings=settings), CLOTHES)
    return {"items": [item.type for item in result.new_items], "output": result.final_output}


async def handoff() -> dict[str, Any]:
    cook = make_agent(tools=[]).clone(name="Cook")
    result = await Runner.run(make_agent(handoffs=[cook]), "What is for dinner?")
    return {"last": result.last_agent.name, "output": result.final_output}


async def hosted() -> dict[str, Any]:
    """A search, then code in a stream, then a turn that brings both back."""
    search = FileSearchTool(vector_store_ids=[STORE], include_search_results=True)
    code = CodeInterpreterTool({"type": "code_interpreter", "container": {"type": "auto"}})
    agent = make_agent(tools=[search, code])
    found = await Runner.run(agent, SOUP)
    solved = Runner.run_streamed(agent, [*found.to_input_list(), {"role": "user", "content": EQUATION}])
    async for _ in solved.stream_events():
        pass
    again = await Runner.run(agent, [*solved.to_input_list(), {"role": "user", "content": AGAIN}])
    raw = [item.raw_item for item in [*found.new_items, *solved.new_items]]
    searches = [item for item in raw if item.type == "file_search_call"]
    parts = [part for item in raw if item.type == "message" for part in item.content]
    return {
        "items": [item.type for item in raw],
        "results": [[one.filename, one.text] for item in searches for one in item.results],
        "code": [item.code for item in raw if item.type == "code_interpreter_call"],
        "cited": [note.filename for part in parts for note in part.annotations],
        "outputs": [found.final_output, solved.final_output, again.final_output],
    }


async def structured() -> dict[str, Any]:
    result = await Runner.run(make_agent(tools=[], output_type=Recipe), RECIPE)
    recipe: dict[str, Any] = result.final_output.model_dump()
    return recipe


async def main() -> None:
    set_tracing_disabled(True)
    tell(
        {
            "functions": (await Runner.run(make_agent(), CITIES)).final_output,
            "streamed": await streamed(CITIES, make_agent()),
            "conversations": await conversations(),
            "unstored": await unstored(),
            "hosted": await hosted(),
            "handoff": await handoff(),
            "structured": await structured(),
        }
    )


if __name__ == "__main__":
    asyncio.run(main())
