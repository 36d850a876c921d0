"""Runs."""

from __future__ import annotations

from typing import Any

from emulator.apis.assistants import objects, views
from emulator.apis.assistants.endpoints.assistants import check_settings
from emulator.apis.assistants.endpoints.polling import look_at_thread, named_run
from emulator.apis.assistants.endpoints.threads import check_room, make_thread
from emulator.apis.assistants.lifecycle import TERMINAL
from emulator.apis.files.resources import add_message, check_messages, stores_of, use
from emulator.apis.http import errors
from emulator.apis.http.lists import POLL_SOON, list_of, read_query
from emulator.apis.http.request import Answer, Call, Stream
from emulator.apis.http.showing import shown
from emulator.base.json_types import Object
from emulator.engine.active_turn import Leg, Performance
from emulator.world.state.store import Thread

#: As ``POLL_SOON``, for a run that stands at a gate, or will: Python's helpers keep to the first value they get.
_POLL_HELD = 50


def _thread(call: Call) -> Thread:
    return call.world.store.thread(call.path["thread_id"])


def _run_answer(call: Call, run: Object) -> Answer:
    performance = call.world.performer.active.get(run["id"])
    held = performance is not None and performance.has_gate_ahead(call.world.open_gates)
    return shown(call, run, poll_after=_POLL_HELD if held else POLL_SOON)


# ---- Creation ----


def create_run(call: Call) -> Answer | Stream:
    thread, world = _thread(call), call.world
    assistant = world.store.assistants.find(call.body["assistant_id"], "assistant_id")
    if thread.active_run:
        raise errors.thread_has_active_run(thread.object["id"], thread.active_run)
    more = call.body.get("additional_messages") or []
    _check_runnable(call, assistant, more, has_user_message=thread.has_user_message)
    check_room(thread, len(more))
    check_messages(world, more)
    stores_of(world, assistant, thread)
    for message in more:
        add_message(world, thread, message)
    leg = _leg(call)
    return _start(call, thread, assistant, leg)


def create_thread_and_run(call: Call) -> Answer | Stream:
    world, body = call.world, call.body
    assistant = world.store.assistants.find(body["assistant_id"], "assistant_id")
    sent = body.get("thread") or {}
    stores_of(world, assistant)
    _check_runnable(call, assistant, sent.get("messages") or [], has_user_message=lambda: False)
    resources = {"tool_resources": body["tool_resources"]} if body.get("tool_resources") else {}
    thread = make_thread(call, {**resources, **sent})
    leg = _leg(call)
    if leg:
        leg.send(views.in_event(thread.object, world.shapes), "thread.created")
    return _start(call, thread, assistant, leg)


def _check_runnable(call: Call, assistant: Object, messages: list[Object], has_user_message: Any) -> None:
    """Raises ApiError if there is nothing to run on; nothing has been made by then."""
    check_settings(call)
    if assistant["instructions"] or call.body.get("instructions") or call.body.get("additional_instructions"):
        return
    if not any(message["role"] == "user" for message in messages) and not has_user_message():
        raise errors.nothing_to_run_on()


def _start(call: Call, thread: Thread, assistant: Object, leg: Leg | None) -> Answer | Stream:
    world = call.world
    thread_id = thread.object["id"]
    stores = stores_of(world, assistant, thread)
    use(world, stores)
    run = objects.run(world.ids.make("thread.run", thread_id), int(world.clock.now()), thread_id, assistant, call.body)
    performance = world.perform(thread, run, assistant, stores, azure=call.flavour == "azure")
    call.entry.run_id, call.entry.turn = run["id"], performance.turn.name
    world.performer.start(performance, leg=leg)
    return _stream_or(call, performance, leg, run)


def _leg(call: Call) -> Leg | None:
    """What the answer has to send, if a stream was asked for."""
    if not call.body.get("stream"):
        return None
    return Leg(azure=call.flavour == "azure", content="include[]" in call.query)


def _stream_or(call: Call, performance: Performance, leg: Leg | None, run: Object) -> Answer | Stream:
    return Stream(call.world, performance, leg) if leg else _run_answer(call, run)


# ---- The rest ----


def list_runs(call: Call) -> Answer:
    """Moves the runs on its page, oldest first, and then shows them."""
    thread = _thread(call)
    page = thread.runs.page(read_query(call))
    if thread.active_run in page.ids:
        look_at_thread(call, thread)
    page.rows = [thread.runs.find(id, "run_id") for id in page.ids]
    return list_of(call, page)


def get_run(call: Call) -> Answer:
    thread = _thread(call)
    run = named_run(call, thread)
    look_at_thread(call, thread)
    return _run_answer(call, thread.runs.find(run["id"], "run_id"))


def modify_run(call: Call) -> Answer:
    """Only metadata, and only of a run that is over: a live one is refused (recorded)."""
    thread = _thread(call)
    run = named_run(call, thread)
    if run["status"] not in TERMINAL:
        raise errors.cannot_update(run["status"])
    sent = call.body.get("metadata")
    modified = {**run, "metadata": run["metadata"] if sent is None else sent}
    thread.put_run(modified)
    return _run_answer(call, modified)


def cancel_run(call: Call) -> Answer:
    thread = _thread(call)
    run = named_run(call, thread)
    performance = call.world.performer.active.get(run["id"])
    if performance is None or run["status"] == "cancelling":
        raise errors.cannot_cancel(run["status"])
    cancelling = call.world.performer.cancel(performance)
    return _run_answer(call, cancelling)


def submit_tool_outputs_to_run(call: Call) -> Answer | Stream:
    thread = _thread(call)
    run = named_run(call, thread)
    performance = call.world.performer.active.get(run["id"])
    if performance is None or run["status"] != "requires_action":
        raise errors.outputs_refused(run["status"])
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    expected = [one["id"] for one in calls]
    got = [one["tool_call_id"] for one in call.body["tool_outputs"]]
    if sorted(expected) != sorted(got):
        raise errors.outputs_mismatch(expected, got)
    outputs = {one["tool_call_id"]: one["output"] for one in call.body["tool_outputs"]}
    leg = _leg(call)
    queued = call.world.performer.submit(performance, outputs, leg=leg)
    return _stream_or(call, performance, leg, queued)
