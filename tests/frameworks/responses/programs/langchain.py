"""LangChain: a chat model on the Responses API, in an agent, in streams and by hand."""

from __future__ import annotations

from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import AIMessageChunk, HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from .shared import AGAIN, CITIES, CLOTHES, HELLO, RECIPE, Recipe, degrees, tell


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
            "structured": structured(),
        }
    )
