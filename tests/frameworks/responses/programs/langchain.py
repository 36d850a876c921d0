"""LangChain: a chat model on the Responses API, in an agent, in streams and by hand."""

from __future__ import annotations

from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import AIMessageChunk, HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from .shared import AGAIN, CITIES, CLOTHES, EQUATION, HELLO, RECIPE, SOUP, STORE, Recipe, degrees, tell


@tool
def get_weather(city: str) -> str:
    """How warm it is in a city."""
    return degrees(city)


def make_model(model: str = "gpt-4o", **more: Any) -> Any:
    return ChatOpenAI(model=model, use_responses_api=True, **more)


def ask(agent: Any, question: str) -> dict[str, Any]:
    """The kinds of the agent's messages, and its answer."""
    messages = agent.invoke({"messages": [{"role": "user", "content": question}]})["messages"]
    return {"messages": [message.type for message in messages], "output": messages[-1].text}


def streamed() -> list[str]:
    agent = create_agent(make_model(), [get_weather])
    chunks = agent.stream({"messages": [{"role": "user", "content": CITIES}]}, stream_mode="messages")
    return [chunk.text for chunk, _ in chunks if isinstance(chunk, AIMessageChunk) and chunk.text]


def conversations() -> dict[str, list[str]]:
    """The history that the client keeps, and the previous response."""
    found: dict[str, list[str]] = {}
    for name, model in (("history", make_model()), ("chain", make_model(use_previous_response_id=True))):
        first = model.invoke(HELLO)
        second = model.invoke([HumanMessage(HELLO), first, HumanMessage(AGAIN)])
        found[name] = [first.text, second.text]
    return found


def unstored() -> dict[str, Any]:
    """Nothing is stored, so the encrypted reasoning goes back with the outputs."""
    model = make_model("gpt-5", store=False, include=["reasoning.encrypted_content"])
    return ask(create_agent(model, [get_weather]), CLOTHES)


def hosted() -> dict[str, Any]:
    """A search, then code in a stream, then a turn that brings both back."""
    search = {"type": "file_search", "vector_store_ids": [STORE]}
    code = {"type": "code_interpreter", "container": {"type": "auto"}}
    model = make_model(include=["file_search_call.results"]).bind_tools([search, code])
    messages: list[Any] = [HumanMessage(SOUP)]
    messages += [model.invoke(messages), HumanMessage(EQUATION)]
    solved = None
    for chunk in model.stream(messages):
        solved = chunk if solved is None else solved + chunk
    messages += [solved, HumanMessage(AGAIN)]
    again = model.invoke(messages)
    found = messages[1]
    return {
        "blocks": [[block["type"] for block in message.content] for message in (found, solved) if message],
        "cited": [note["filename"] for block in found.content for note in block.get("annotations", [])],
        "outputs": [message.text for message in (found, solved, again) if message],
    }


def structured() -> dict[str, Any]:
    recipe: dict[str, Any] = make_model().with_structured_output(Recipe).invoke(RECIPE).model_dump()
    return recipe


if __name__ == "__main__":
    tell(
        {
            "functions": ask(create_agent(make_model(), [get_weather]), CITIES),
            "streamed": streamed(),
            "conversations": conversations(),
            "unstored": unstored(),
            "hosted": hosted(),
            "structured": structured(),
        }
    )
