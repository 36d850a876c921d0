"""Runs that are streamed, to an event handler or event by event."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from openai import AssistantEventHandler, AsyncAssistantEventHandler, OpenAI
from openai.lib.streaming import AssistantStreamManager, AsyncAssistantStreamManager
from openai.types.beta import Assistant, AssistantStreamEvent, Thread
from openai.types.beta.threads import Run, Text, TextDelta

from .shared import (
    TWO_CITIES,
    Client,
    asked_for,
    collect,
    done,
    make_assistant,
    make_thread,
    outputs_for,
    replies,
    text_of,
)


class Listener(AssistantEventHandler):
    """Keeps the text that is streamed, and the names of the callbacks in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.callbacks = _spy_on(self)

    def on_text_delta(self, delta: TextDelta, snapshot: Text) -> None:
        self.text += delta.value or ""


class AsyncListener(AsyncAssistantEventHandler):
    """The same for the asynchronous client."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.callbacks = _spy_on(self)

    async def on_text_delta(self, delta: TextDelta, snapshot: Text) -> None:
        self.text += delta.value or ""


Manager = AssistantStreamManager[Listener] | AsyncAssistantStreamManager[AsyncListener]


def _spy_on(handler: AssistantEventHandler | AsyncAssistantEventHandler) -> list[str]:
    """A list to which every callback but ``on_event`` adds its name."""
    called: list[str] = []

    def spied(name: str, callback: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            called.append(name)
            return callback(*arguments)

        return call

    for name in dir(type(handler)):
        if name.startswith("on_") and name != "on_event":
            setattr(handler, name, spied(name, getattr(handler, name)))
    return called


@asynccontextmanager
async def _opened(manager: Manager) -> AsyncIterator[Listener | AsyncListener]:
    if isinstance(manager, AssistantStreamManager):
        with manager as stream:
            yield stream
    else:
        async with manager as async_stream:
            yield async_stream


async def _listen(manager: Manager) -> tuple[Run, dict[str, Any]]:
    """Reads a stream to its end: the run as it is then, and what was heard."""
    async with _opened(manager) as stream:
        await done(stream.until_done())
        run = await done(stream.get_final_run())
        steps = await done(stream.get_final_run_steps())
        heard = {
            "status": run.status,
            "callbacks": stream.callbacks,
            "text": stream.text,
            "steps": [step.type for step in steps],
        }
        if run.status == "completed":
            heard["messages"] = [text_of(message) for message in await done(stream.get_final_messages())]
        return run, heard


async def _read(stream: Iterable[AssistantStreamEvent] | AsyncIterable[AssistantStreamEvent]) -> dict[str, Any]:
    """The names of a stream's events, and its text."""
    events = await collect(stream)
    text = ""
    for event in events:
        if event.event == "thread.message.delta":
            for part in event.data.delta.content or []:
                if part.type == "text" and part.text:
                    text += part.text.value or ""
    return {"events": [event.event for event in events], "text": text}


def _stream(client: Client, thread: Thread, assistant: Assistant) -> Manager:
    if isinstance(client, OpenAI):
        runs = client.beta.threads.runs
        return runs.stream(thread_id=thread.id, assistant_id=assistant.id, event_handler=Listener())
    async_runs = client.beta.threads.runs
    return async_runs.stream(thread_id=thread.id, assistant_id=assistant.id, event_handler=AsyncListener())


def _stream_outputs(client: Client, run: Run) -> Manager:
    outputs = outputs_for(run)
    if isinstance(client, OpenAI):
        return client.beta.threads.runs.submit_tool_outputs_stream(
            run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs, event_handler=Listener()
        )
    return client.beta.threads.runs.submit_tool_outputs_stream(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs, event_handler=AsyncListener()
    )


async def event_handler(client: Client) -> dict[str, Any]:
    assistant, thread = await make_assistant(client), await make_thread(client, "Hi!")
    _, heard = await _listen(_stream(client, thread, assistant))
    return {**heard, "replies": await replies(client, thread.id)}


async def functions_streamed(client: Client) -> dict[str, Any]:
    assistant, thread = await make_assistant(client), await make_thread(client, TWO_CITIES)
    run, asking = await _listen(_stream(client, thread, assistant))
    _, answering = await _listen(_stream_outputs(client, run))
    return {"asking": asking, "calls": asked_for(run), "answering": answering}


async def raw_events(client: Client) -> dict[str, Any]:
    runs = client.beta.threads.runs
    assistant, thread = await make_assistant(client), await make_thread(client, "Hi!")
    return await _read(await done(runs.create(thread.id, assistant_id=assistant.id, stream=True)))


async def create_and_run_stream(client: Client) -> dict[str, Any]:
    assistant = await make_assistant(client)
    if isinstance(client, OpenAI):
        with client.beta.threads.create_and_run_stream(
            assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "Hi!"}]}
        ) as stream:
            return await _read(stream)
    async with client.beta.threads.create_and_run_stream(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "Hi!"}]}
    ) as async_stream:
        return await _read(async_stream)
