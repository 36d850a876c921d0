"""LlamaIndex: an assistant as an agent, which polls, with functions and files."""

from __future__ import annotations

import asyncio
from typing import Any

from llama_index.agent.openai import OpenAIAssistantAgent
from llama_index.core.tools import FunctionTool

from .shared import CITIES, SOUP, degrees, menu, tell


def get_weather(city: str) -> str:
    """How warm it is in a city."""
    return degrees(city)


def make_agent(**more: Any) -> Any:
    return OpenAIAssistantAgent.from_new(
        name="Guide", instructions="Be brief.", model="gpt-4o", run_retrieve_sleep_time=0.001, **more
    )


def functions() -> dict[str, Any]:
    agent = make_agent(tools=[FunctionTool.from_defaults(get_weather)])
    response = agent.chat(CITIES)
    return {
        "called": [[source.tool_name, source.raw_input["kwargs"], source.raw_output] for source in response.sources],
        "response": response.response,
    }


def conversation() -> dict[str, Any]:
    agent = make_agent(instructions_prefix="Be kind.")
    said = [agent.chat("Hello").response, asyncio.run(agent.achat("Hello")).response]
    history = [[message.role.value, message.content] for message in agent.chat_history]
    again = OpenAIAssistantAgent.from_existing(agent.assistant.id, thread_id=agent.thread_id)
    remembered = again.latest_message.content
    agent.reset()
    return {"said": said, "history": history, "remembered": remembered, "after a reset": len(agent.chat_history)}


async def asynchronous() -> str:
    response = await make_agent(tools=[FunctionTool.from_defaults(get_weather)]).achat(CITIES)
    return str(response.response)


def file_search() -> list[Any]:
    """Files are uploaded with the agent and attached to a message, which is not its ``chat``."""
    agent = make_agent(openai_tools=[{"type": "file_search"}], files=[menu()])
    agent.add_message(SOUP, file_ids=list(agent.files_dict))
    run, _ = agent.run_assistant()
    answer = agent.latest_message
    (part,) = answer.additional_kwargs["thread_message"].content
    return [run.status, answer.content, [note.text for note in part.text.annotations]]


if __name__ == "__main__":
    tell(
        {
            "functions": functions(),
            "asynchronous": asyncio.run(asynchronous()),
            "conversation": conversation(),
            "file search": file_search(),
        }
    )
