"""Messages."""

from __future__ import annotations

from emulator.apis.assistants import objects, views
from emulator.apis.assistants.endpoints.polling import look_at_thread
from emulator.apis.assistants.endpoints.threads import check_room
from emulator.apis.files.resources import add_message, check_messages
from emulator.apis.http import errors
from emulator.apis.http.lists import cursors, read_query
from emulator.apis.http.request import Answer, Call, answer
from emulator.world.state.store import Thread


def _thread(call: Call) -> Thread:
    return call.world.store.thread(call.path["thread_id"])


def list_messages(call: Call) -> Answer:
    thread = _thread(call)
    look_at_thread(call, thread)
    run_id = call.query.get("run_id")
    page = thread.messages.page(read_query(call), (lambda row: views.row_has_run(row, run_id)) if run_id else None)
    items = views.message_items(page.rows, call.world.shapes)
    first, last = cursors(call, page.ids)
    return Answer(views.page(items, first, last, has_more=page.has_more))


def create_message(call: Call) -> Answer:
    thread = _thread(call)
    id = thread.object["id"]
    if thread.active_run:
        raise errors.message_during_run(id, thread.active_run)
    check_room(thread)
    check_messages(call.world, [call.body])
    row = add_message(call.world, thread, call.body)
    return Answer(views.message_json(row, call.world.shapes))


def get_message(call: Call) -> Answer:
    thread = _thread(call)
    look_at_thread(call, thread)
    row = thread.messages.find(call.path["message_id"], "message_id")
    return Answer(views.message_json(row, call.world.shapes))


def modify_message(call: Call) -> Answer:
    thread = _thread(call)
    old = thread.message(call.path["message_id"])
    sent = call.body.get("metadata")
    modified = {**old, "metadata": old["metadata"] if sent is None else sent}
    thread.put_message(modified)
    return answer(views.modified_message(modified, call.world.shapes))


def delete_message(call: Call) -> Answer:
    thread = _thread(call)
    id = thread.message(call.path["message_id"])["id"]
    thread.messages.remove(id)
    return answer(objects.deleted(id, "thread.message"))
