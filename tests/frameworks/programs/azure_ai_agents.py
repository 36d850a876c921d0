"""Azure AI Foundry's own client: an agent with functions, polled and streamed, a file search, and tools of Foundry."""

from __future__ import annotations

import os
from typing import Any

from azure.ai.agents import AgentsClient
from azure.ai.agents.models import (
    AgentEventHandler,
    BingGroundingTool,
    FileSearchTool,
    FunctionTool,
    ListSortOrder,
    MessageRole,
    ThreadMessageOptions,
    ToolSet,
)
from azure.core.credentials import AzureKeyCredential
from azure.core.pipeline.policies import AzureKeyCredentialPolicy

from .shared import CITIES, SOUP, degrees, menu, tell

QUICK = 0.001
#: The client knows the form of a connection's id.
CONNECTION = "/subscriptions/s/resourceGroups/r/providers/p/accounts/a/projects/guide/connections/bing"


def get_weather(city: str) -> str:
    """How warm it is in a city.

    :param city: The city's name.
    """
    return degrees(city)


class Listener(AgentEventHandler):
    """Keeps the pieces of the answer."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def on_message_delta(self, delta: Any) -> None:
        self.pieces.append(delta.text)


def ask(client: AgentsClient, agent: Any, thread: Any, question: str) -> str:
    client.messages.create(thread.id, role="user", content=question)
    client.runs.create_and_process(thread.id, agent_id=agent.id, polling_interval=QUICK)
    return str(client.messages.get_last_message_text_by_role(thread.id, MessageRole.AGENT).text.value)


def hear(client: AgentsClient, agent: Any, thread: Any, question: str) -> list[str]:
    client.messages.create(thread.id, role="user", content=question)
    with client.runs.stream(thread.id, agent_id=agent.id, event_handler=Listener()) as stream:
        stream.until_done()
    return list(stream.pieces)


def conversation(client: AgentsClient) -> dict[str, Any]:
    """A function call and the next question, on one thread; then both again on another, streamed."""
    tools = ToolSet()
    tools.add(FunctionTool({get_weather}))
    client.enable_auto_function_calls(tools)
    agent = client.create_agent(model="gpt-4o", name="Guide", instructions="Be brief.", toolset=tools)
    thread = client.threads.create()
    polled = [ask(client, agent, thread, CITIES), ask(client, agent, thread, "Hello")]
    messages = client.messages.list(thread.id, order=ListSortOrder.ASCENDING)
    history = [[str(one.role), one.text_messages[0].text.value] for one in messages]
    client.threads.delete(thread.id)
    thread = client.threads.create()
    streamed = [hear(client, agent, thread, CITIES), hear(client, agent, thread, "Hello")]
    client.update_agent(agent.id, name="Guide of cities")
    client.delete_agent(agent.id)
    return {"polled": polled, "history": history, "streamed": streamed}


def file_search(client: AgentsClient) -> list[Any]:
    uploaded = client.files.upload_and_poll(file_path=menu(), purpose="assistants", polling_interval=QUICK)
    store = client.vector_stores.create_and_poll(name="Restaurant", polling_interval=QUICK)
    batch = client.vector_store_file_batches.create_and_poll(store.id, file_ids=[uploaded.id], polling_interval=QUICK)
    tool = FileSearchTool(vector_store_ids=[store.id])
    agent = client.create_agent(model="gpt-4o", tools=tool.definitions, tool_resources=tool.resources)
    thread = client.threads.create(messages=[ThreadMessageOptions(role="user", content=SOUP)])
    run = client.runs.create_and_process(thread.id, agent_id=agent.id, polling_interval=QUICK)
    message = next(iter(client.messages.list(thread.id, run_id=run.id)))
    unpolled = client.runs.create(thread.id, agent_id=agent.id)
    seconds = (unpolled.expires_at - unpolled.created_at).total_seconds()
    quotes = [one.text for one in message.file_citation_annotations]
    return [str(batch.status), message.text_messages[0].text.value, quotes, seconds]


def tools_of_foundry(client: AgentsClient) -> list[Any]:
    """Tools that Foundry runs itself are echoed."""
    bing = BingGroundingTool(connection_id=CONNECTION, count=3)
    agent = client.create_agent(model="gpt-4o", tools=bing.definitions)
    return [tool.as_dict()["bing_grounding"]["search_configurations"][0]["count"] for tool in agent.tools]


def play() -> dict[str, Any]:
    endpoint = f"{os.environ['AZURE_OPENAI_ENDPOINT']}/api/projects/guide"
    key = AzureKeyCredential(os.environ["AZURE_OPENAI_API_KEY"])
    policy = AzureKeyCredentialPolicy(key, "api-key")  # a token is sent by https alone
    with AgentsClient(endpoint, key, authentication_policy=policy) as client:
        return {
            "conversation": conversation(client),
            "file search": file_search(client),
            "tools of Foundry": tools_of_foundry(client),
        }


if __name__ == "__main__":
    tell(play())
