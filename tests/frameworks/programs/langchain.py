"""LangChain: an assistant as a runnable, as the agent of an executor, and with files."""

from __future__ import annotations

import asyncio
from typing import Any

from langchain_classic.agents import AgentExecutor
from langchain_community.agents.openai_assistant import OpenAIAssistantV2Runnable
from langchain_core.agents import AgentFinish
from langchain_core.tools import tool
from openai import OpenAI

from .shared import CITIES, SOUP, degrees, menu, tell


@tool
def get_weather(city: str) -> str:
    """How warm it is in a city."""
    return degrees(city)


def make_assistant(*tools: Any, **more: Any) -> Any:
    return OpenAIAssistantV2Runnable.create_assistant(
        name="Guide", instructions="Be brief.", tools=tools, model="gpt-4o", check_every_ms=1, **more
    )


def executor() -> dict[str, Any]:
    """The executor calls the functions and submits what they return."""
    agent = make_assistant(get_weather, as_agent=True)
    done = AgentExecutor(agent=agent, tools=[get_weather], return_intermediate_steps=True).invoke({"content": CITIES})
    steps = [[action.tool, action.tool_input, output] for action, output in done["intermediate_steps"]]
    return {"steps": steps, "output": done["output"]}


def by_hand() -> list[str]:
    """The documentation's own loop around an agent, then the next question on the same thread."""
    agent = make_assistant(get_weather, as_agent=True)

    def execute_agent(question: dict[str, Any]) -> Any:
        response = agent.invoke(question)
        while not isinstance(response, AgentFinish):
            tool_outputs = [
                {"output": get_weather.invoke(action.tool_input), "tool_call_id": action.tool_call_id}
                for action in response
            ]
            first = response[0]
            response = agent.invoke(
                {"tool_outputs": tool_outputs, "run_id": first.run_id, "thread_id": first.thread_id}
            )
        return response

    response = execute_agent({"content": CITIES})
    next_response = execute_agent({"content": "And now?", "thread_id": response.thread_id})
    return [finish.return_values["output"] for finish in (response, next_response)]


async def asynchronous() -> list[str]:
    assistant = await OpenAIAssistantV2Runnable.acreate_assistant(
        name="Guide", instructions="Be brief.", tools=[], model="gpt-4o", check_every_ms=1
    )
    first = await assistant.ainvoke({"content": "Hello", "thread_metadata": {"user": "ada"}})
    second = await assistant.ainvoke({"content": "Hello", "thread_id": first[0].thread_id})
    return [message[0].content[0].text.value for message in (first, second)]


def streamed() -> list[list[str]]:
    """A runnable streams as many answers as it can: an assistant's come in one piece."""
    return [
        [part.text.value for part in message[0].content] for message in make_assistant().stream({"content": "Hello"})
    ]


def file_search() -> dict[str, Any]:
    """A vector store of the assistant's, and a file that comes with a message."""
    client = OpenAI()
    store = client.vector_stores.create(name="Restaurant")
    with open(menu(), "rb") as file:
        client.vector_stores.file_batches.upload_and_poll(store.id, files=[file])
    resources = {"file_search": {"vector_store_ids": [store.id]}}
    waiter = make_assistant({"type": "file_search"}, tool_resources=resources)
    with open(menu(), "rb") as file:
        attached = client.files.create(file=file, purpose="assistants").id
    stranger = make_assistant({"type": "file_search"})
    attachments = [{"file_id": attached, "tools": [{"type": "file_search"}]}]
    return {
        "store": _answer(waiter.invoke({"content": SOUP})),
        "attachment": _answer(stranger.invoke({"content": SOUP}, attachments=attachments)),
    }


def _answer(messages: Any) -> list[Any]:
    (part,) = messages[0].content
    return [part.text.value, [note.text for note in part.text.annotations]]


if __name__ == "__main__":
    tell(
        {
            "executor": executor(),
            "by hand": by_hand(),
            "asynchronous": asyncio.run(asynchronous()),
            "streamed": streamed(),
            "file search": file_search(),
        }
    )
