"""What is done with objects once they are there: listed, changed, cancelled, deleted, and not found."""

from __future__ import annotations

from typing import Any

from openai.pagination import AsyncCursorPage, SyncCursorPage
from openai.types.beta import AssistantDeleted, ThreadDeleted
from openai.types.beta.threads import Message, MessageDeleted

from .shared import TWO_CITIES, Client, collect, done, error_of, finished_run, make_assistant, make_run, outputs_for


async def run_steps(client: Client) -> dict[str, Any]:
    runs = client.beta.threads.runs
    run = await finished_run(client, TWO_CITIES)
    outputs = outputs_for(run)
    run = await done(runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs))
    listed = await collect(runs.steps.list(run.id, thread_id=run.thread_id, order="asc"))
    retrieved = [await done(runs.steps.retrieve(step.id, thread_id=run.thread_id, run_id=run.id)) for step in listed]
    tool_calls = retrieved[0].step_details
    assert tool_calls.type == "tool_calls"
    return {
        "steps": [[step.type, step.status] for step in listed],
        "outputs": [call.function.output for call in tool_calls.tool_calls if call.type == "function"],
        "retrieved as listed": retrieved == listed,
    }


async def list_cancel_and_update_runs(client: Client) -> dict[str, Any]:
    runs = client.beta.threads.runs
    run = await make_run(client, "Write a novel, please.")
    cancelling = await done(runs.cancel(run.id, thread_id=run.thread_id))
    cancelled = await done(runs.poll(run.id, thread_id=run.thread_id))
    updated = await done(runs.update(run.id, thread_id=run.thread_id, metadata={"why": "too long"}))
    listed = await collect(runs.list(run.thread_id))
    return {
        "statuses": [run.status, cancelling.status, cancelled.status],
        "metadata": updated.metadata,
        "listed": [[one.status, one.metadata] for one in listed],
    }


async def pages(client: Client) -> dict[str, Any]:
    """Five messages, two a page, by iterating alone."""
    messages = client.beta.threads.messages
    thread = await done(client.beta.threads.create())
    made = [await done(messages.create(thread.id, role="user", content=f"Message {n}")) for n in range(5)]
    first: SyncCursorPage[Message] | AsyncCursorPage[Message] = await done(messages.list(thread.id, limit=2))
    newest_first = await collect(messages.list(thread.id, limit=2))
    oldest_first = await collect(messages.list(thread.id, limit=2, order="asc", after=made[0].id))
    numbers = {message.id: n for n, message in enumerate(made)}
    return {
        "first page": [numbers[message.id] for message in first.data],
        "has more": first.has_next_page(),
        "newest first": [numbers[message.id] for message in newest_first],
        "after the first": [numbers[message.id] for message in oldest_first],
    }


async def delete_everything(client: Client) -> dict[str, Any]:
    threads, assistants = client.beta.threads, client.beta.assistants
    assistant = await done(assistants.create(model="gpt-4o"))
    thread = await done(threads.create())
    message = await done(threads.messages.create(thread.id, role="user", content="Hi!"))
    deleted: list[MessageDeleted | ThreadDeleted | AssistantDeleted] = [
        await done(threads.messages.delete(message.id, thread_id=thread.id)),
        await done(threads.delete(thread.id)),
        await done(assistants.delete(assistant.id)),
    ]
    return {
        "deleted": [[one.object, one.deleted] for one in deleted],
        "thread": await error_of(lambda: threads.retrieve(thread.id), thread.id),
        "assistant": await error_of(lambda: assistants.retrieve(assistant.id), assistant.id),
        "message": await error_of(lambda: threads.messages.retrieve(message.id, thread_id=thread.id), thread.id),
    }


async def errors(client: Client) -> dict[str, Any]:
    threads = client.beta.threads
    run = await make_run(client, "Write a novel, please.")
    ids, assistant = (run.thread_id, run.id), await make_assistant(client)
    met = {
        "unknown thread": await error_of(lambda: threads.retrieve("thread_unknown")),
        "unknown run": await error_of(lambda: threads.runs.retrieve("run_unknown", thread_id=run.thread_id)),
        "second run": await error_of(lambda: threads.runs.create(run.thread_id, assistant_id=assistant.id), *ids),
        "message during the run": await error_of(
            lambda: threads.messages.create(run.thread_id, role="user", content="Well?"), *ids
        ),
        "update during the run": await error_of(
            lambda: threads.runs.update(run.id, thread_id=run.thread_id, metadata={"a": "b"})
        ),
        "outputs nobody asked for": await error_of(
            lambda: threads.runs.submit_tool_outputs(
                run.id, thread_id=run.thread_id, tool_outputs=[{"tool_call_id": "call_1", "output": "?"}]
            )
        ),
    }
    await done(threads.runs.cancel(run.id, thread_id=run.thread_id))
    return met
