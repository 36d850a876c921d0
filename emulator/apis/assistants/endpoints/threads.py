"""Threads."""

from __future__ import annotations

from typing import Any

from emulator.apis.assistants import errors, objects, views
from emulator.apis.assistants.endpoints.polling import thread_in_path
from emulator.apis.assistants.resources import add_message, check_messages, resolve
from emulator.apis.assistants.store import Thread, objects_of
from emulator.apis.http.lists import deleted
from emulator.apis.http.request import JsonResponse, Request, json_response
from emulator.base.limits import MAX_MESSAGES
from emulator.world.state.vector_stores import THREAD_STORE_DAYS


def check_room(thread: Thread, more: int = 1) -> None:
    """Raises ApiError if a thread cannot take that many more messages."""
    if len(thread.messages) + more > MAX_MESSAGES:
        raise errors.thread_is_full(thread.id, MAX_MESSAGES)


def make_thread(request: Request, body: dict[str, Any]) -> Thread:
    """A new thread with its first messages."""
    world, messages = request.world, body.get("messages") or []
    check_messages(world, messages)
    resources = resolve(world, body.get("tool_resources"), days=THREAD_STORE_DAYS, on_azure=request.on_azure)
    id = world.ids.make("thread")
    thread = Thread(objects.thread(id, world.now, {**body, "tool_resources": resources}))
    for message in messages:
        add_message(world, thread, message, on_azure=request.on_azure)
    objects_of(world).threads.put(thread)
    request.entry.thread_id = id
    return thread


def create_thread(request: Request) -> JsonResponse:
    return json_response(make_thread(request, request.body).object)


def get_thread(request: Request) -> JsonResponse:
    return json_response(views.got_thread(thread_in_path(request).object))


def modify_thread(request: Request) -> JsonResponse:
    thread = thread_in_path(request)
    old = thread.object
    sent = {key: value for key, value in request.body.items() if value is not None}
    if "tool_resources" in sent:
        sent["tool_resources"] = resolve(request.world, sent["tool_resources"], on_azure=request.on_azure)
    thread.object = objects.thread(old["id"], old["created_at"], {**old, **sent})
    return json_response(thread.object)


def delete_thread(request: Request) -> JsonResponse:
    """Takes its messages and runs along, also a run that is under way (docs/wire.md §6)."""
    world = request.world
    thread = thread_in_path(request)
    if thread.active_run:
        world.break_off(thread.active_run)
    id = thread.id
    objects_of(world).threads.remove(id)
    return json_response(deleted(id, "thread"))
