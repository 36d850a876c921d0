"""LlamaIndex: an agent whose model is on the Responses API, with functions, streams and a memory."""

from __future__ import annotations

import asyncio
from typing import Any

from llama_index.core.agent.workflow import AgentStream, FunctionAgent, ToolCallResult
from llama_index.core.llms import ChatMessage
from llama_index.core.workflow import Context
from llama_index.llms.openai import OpenAIResponses

from .shared import AGAIN, CITIES, CLOTHES, EQUATION, HELLO, RECIPE, SOUP, STORE, Recipe, degrees, tell


def get_weather(city: str) -> str:
    """How warm it is in a city."""
    return degrees(city)


def make_model(model: str = "gpt-4o", **more: Any) -> Any:
    return OpenAIResponses(model=model, **more)


def make_agent(model: Any, **more: Any) -> Any:
    return FunctionAgent(llm=model, system_prompt="Be brief.", **{"tools": [get_weather], **more})


async def ask(agent: Any, question: str) -> dict[str, Any]:
    """An agent streams its model."""
    handler = agent.run(question)
    words: list[str] = []
    called: list[Any] = []
    async for event in handler.stream_events():
        if isinstance(event, AgentStream) and event.delta:
            words.append(event.delta)
        elif isinstance(event, ToolCallResult):
            called.append([event.tool_name, event.tool_kwargs, event.tool_output.content])
    return {"called": called, "words": words, "output": str(await handler)}


async def conversations() -> dict[str, list[str]]:
    """An agent's memory, the history that the client keeps, and the previous response."""
    agent = make_agent(make_model(), tools=[], streaming=False)
    context = Context(agent)
    memory = [str(await agent.run(question, ctx=context)) for question in (HELLO, AGAIN)]
    model = make_model()
    messages = [ChatMessage(role="user", content=HELLO)]
    first = model.chat(messages).message
    second = model.chat([*messages, first, ChatMessage(role="user", content=AGAIN)]).message
    tracking = make_model(track_previous_responses=True)
    chain = [tracking.chat([ChatMessage(role="user", content=one)]).message.content for one in (HELLO, AGAIN)]
    return {"memory": memory, "history": [first.content, second.content], "chain": chain}


async def unstored() -> dict[str, Any]:
    """Nothing is stored; an agent brings its calls and outputs back, and leaves the reasoning out."""
    model = make_model("gpt-5", store=False, include=["reasoning.encrypted_content"])
    return await ask(make_agent(model), CLOTHES)


def hosted() -> dict[str, Any]:
    """A search, then code in a stream, then a turn that brings the answers back."""
    search = {"type": "file_search", "vector_store_ids": [STORE]}
    code = {"type": "code_interpreter", "container": {"type": "auto"}}
    model = make_model(built_in_tools=[search, code], include=["file_search_call.results"])
    messages = [ChatMessage(role="user", content=SOUP)]
    found = model.chat(messages)
    messages += [found.message, ChatMessage(role="user", content=EQUATION)]
    *_, solved = model.stream_chat(messages)
    messages += [solved.message, ChatMessage(role="user", content=AGAIN)]
    again = model.chat(messages)
    return {
        "called": [call.type for call in found.additional_kwargs["built_in_tool_calls"]],
        "cited": [note.filename for note in found.additional_kwargs["annotations"]],
        "outputs": [response.message.content for response in (found, solved, again)],
    }


def structured() -> dict[str, Any]:
    recipe: dict[str, Any] = make_model().as_structured_llm(Recipe).complete(RECIPE).raw.model_dump()
    return recipe


async def main() -> None:
    tell(
        {
            "functions": await ask(make_agent(make_model(), streaming=False), CITIES),
            "streamed": await ask(make_agent(make_model()), CITIES),
            "conversations": await conversations(),
            "unstored": await unstored(),
            "hosted": hosted(),
            "structured": structured(),
        }
    )


if __name__ == "__main__":
    asyncio.run(main())
