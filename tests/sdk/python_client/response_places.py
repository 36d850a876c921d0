"""Conversations with their items, and containers with their files."""

from __future__ import annotations

from typing import Any, cast

from openai.types.responses import ToolParam

from .response_shared import GET_WEATHER, MODEL, calls_of, outputs_of
from .shared import TWO_CITIES, Client, collect, done, error_of


async def conversations(client: Client) -> dict[str, Any]:
    """A conversation is made, read, changed and deleted; a response adds to it."""
    conversations, responses = client.conversations, client.responses
    items: list[Any] = [{"type": "message", "role": "user", "content": "I am Ada."}]
    made = await done(conversations.create(metadata={"thread_id": "thread_7"}, items=items))
    response = await done(responses.create(model=MODEL, input="Hi!", conversation=made.id))
    again = await done(responses.create(model=MODEL, input="And now?", conversation={"id": made.id}))
    updated = await done(conversations.update(made.id, metadata={"user": "ada"}))
    retrieved = await done(conversations.retrieve(made.id))
    listed: list[Any] = await collect(conversations.items.list(made.id, limit=2, order="asc"))
    deleted = await done(conversations.delete(made.id))
    return {
        "metadata": [made.metadata, updated.metadata, retrieved.metadata],
        "bound": [one.conversation.id == made.id for one in (response, again) if one.conversation],
        "texts": [response.output_text, again.output_text],
        "items": [[item.role, item.content[0].text] for item in listed],
        "deleted": deleted.deleted,
        "gone": await error_of(lambda: conversations.retrieve(made.id), made.id),
        "gone for a response": await error_of(
            lambda: responses.create(model=MODEL, input="Hi!", conversation=made.id), made.id
        ),
    }


async def conversation_items(client: Client) -> dict[str, Any]:
    conversations = client.conversations
    made = await done(conversations.create())
    sent: list[Any] = [{"type": "message", "role": "user", "content": text} for text in ("one", "two", "three")]
    added: Any = await done(conversations.items.create(made.id, items=sent))
    first, second, third = (item.id for item in added.data)
    one: Any = await done(conversations.items.retrieve(first, conversation_id=made.id))
    page: Any = await done(cast("Any", conversations.items.list(made.id, limit=2)))
    left = await done(conversations.items.delete(second, conversation_id=made.id))
    return {
        "added": [len(added.data), added.has_more, added.first_id == first, added.last_id == third],
        "one": [one.type, one.role, one.status, one.content[0].text],
        "newest": [[item.content[0].text for item in page.data], page.has_more],
        "left": left.id == made.id,
        "rest": [item.content[0].text for item in cast("Any", await collect(conversations.items.list(made.id)))],
        "gone": await error_of(lambda: conversations.items.retrieve(second, conversation_id=made.id), second),
        "too many": await error_of(lambda: conversations.items.create(made.id, items=sent * 7)),
    }


async def functions_on_a_conversation(client: Client) -> dict[str, Any]:
    """The second request has the outputs and the conversation, and nothing else."""
    made = await done(client.conversations.create())
    create = client.responses.create
    asking = await done(create(model=MODEL, input=TWO_CITIES, conversation=made.id, tools=[GET_WEATHER]))
    unanswered = await error_of(
        lambda: create(model=MODEL, input="Hi!", conversation=made.id),
        *(item.call_id for item in asking.output if item.type == "function_call"),
    )
    answering = await done(
        create(model=MODEL, input=list(outputs_of(asking)), conversation=made.id, tools=[GET_WEATHER])
    )
    listed = await collect(client.conversations.items.list(made.id, order="asc"))
    return {
        "calls": calls_of(asking),
        "unanswered": unanswered,
        "text": answering.output_text,
        "items": [item.type for item in listed],
    }


async def busy_conversation(client: Client) -> dict[str, Any]:
    """One response at a time."""
    made = await done(client.conversations.create())
    create, responses = client.responses.create, client.responses
    running = await done(create(model=MODEL, input="Hi!", conversation=made.id, background=True))
    locked = await error_of(lambda: create(model=MODEL, input="Hi!", conversation=made.id))
    while (await done(responses.retrieve(running.id))).status != "completed":
        continue
    second = await done(create(model=MODEL, input="And now?", conversation=made.id))
    return {"locked": locked, "text": second.output_text}


async def containers(client: Client) -> dict[str, Any]:
    """A container with a file; code runs in it; its files are listed, read and deleted."""
    containers = client.containers
    made = await done(containers.create(name="sums"))
    file = await done(containers.files.create(made.id, file=("notes.txt", b"Notes.")))
    tool: ToolParam = {"type": "code_interpreter", "container": made.id}
    response = await done(client.responses.create(model=MODEL, input="Please solve 3x + 11 = 14.", tools=[tool]))
    ran_in = [item.container_id for item in response.output if item.type == "code_interpreter_call"]
    files = containers.files
    content = await done(files.content.retrieve(file.id, container_id=made.id))
    listed = await collect(files.list(made.id))
    retrieved = await done(files.retrieve(file.id, container_id=made.id))
    await done(files.delete(file.id, container_id=made.id))
    no_file = await error_of(lambda: files.retrieve(file.id, container_id=made.id), file.id)
    ours = [one.id for one in await collect(containers.list(order="desc"))]
    found = await done(containers.retrieve(made.id))
    await done(containers.delete(made.id))
    return {
        "container": [found.name, found.status, found.expires_after.minutes if found.expires_after else None],
        "ran in it": ran_in == [made.id],
        "file": [retrieved.source, retrieved.bytes, retrieved.path.endswith("-notes.txt")],
        "listed": [[one.id for one in listed] == [file.id], ours[0] == made.id],
        "content": content.read().decode(),
        "no file": no_file,
        "gone": await error_of(lambda: containers.retrieve(made.id)),
    }
