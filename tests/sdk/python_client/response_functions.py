"""Functions that are called: the next request refers to the response, or brings the history that the client keeps."""

from __future__ import annotations

from typing import Any

from .response_shared import CLOTHES, GET_WEATHER, MODEL, REASONING_MODEL, calls_of, kinds_of, outputs_of
from .shared import TWO_CITIES, Client, done


async def functions_by_reference(client: Client) -> dict[str, Any]:
    responses = client.responses
    calling = await done(responses.create(model=MODEL, input=TWO_CITIES, tools=[GET_WEATHER]))
    final = await done(
        responses.create(
            model=MODEL, input=[*outputs_of(calling)], previous_response_id=calling.id, tools=[GET_WEATHER]
        )
    )
    return {"statuses": [calling.status, final.status], "calls": calls_of(calling), "text": final.output_text}


async def functions_by_history(client: Client) -> dict[str, Any]:
    """The documentation's loop: the client appends what the model put out, with its ids."""
    return await _loop(client, TWO_CITIES, model=MODEL)


async def functions_unstored(client: Client) -> dict[str, Any]:
    """The same, where the service keeps nothing and the client brings the encrypted reasoning back."""
    return await _loop(client, CLOTHES, model=REASONING_MODEL, store=False, include=["reasoning.encrypted_content"])


async def functions_in_background(client: Client) -> dict[str, Any]:
    responses = client.responses
    calling = await done(responses.create(model=MODEL, input=TWO_CITIES, tools=[GET_WEATHER], background=True))
    while calling.status in ("queued", "in_progress"):
        calling = await done(responses.retrieve(calling.id))
    final = await done(
        responses.create(
            model=MODEL,
            input=[*outputs_of(calling)],
            previous_response_id=calling.id,
            tools=[GET_WEATHER],
            background=True,
        )
    )
    while final.status in ("queued", "in_progress"):
        final = await done(responses.retrieve(final.id))
    return {"statuses": [calling.status, final.status], "calls": calls_of(calling), "text": final.output_text}


async def _loop(client: Client, question: str, **options: Any) -> dict[str, Any]:
    history: list[Any] = [{"role": "user", "content": question}]
    calls: list[list[str]] = []
    kinds: list[list[str]] = []
    encrypted: list[bool] = []
    while True:
        response = await done(client.responses.create(input=history, tools=[GET_WEATHER], **options))
        kinds.append(kinds_of(response))
        encrypted += [bool(item.encrypted_content) for item in response.output if item.type == "reasoning"]
        outputs = outputs_of(response)
        if not outputs:
            return {"items": kinds, "calls": calls, "text": response.output_text, "encrypted": encrypted}
        calls += calls_of(response)
        history += [*response.output, *outputs]
