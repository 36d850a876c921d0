"""Runs that are polled, by the SDK's helpers or by a loop of the user's own."""

from __future__ import annotations

from typing import Any

from .shared import (
    TWO_CITIES,
    Client,
    asked_for,
    collect,
    done,
    make_assistant,
    make_run,
    make_thread,
    outputs_for,
    replies,
    text_of,
    timed,
)


async def create_and_poll(client: Client) -> dict[str, Any]:
    """The basic pattern."""
    runs = client.beta.threads.runs
    assistant = await make_assistant(client)
    thread = await done(client.beta.threads.create())
    await done(client.beta.threads.messages.create(thread.id, role="user", content="Hi!"))
    run, seconds = await timed(lambda: runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id))
    messages = await collect(client.beta.threads.messages.list(thread.id))
    said = [[message.role, text_of(message)] for message in messages]
    tokens = run.usage.total_tokens if run.usage else None
    return {"status": run.status, "messages": said, "tokens": tokens, "seconds": [seconds]}


async def create_and_run_poll(client: Client) -> dict[str, Any]:
    threads = client.beta.threads
    assistant = await make_assistant(client)
    run, seconds = await timed(
        lambda: threads.create_and_run_poll(
            assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "Hi!"}]}
        )
    )
    return {"status": run.status, "replies": await replies(client, run.thread_id), "seconds": [seconds]}


async def functions_polled(client: Client) -> dict[str, Any]:
    runs = client.beta.threads.runs
    assistant, thread = await make_assistant(client), await make_thread(client, TWO_CITIES)
    run, creating = await timed(lambda: runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id))
    answered, submitting = await timed(
        lambda: runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=thread.id, tool_outputs=outputs_for(run))
    )
    return {
        "statuses": [run.status, answered.status],
        "calls": asked_for(run),
        "replies": await replies(client, thread.id),
        "seconds": [creating, submitting],
    }


async def own_poll_loop(client: Client) -> dict[str, Any]:
    run = await make_run(client, "Hi!")
    statuses = [run.status]
    while run.status in ("queued", "in_progress"):
        run = await done(client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id))
        statuses.append(run.status)
    return {"statuses": statuses, "replies": await replies(client, run.thread_id)}


async def poll_hint(client: Client) -> dict[str, Any]:
    """The header by which the service tells the helpers how long to sleep."""
    run = await make_run(client, "Hi!")
    response = await done(client.beta.threads.runs.with_raw_response.retrieve(run.id, thread_id=run.thread_id))
    return {"milliseconds": response.headers.get("openai-poll-after-ms")}
