"""What the patterns share.

They are written once for both clients: ``done`` waits for what the asynchronous one only promises.
"""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from typing import Any, TypeVar

import openai
from openai import AsyncOpenAI, OpenAI
from openai.types.beta import Assistant, FunctionToolParam, Thread
from openai.types.beta.threads import Message, Run
from openai.types.beta.threads.run_submit_tool_outputs_params import ToolOutput

Client = OpenAI | AsyncOpenAI
T = TypeVar("T")

GET_WEATHER: FunctionToolParam = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "How warm it is in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CELSIUS = {"Paris": 18, "Rome": 27}
TWO_CITIES = "What is the weather in Paris and Rome?"


async def done(value: T | Awaitable[T]) -> T:
    return await value if inspect.isawaitable(value) else value


async def timed(request: Callable[[], T | Awaitable[T]]) -> tuple[T, float]:
    """What a request brings, and the seconds it took."""
    start = time.monotonic()
    return await done(request()), time.monotonic() - start


async def error_of(request: Callable[[], object], *ids: str) -> list[Any]:
    """Class, status, message, type, param and code of the error that a request meets; each id gives way to its kind."""
    try:
        await done(request())
    except openai.APIStatusError as error:
        message = str(error.body["message"]) if isinstance(error.body, dict) else error.message
        for id in ids:
            message = message.replace(id, f"<{id.partition('_')[0]}>")
        return [type(error).__name__, error.status_code, message, error.type, error.param, error.code]
    return ["no error"]


async def collect(items: Iterable[T] | AsyncIterable[T]) -> list[T]:
    if isinstance(items, AsyncIterable):
        return [item async for item in items]
    return list(items)


async def make_assistant(client: Client) -> Assistant:
    return await done(
        client.beta.assistants.create(model="gpt-4o", name="Weather", instructions="Be brief.", tools=[GET_WEATHER])
    )


async def make_thread(client: Client, text: str) -> Thread:
    return await done(client.beta.threads.create(messages=[{"role": "user", "content": text}]))


async def make_run(client: Client, text: str) -> Run:
    """A run just created."""
    assistant, thread = await make_assistant(client), await make_thread(client, text)
    return await done(client.beta.threads.runs.create(thread.id, assistant_id=assistant.id))


async def finished_run(client: Client, text: str) -> Run:
    run = await make_run(client, text)
    return await done(client.beta.threads.runs.poll(run.id, thread_id=run.thread_id))


async def replies(client: Client, thread_id: str) -> list[str]:
    """The assistant's messages, oldest first."""
    messages = await collect(client.beta.threads.messages.list(thread_id, order="asc"))
    return [text_of(message) for message in messages if message.role == "assistant"]


def text_of(message: Message) -> str:
    return "".join(part.text.value for part in message.content if part.type == "text")


def asked_for(run: Run) -> list[list[str]]:
    """The function calls that a run requires: names and arguments."""
    assert run.required_action is not None
    calls = run.required_action.submit_tool_outputs.tool_calls
    return [[call.function.name, call.function.arguments] for call in calls]


def outputs_for(run: Run) -> list[ToolOutput]:
    """Does what the run requires: looks up the weather."""
    assert run.required_action is not None
    outputs: list[ToolOutput] = []
    for call in run.required_action.submit_tool_outputs.tool_calls:
        city = json.loads(call.function.arguments)["city"]
        outputs.append({"tool_call_id": call.id, "output": json.dumps({"celsius": CELSIUS[city]})})
    return outputs
