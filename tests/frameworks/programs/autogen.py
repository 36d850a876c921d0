"""AutoGen: an assistant as a participant of a chat, with functions, files, state and reset."""

from __future__ import annotations

import asyncio
from typing import Any

from autogen_agentchat.messages import TextMessage
from autogen_core import CancellationToken
from autogen_ext.agents.openai import OpenAIAssistantAgent
from openai import AsyncOpenAI

from .shared import CITIES, SOUP, degrees, menu, tell


async def get_weather(city: str) -> str:
    """How warm it is in a city."""
    return degrees(city)


def make_agent(client: AsyncOpenAI, *tools: Any, **more: Any) -> Any:
    return OpenAIAssistantAgent(
        name="guide",
        description="A guide",
        client=client,
        model="gpt-4o",
        instructions="Be brief.",
        tools=tools,
        **more,
    )


async def ask(agent: Any, question: str) -> tuple[list[str], str]:
    """The kinds of events on the way to an answer, and the answer."""
    kinds: list[str] = []
    message = TextMessage(source="user", content=question)
    async for event in agent.on_messages_stream([message], CancellationToken()):
        kinds.append(type(event).__name__)
    return kinds, event.chat_message.content


async def functions(client: AsyncOpenAI) -> list[Any]:
    return [*await ask(make_agent(client, get_weather), CITIES)]


async def conversation(client: AsyncOpenAI) -> dict[str, Any]:
    """An agent that is saved, loaded and reset: it forgets what came after it was loaded."""
    agent = make_agent(client)
    _, first = await ask(agent, "Hello")
    state = await agent.save_state()
    restored = make_agent(client)
    await restored.load_state(state)
    _, second = await ask(restored, "Hello")
    before = await count(client.beta.threads.messages.list(state["thread_id"]))
    await restored.on_reset(CancellationToken())
    after = await count(client.beta.threads.messages.list(state["thread_id"]))
    await agent.delete_assistant(CancellationToken())
    return {"answers": [first, second], "messages before and after a reset": [before, after]}


async def count(pages: Any) -> int:
    return len([item async for item in pages])


async def file_search(client: AsyncOpenAI) -> dict[str, Any]:
    agent, token = make_agent(client, "file_search", "code_interpreter"), CancellationToken()
    await agent.on_upload_for_file_search(menu(), token)
    await agent.on_upload_for_code_interpreter(menu(), token)
    _, answer = await ask(agent, SOUP)
    stored = [
        file.status async for file in client.vector_stores.files.list((await agent.save_state())["vector_store_id"])
    ]
    await agent.delete_uploaded_files(token)
    await agent.delete_vector_store(token)
    return {"stored": stored, "answer": answer, "files left": [file.id async for file in client.files.list()]}


async def play() -> dict[str, Any]:
    async with AsyncOpenAI() as client:
        return {
            "functions": await functions(client),
            "conversation": await conversation(client),
            "file search": await file_search(client),
        }


if __name__ == "__main__":
    tell(asyncio.run(play()))
