"""Messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from emulator.apis.assistants import errors, messages, views
from emulator.apis.assistants.endpoints.polling import poll_thread, thread_in_path
from emulator.apis.assistants.endpoints.threads import check_room
from emulator.apis.assistants.messages import StoredMessage
from emulator.apis.assistants.objects import Message
from emulator.apis.assistants.resources import add_message, check_messages
from emulator.apis.http.lists import cursors, deleted, read_query
from emulator.apis.http.request import JsonResponse, Request, json_response


def list_messages(request: Request) -> JsonResponse:
    thread = thread_in_path(request)
    poll_thread(request, thread)
    run_id = request.query.get("run_id")
    keep: Callable[[StoredMessage], bool] | None = (lambda one: one.run_id == run_id) if run_id else None
    page = thread.messages.page(read_query(request), keep)
    first, last = cursors(request, page.ids)
    shape = request.world.shapes
    items = [row.item for row in page.rows] if shape == "wire" else [row.as_item(shape) for row in page.rows]
    return JsonResponse(messages.page(items, first, last, has_more=page.has_more))


def create_message(request: Request) -> JsonResponse:
    thread = thread_in_path(request)
    if thread.active_run:
        raise errors.message_during_run(thread.id, thread.active_run)
    check_room(thread)
    check_messages(request.world, [request.body])
    made = add_message(request.world, thread, request.body, on_azure=request.on_azure)
    return JsonResponse(made.as_json(request.world.shapes))


def get_message(request: Request) -> JsonResponse:
    thread = thread_in_path(request)
    poll_thread(request, thread)
    found = thread.messages.find(request.path["message_id"], "message_id")
    return JsonResponse(found.as_json(request.world.shapes))


def modify_message(request: Request) -> JsonResponse:
    thread = thread_in_path(request)
    old = thread.messages.find(request.path["message_id"], "message_id").message()
    sent = request.body.get("metadata")
    modified = cast("Message", {**old, "metadata": old["metadata"] if sent is None else sent})
    thread.put_message(modified)
    return json_response(views.modified_message(modified, request.world.shapes))


def delete_message(request: Request) -> JsonResponse:
    thread = thread_in_path(request)
    id = request.path["message_id"]
    thread.remove_message(id)
    return json_response(deleted(id, "thread.message"))
