"""Semantic Kernel: its assistant agents for OpenAI and for Azure, polled and streamed, with a plugin and files."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from typing import Any

from openai import AsyncAzureOpenAI
from semantic_kernel.agents import AssistantAgentThread, AzureAssistantAgent, OpenAIAssistantAgent
from semantic_kernel.agents.open_ai.run_polling_options import RunPollingOptions
from semantic_kernel.functions import kernel_function

from .shared import CITIES, SOUP, degrees, menu, tell

QUICK = RunPollingOptions(run_polling_interval=timedelta(milliseconds=1), run_polling_backoff=timedelta(milliseconds=1))


class Weather:
    """A plugin with one function."""

    @kernel_function(description="How warm it is in a city.")
    def get_weather(self, city: str) -> str:
        return degrees(city)


class Guide:
    """An agent, and what it did between a question and its answer."""

    def __init__(self, agent: Any) -> None:
        self.agent = agent
        self.between: list[str] = []

    async def note(self, message: Any) -> None:
        self.between += [item.content_type for item in message.items]

    async def ask(self, question: str, thread: Any = None) -> tuple[Any, list[str]]:
        said: list[str] = []
        async for response in self.agent.invoke(question, thread=thread, on_intermediate_message=self.note):
            said.append(str(response.content))
            thread = response.thread
        return thread, said

    async def hear(self, question: str, thread: Any = None) -> tuple[Any, list[str]]:
        """The same, streamed: the pieces of the answer."""
        said: list[str] = []
        async for response in self.agent.invoke_stream(question, thread=thread, on_intermediate_message=self.note):
            said.append(str(response.content))
            thread = response.thread
        return thread, said


async def make_guide(kind: Any, client: Any, **more: Any) -> Guide:
    definition = await client.beta.assistants.create(model="gpt-4o", name="Guide", instructions="Be brief.", **more)
    return Guide(kind(client=client, definition=definition, plugins=[Weather()], polling_options=QUICK))


async def conversation(guide: Guide) -> dict[str, Any]:
    """A function call and the next question, on one thread; then both again on another, streamed."""
    thread, first = await guide.ask(CITIES)
    _, second = await guide.ask("Hello", thread)
    history = [[message.role.value, message.content] async for message in thread.get_messages(sort_order="asc")]
    await thread.delete()
    between, guide.between = guide.between, []
    thread, pieces = await guide.hear(CITIES)
    _, more = await guide.hear("Hello", thread)
    return {
        "polled": [first, second],
        "history": history,
        "between": between,
        "streamed": [pieces, more],
        "between streams": guide.between,
    }


async def file_search(client: Any) -> list[Any]:
    with open(menu(), "rb") as file:
        uploaded = await client.files.create(file=file, purpose="assistants")
    store = await client.vector_stores.create(name="Restaurant", file_ids=[uploaded.id])
    tools, resources = OpenAIAssistantAgent.configure_file_search_tool(vector_store_ids=store.id)
    guide = await make_guide(OpenAIAssistantAgent, client, tools=tools, tool_resources=resources)
    response = await guide.agent.get_response(SOUP, thread=AssistantAgentThread(client=client))
    return [str(response.content), [item.quote for item in response.items if item.content_type == "annotation"]]


async def play() -> dict[str, Any]:
    openai = OpenAIAssistantAgent.create_client(ai_model_id="gpt-4o")
    is_https = os.environ["AZURE_OPENAI_ENDPOINT"].startswith("https:")  # the agent's own client asks for that
    azure = AzureAssistantAgent.create_client(deployment_name="gpt-4o") if is_https else AsyncAzureOpenAI()
    return {
        "openai": await conversation(await make_guide(OpenAIAssistantAgent, openai)),
        "azure": await conversation(await make_guide(AzureAssistantAgent, azure)),
        "file search": await file_search(openai),
    }


if __name__ == "__main__":
    tell(asyncio.run(play()))
