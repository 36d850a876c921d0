"""Plays all patterns of an API, with one client after the other."""

from __future__ import annotations

from typing import Any

from openai import AsyncAzureOpenAI, AsyncOpenAI, AzureOpenAI, OpenAI

from . import response_creation, response_functions, response_places, response_streaming
from .applications import chatbot, data_analysis, rag
from .managing import delete_everything, errors, list_cancel_and_update_runs, pages, run_steps
from .polling import create_and_poll, create_and_run_poll, functions_polled, own_poll_loop, poll_hint
from .shared import Client
from .streaming import create_and_run_stream, event_handler, functions_streamed, raw_events

#: By API.
PATTERNS = {
    "assistants": (
        create_and_poll,
        create_and_run_poll,
        functions_polled,
        own_poll_loop,
        poll_hint,
        create_and_run_stream,
        event_handler,
        functions_streamed,
        raw_events,
        delete_everything,
        errors,
        list_cancel_and_update_runs,
        pages,
        run_steps,
        chatbot,
        rag,
        data_analysis,
    ),
    "responses": (
        response_creation.create,
        response_creation.second_turn,
        response_creation.parse,
        response_creation.background,
        response_creation.cancel,
        response_creation.incomplete,
        response_creation.input_items,
        response_creation.delete,
        response_creation.errors,
        response_functions.functions_by_reference,
        response_functions.functions_by_history,
        response_functions.functions_unstored,
        response_functions.functions_in_background,
        response_places.conversations,
        response_places.conversation_items,
        response_places.functions_on_a_conversation,
        response_places.busy_conversation,
        response_places.containers,
        response_streaming.raw_events,
        response_streaming.accumulated,
        response_streaming.parsed_stream,
        response_streaming.functions_streamed,
        response_streaming.parallel_functions_streamed,
        response_streaming.refusal_streamed,
        response_streaming.failed,
        response_streaming.left,
        response_streaming.code_streamed,
        response_streaming.background_streamed,
    ),
}


async def play(api: str = "assistants", *, strict: bool = False) -> dict[str, Any]:
    """All clients take address and key from the environment. ``strict``: answers have to fit the SDK's types."""
    found: dict[str, Any] = {}
    with OpenAI(_strict_response_validation=strict) as client:
        found["sync"] = await _play_with(client, api)
    async with AsyncOpenAI(_strict_response_validation=strict) as async_client:
        found["async"] = await _play_with(async_client, api)
    with AzureOpenAI(_strict_response_validation=strict) as azure:
        found["azure"] = await _play_with(azure, api)
    async with AsyncAzureOpenAI(_strict_response_validation=strict) as async_azure:
        found["async azure"] = await _play_with(async_azure, api)
    return found


async def _play_with(client: Client, api: str) -> dict[str, Any]:
    results = {pattern.__name__: await pattern(client) for pattern in PATTERNS[api]}
    seconds = {name: result.pop("seconds") for name, result in results.items() if "seconds" in result}
    return {"results": results, "seconds": seconds}
