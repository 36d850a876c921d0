"""Responses that are streamed: event by event, or to the SDK's accumulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

import openai

from .response_shared import (
    CLOTHES,
    GET_WEATHER,
    MODEL,
    REASONING_MODEL,
    Recipe,
    calls_of,
    kinds_of,
    opened,
    outputs_of,
)
from .shared import TWO_CITIES, Client, collect, done


async def raw_events(client: Client) -> dict[str, Any]:
    events = await collect(await done(client.responses.create(model=MODEL, input="Hi!", stream=True)))
    return {
        "events": [event.type for event in events],
        "numbers in order": [event.sequence_number for event in events] == [*range(len(events))],
        "text": "".join(event.delta for event in events if event.type == "response.output_text.delta"),
    }


async def accumulated(client: Client) -> dict[str, Any]:
    """The accumulator adds snapshots to deltas; the final response is the stored one."""
    async with opened(client.responses.stream(model=MODEL, input="Hi!")) as stream:
        events = await collect(stream)
        final = await done(stream.get_final_response())
    stored = await done(client.responses.retrieve(final.id))
    return {
        "snapshots": [event.snapshot for event in events if event.type == "response.output_text.delta"],
        "text": final.output_text,
        "stored": stored.output_text,
        "tokens": final.usage.total_tokens if final.usage else None,
    }


async def parsed_stream(client: Client) -> dict[str, Any]:
    async with opened(client.responses.stream(model=MODEL, input="A recipe, please.", text_format=Recipe)) as stream:
        events = await collect(stream)
        final = await done(stream.get_final_response())
    done_texts = [event.parsed.model_dump() for event in events if event.type == "response.output_text.done"]
    return {"done": done_texts, "final": final.output_parsed.model_dump() if final.output_parsed else None}


async def functions_streamed(client: Client) -> dict[str, Any]:
    """A thought, a call, another thought, an answer: two streams."""
    options: dict[str, Any] = {"model": REASONING_MODEL, "tools": [GET_WEATHER]}
    async with opened(client.responses.stream(input=CLOTHES, **options)) as stream:
        first_events = await collect(stream)
        calling = await done(stream.get_final_response())
    async with opened(
        client.responses.stream(input=[*outputs_of(calling)], previous_response_id=calling.id, **options)
    ) as stream:
        second_events = await collect(stream)
        final = await done(stream.get_final_response())
    events = [*first_events, *second_events]
    arguments = [event.snapshot for event in events if event.type == "response.function_call_arguments.delta"]
    thoughts = [event.text for event in events if event.type == "response.reasoning_summary_text.done"]
    return {
        "items": [kinds_of(calling), kinds_of(final)],
        "calls": calls_of(calling),
        "last arguments": arguments[-1],
        "thoughts": thoughts,
        "text": final.output_text,
    }


async def parallel_functions_streamed(client: Client) -> dict[str, Any]:
    async with opened(client.responses.stream(model=MODEL, input=TWO_CITIES, tools=[GET_WEATHER])) as stream:
        await done(stream.until_done())
        calling = await done(stream.get_final_response())
    return {"calls": calls_of(calling)}


async def refusal_streamed(client: Client) -> dict[str, Any]:
    async with opened(client.responses.stream(model=MODEL, input="A secret, please.")) as stream:
        events = await collect(stream)
    deltas = [event.delta for event in events if event.type == "response.refusal.delta"]
    return {"deltas": "".join(deltas), "refusal": [e.refusal for e in events if e.type == "response.refusal.done"]}


async def failed(client: Client) -> dict[str, Any]:
    """A response that fails is returned; its stream raises once the words that came before are read."""
    responses = client.responses
    response = await done(responses.create(model=MODEL, input="Please break."))
    read: list[str] = []
    try:
        async with opened(responses.stream(model=MODEL, input="Please break.")) as stream:
            async for event in _each(stream):
                read.append(event.type)
    except openai.APIError as error:
        raised = [type(error).__name__, error.message, error.code]
    return {
        "status": response.status,
        "error": [response.error.code, response.error.message] if response.error else None,
        "read": read,
        "raised": raised,
    }


async def left(client: Client) -> dict[str, Any]:
    """A stream that is closed after its first event."""
    stream: Any = await done(cast("Any", client.responses.create(model=MODEL, input="Hi!", stream=True)))
    first = await anext(_each(stream))
    await done(stream.close())
    return {"first": first.type}


async def _each(stream: Any) -> AsyncIterator[Any]:
    """The events of either client's stream, one by one."""
    if hasattr(stream, "__aiter__"):
        async for event in stream:
            yield event
    else:
        for event in stream:
            yield event


async def code_streamed(client: Client) -> dict[str, Any]:
    """The outputs of code come with the last event."""
    async with opened(
        client.responses.stream(
            model=MODEL,
            input="Please solve 3x + 11 = 14.",
            tools=[{"type": "code_interpreter", "container": {"type": "auto"}}],
            include=["code_interpreter_call.outputs"],
        )
    ) as stream:
        events = await collect(stream)
        final = await done(stream.get_final_response())
    return {
        "code": "".join(e.delta for e in events if e.type == "response.code_interpreter_call_code.delta"),
        "ran": [
            [item.code, [output.logs for output in item.outputs or [] if output.type == "logs"]]
            for item in final.output
            if item.type == "code_interpreter_call"
        ],
        "text": final.output_text,
    }


async def background_streamed(client: Client) -> dict[str, Any]:
    """A stream that breaks off is taken up again behind the last event that was read."""
    responses = client.responses
    events = await collect(await done(responses.create(model=MODEL, input="Hi!", background=True, stream=True)))
    created = events[0]
    assert created.type == "response.created"
    rest = await collect(
        await done(responses.retrieve(created.response.id, stream=True, starting_after=events[5].sequence_number))
    )
    return {"events": [event.type for event in events], "rest as before": rest == events[6:]}
