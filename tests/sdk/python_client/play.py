"""Plays all patterns, with one client after the other."""

from __future__ import annotations

from typing import Any

from openai import AsyncAzureOpenAI, AsyncOpenAI, AzureOpenAI, OpenAI

from .applications import chatbot, data_analysis, rag
from .managing import delete_everything, errors, list_cancel_and_update_runs, pages, run_steps
from .polling import create_and_poll, create_and_run_poll, functions_polled, own_poll_loop, poll_hint
from .shared import Client
from .streaming import create_and_run_stream, event_handler, functions_streamed, raw_events

PATTERNS = (
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
)


async def play(*, strict: bool = False) -> dict[str, Any]:
    """All clients take address and key from the environment. ``strict``: answers have to fit the SDK's types."""
    found: dict[str, Any] = {}
    with OpenAI(_strict_response_validation=strict) as client:
        found["sync"] = await _play_with(client)
    async with AsyncOpenAI(_strict_response_validation=strict) as async_client:
        found["async"] = await _play_with(async_client)
    with AzureOpenAI(_strict_response_validation=strict) as azure:
        found["azure"] = await _play_with(azure)
    async with AsyncAzureOpenAI(_strict_response_validation=strict) as async_azure:
        found["async azure"] = await _play_with(async_azure)
    return found


async def _play_with(client: Client) -> dict[str, Any]:
    results = {pattern.__name__: await pattern(client) for pattern in PATTERNS}
    seconds = {name: result.pop("seconds") for name, result in results.items() if "seconds" in result}
    return {"results": results, "seconds": seconds}
