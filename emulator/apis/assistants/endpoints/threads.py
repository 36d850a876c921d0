"""Threads."""

from __future__ import annotations

from typing import Any

from emulator.apis.assistants import objects, views
from emulator.apis.files.resources import add_message, check_messages, resolve
from emulator.apis.http import errors
from emulator.apis.http.request import Answer, Call, answer
from emulator.world.state.store import Thread
from emulator.world.state.vector_stores import THREAD_STORE_DAYS

#: The service's own limit (API reference, threads).
MAX_MESSAGES = 100_000


def check_room(thread: Thread, more: int = 1) -> None:
    """Raises ApiError if a thread cannot take that many more messages."""
    if len(thread.messages) + more > MAX_MESSAGES:
        raise errors.thread_is_full(thread.object["id"], MAX_MESSAGES)


def make_thread(call: Call, body: dict[str, Any]) -> Thread:
    """A new thread with its first messages."""
    world, messages = call.world, body.get("messages") or []
    if len(messages) > MAX_MESSAGES:
        raise errors.thread_is_full("that is to be made", MAX_MESSAGES)
    check_messages(world, messages)
    resources = resolve(world, body.get("tool_resources"), days=THREAD_STORE_DAYS)
    id = world.ids.make("thread")
    thread = Thread(objects.thread(id, int(world.clock.now()), {**body, "tool_resources": resources}))
    for message in messages:
        add_message(world, thread, message)
    world.store.threads[id] = thread
    call.entry.thread_id = id
    return thread


def create_thread(call: Call) -> Answer:
    return answer(make_thread(call, call.body).object)


def get_thread(call: Call) -> Answer:
    return answer(views.got_thread(call.world.store.thread(call.path["thread_id"]).object))


def modify_thread(call: Call) -> Answer:
    thread = call.world.store.thread(call.path["thread_id"])
    old = thread.object
    sent = {key: value for key, value in call.body.items() if value is not None}
    if "tool_resources" in sent:
        sent["tool_resources"] = resolve(call.world, sent["tool_resources"])
    thread.object = objects.thread(old["id"], old["created_at"], {**old, **sent})
    return answer(thread.object)


def delete_thread(call: Call) -> Answer:
    """Takes its messages and runs along, also a run that is under way (recorded on Azure)."""
    world = call.world
    thread = world.store.thread(call.path["thread_id"])
    if thread.active_run:
        world.performer.abandon(thread.active_run)
    id = thread.object["id"]
    del world.store.threads[id]
    return answer(objects.deleted(id, "thread"))
