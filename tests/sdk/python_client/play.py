"""Plays all patterns, with one client after the other."""

from __future__ import annotations

from typing import Any

from openai import AsyncOpenAI, OpenAI

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
)


async def play(*, strict: bool = False) -> dict[str, Any]:
    """Both clients take address and key from the environment. ``strict``: answers have to fit the SDK's types."""
    with OpenAI(_strict_response_validation=strict) as client:
        played = {"sync": await _play_with(client)}
    async with AsyncOpenAI(_strict_response_validation=strict) as async_client:
        return {**played, "async": await _play_with(async_client)}


async def _play_with(client: Client) -> dict[str, Any]:
    results = {pattern.__name__: await pattern(client) for pattern in PATTERNS}
    seconds = {name: result.pop("seconds") for name, result in results.items() if "seconds" in result}
    return {"results": results, "seconds": seconds}
