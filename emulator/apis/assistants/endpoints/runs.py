"""Runs."""

from __future__ import annotations

from functools import partial
from typing import cast

from emulator.apis.assistants import active_given_runs, errors, objects
from emulator.apis.assistants.endpoints.assistants import check_settings
from emulator.apis.assistants.endpoints.polling import note_poll_at_rest, poll_thread, run_in_path, thread_in_path
from emulator.apis.assistants.endpoints.threads import check_room, make_thread
from emulator.apis.assistants.objects import Assistant, Run
from emulator.apis.assistants.resources import add_message, check_messages, resolve, stores_of
from emulator.apis.assistants.run_stream import RunStream
from emulator.apis.assistants.store import Thread, objects_of
from emulator.apis.assistants.turns import turn_of
from emulator.apis.assistants.views import shown, view_of
from emulator.apis.files.resources import use_stores
from emulator.apis.http.errors import ApiError
from emulator.apis.http.flavours import RUN_LIFETIMES
from emulator.apis.http.lists import POLL_SOON, list_of, read_query
from emulator.apis.http.request import JsonResponse, Request, StreamResponse
from emulator.apis.tool_choice import check_tool_choice
from emulator.base.json_types import Object
from emulator.base.limits import MAX_TOOL_OUTPUTS
from emulator.engine.active_turn import ActiveTurn
from emulator.scenarios.model import TERMINAL
from emulator.scenarios.steps.context import Output
from emulator.world.state.vector_stores import VectorStore

#: As ``POLL_SOON``, for a run that stands at a hold, or will: Python's helpers keep to the first value they get.
_POLL_HELD = 50


def _run_response(request: Request, run: Run) -> JsonResponse:
    turn = request.engine.active.get(run["id"])
    held = turn is not None and turn.has_hold_ahead(request.world.open_holds)
    return shown(request, run, poll_after=_POLL_HELD if held else POLL_SOON)


# ---- Creation ----


def _note_refused(turn: ActiveTurn | None, error: ApiError) -> None:
    """A request for a turn that waits for outputs is refused: the turn's transcript says so."""
    if turn is not None and turn.status == "requires_action":
        turn.log.transcript.refuse(error.code or error.type)


def create_run(request: Request) -> JsonResponse | StreamResponse:
    world, body = request.world, request.body
    thread, assistant = thread_in_path(request), _assistant(request)
    if thread.active_run:
        error = errors.thread_has_active_run(thread.id, thread.active_run)
        _note_refused(request.engine.active.get(thread.active_run), error)
        raise error
    messages = body.get("additional_messages") or []
    check_settings(request, assistant)
    _check_tool_choice(request, assistant)
    if not _can_run(request, assistant, messages) and not thread.has_user_message():
        raise errors.nothing_to_run_on()
    if messages:
        check_room(thread, len(messages))
        check_messages(world, messages)
    own = resolve(world, body.get("tool_resources"), on_azure=request.on_azure)
    stores = stores_of(world, assistant, thread, own)  # nothing is refused from here on
    if messages:
        for message in messages:
            add_message(world, thread, message, on_azure=request.on_azure)
        stores = stores_of(world, assistant, thread, own)  # a message can bring the thread a vector store
    return _start(request, thread, assistant, stores, _stream(request), own)


def create_thread_and_run(request: Request) -> JsonResponse | StreamResponse:
    world, body = request.world, request.body
    assistant = _assistant(request)
    sent = body.get("thread") or {}
    stores_of(world, assistant)
    check_settings(request, assistant)
    _check_tool_choice(request, assistant)
    if not _can_run(request, assistant, sent.get("messages") or []):
        raise errors.nothing_to_run_on()
    resources = {"tool_resources": body["tool_resources"]} if body.get("tool_resources") else {}
    thread = make_thread(request, {**resources, **sent})
    stream = _stream(request)
    if stream:
        stream.send_object(thread.object, "thread.created")
    return _start(request, thread, assistant, stores_of(world, assistant, thread), stream)


def _assistant(request: Request) -> Assistant:
    """The assistant that the body names. Raises Missing."""
    return objects_of(request.world).assistants.find(request.body["assistant_id"], "assistant_id")


def _check_tool_choice(request: Request, assistant: Assistant) -> None:
    tools = request.body.get("tools")
    check_tool_choice(request.body.get("tool_choice"), assistant["tools"] if tools is None else tools)


def _can_run(request: Request, assistant: Assistant, messages: list[Object]) -> bool:
    """True if instructions or these messages give the model something to answer."""
    body = request.body
    instructed = assistant["instructions"] or body.get("instructions") or body.get("additional_instructions")
    return bool(instructed or (messages and "user" in [message["role"] for message in messages]))


def _start(
    request: Request,
    thread: Thread,
    assistant: Assistant,
    stores: list[VectorStore],
    stream: RunStream | None,
    own: Object | None = None,
) -> JsonResponse | StreamResponse:
    """Creates a run that nothing refuses. ``stores``: what it searches; ``own``: its resources, on Foundry."""
    world = request.world
    use_stores(world, stores)
    id, lifetime = world.ids.make("thread.run", thread.id), RUN_LIFETIMES[request.flavour]
    run = objects.run(id, world.now, thread.id, assistant, request.body, lifetime)
    if own:
        run["tool_resources"] = own
    turn = turn_of(world, thread, run, assistant, stores, azure=request.on_azure)
    request.entry.run_id, request.entry.turn = run["id"], turn.turn.name
    request.engine.start(turn, stream)
    return _stream_or(request, turn, stream, run)


def _stream(request: Request) -> RunStream | None:
    """The stream that the request asks for."""
    if not request.body.get("stream"):
        return None
    return RunStream(request.world.shapes, azure=request.on_azure, content="include[]" in request.query)


def _stream_or(request: Request, turn: ActiveTurn, stream: RunStream | None, run: Run) -> JsonResponse | StreamResponse:
    return StreamResponse(request.engine, turn, stream) if stream else _run_response(request, run)


# ---- The rest ----


def list_runs(request: Request) -> JsonResponse:
    """Moves the runs on its page, oldest first, and then shows them."""
    thread = thread_in_path(request)
    page = thread.runs.page(read_query(request))
    if thread.active_run in page.ids:
        poll_thread(request, thread, thread.active_run)
    elif page.ids:
        note_poll_at_rest(request, thread, page.ids[0])
    page.rows = [thread.runs.find(id, "run_id") for id in page.ids]
    return list_of(request, page, partial(view_of, request))


def get_run(request: Request) -> JsonResponse:
    thread = thread_in_path(request)
    run = run_in_path(request, thread)
    poll_thread(request, thread, run["id"])
    return _run_response(request, thread.runs.find(run["id"], "run_id"))


def modify_run(request: Request) -> JsonResponse:
    """Only metadata, and only of a run that is over: a live one is refused (docs/wire.md §4)."""
    thread = thread_in_path(request)
    run = run_in_path(request, thread)
    if run["status"] not in TERMINAL:
        raise errors.cannot_update(run["status"])
    sent = request.body.get("metadata")
    modified = cast("Run", {**run, "metadata": run["metadata"] if sent is None else sent})
    thread.put_run(modified)
    return _run_response(request, modified)


def cancel_run(request: Request) -> JsonResponse:
    thread = thread_in_path(request)
    run = run_in_path(request, thread)
    turn = request.engine.active.get(run["id"])
    if turn is None and active_given_runs.can_be_cancelled(thread, run):
        return _run_response(request, active_given_runs.cancel(thread, run, request.world.now))
    if turn is None or run["status"] == "cancelling":
        raise errors.cannot_cancel(run["status"])
    request.engine.cancel(turn)
    cancelling = thread.runs.find(run["id"], "run_id")
    request.engine.go_on(turn)
    return _run_response(request, cancelling)


def _check_size(outputs: list[Object]) -> None:
    """Raises ApiError for outputs that are too large together, whatever the status of the run."""
    if sum(len(one["output"].encode("utf-8", "replace")) for one in outputs) >= MAX_TOOL_OUTPUTS:
        raise errors.outputs_too_large()


def submit_tool_outputs_to_run(request: Request) -> JsonResponse | StreamResponse:
    _check_size(request.body["tool_outputs"])
    thread = thread_in_path(request)
    run = run_in_path(request, thread)
    turn = request.engine.active.get(run["id"])
    if turn is None or run["required_action"] is None:
        raise errors.outputs_refused(run["status"])
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    expected = [one["id"] for one in calls]
    got = [one["tool_call_id"] for one in request.body["tool_outputs"]]
    if sorted(expected) != sorted(got):
        error = errors.outputs_mismatch(expected, got)
        _note_refused(turn, error)
        raise error
    by_id = {one["tool_call_id"]: one["output"] for one in request.body["tool_outputs"]}
    outputs = [Output(one["function"]["name"], one["function"]["arguments"], by_id[one["id"]]) for one in calls]
    stream = _stream(request)
    request.engine.resume(turn, outputs, stream)
    queued = thread.runs.find(run["id"], "run_id")
    request.engine.go_on(turn)
    return _stream_or(request, turn, stream, queued)
