"""Responses."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import orjson

from emulator.apis.files.resources import live_store, use_stores
from emulator.apis.http.errors import ApiError
from emulator.apis.http.lists import POLL_SOON, read_query
from emulator.apis.http.request import AwaitedResponse, JsonResponse, Request, StreamResponse
from emulator.apis.responses import errors, models, objects, tools
from emulator.apis.responses.carried import note_carried
from emulator.apis.responses.code_files import check_containers
from emulator.apis.responses.contexts import Context, context_of, note_refused, parent_of, waiting_turn
from emulator.apis.responses.narrator import ResponseNarrator
from emulator.apis.responses.objects import Item
from emulator.apis.responses.repeated import note_repeated
from emulator.apis.responses.response_stream import ResponseStream, SilentStream
from emulator.apis.responses.store import ITEM, StoredResponse, responses_of
from emulator.apis.responses.turns import situation_of, turn_of
from emulator.apis.responses.usage import input_tokens
from emulator.apis.responses.views import Include, item_list, item_view, json_response, response_in_json
from emulator.apis.responses.wire import opaque
from emulator.apis.tool_choice import check_tool_choice
from emulator.engine.active_turn import ActiveTurn
from emulator.scenarios.steps.context import Output
from emulator.world.state.collection import Collection
from emulator.world.state.vector_stores import VectorStore

#: Seconds for which the events of a background response can be read again.
_STREAMED_FOR: Final = 300
#: Statuses in which a response is at its end.
_OVER: Final = frozenset({"completed", "failed", "incomplete", "cancelled"})


# ---- Creation ----


def create_response(request: Request) -> JsonResponse | StreamResponse | AwaitedResponse:
    try:
        stored, context = _prepare(request)
        stores = _stores(request)
    except ApiError as error:
        note_refused(request.world, request.body, error)
        raise
    include: Include = frozenset(request.body.get("include") or ())
    stream = _stream(request, stored)
    use_stores(request.world, stores)
    turn = _go_on(request, stored, context, include, stores, stream) or _begin(
        request, stored, context, include, stores, stream
    )
    request.entry.turn = turn.turn.name
    if context.before:
        note_repeated(request.world, stored.id, turn.turn, context)
    if stored.object["background"] and not isinstance(stream, ResponseStream):
        return json_response(response_in_json(stored.object, include), poll_after=POLL_SOON)
    left = None if stored.object["background"] else lambda: _abandon(request, stored, turn)
    if isinstance(stream, ResponseStream):
        if stored.refusal and stream.ended and not stored.object["background"]:
            raise _refused(request, stored, stored.refusal)
        return StreamResponse(request.engine, turn, stream, left)
    assert stream is not None
    return AwaitedResponse(request.engine, turn, stream, lambda: _ready(request, stored, include), left)


def _ready(request: Request, stored: StoredResponse, include: Include) -> JsonResponse | ApiError:
    """A response that is at rest; the error if the service would not have made one."""
    if stored.refusal:
        return _refused(request, stored, stored.refusal)
    return json_response(response_in_json(stored.object, include))


def _refused(request: Request, stored: StoredResponse, refusal: ApiError) -> ApiError:
    """The refusal of a request whose response is nowhere from now on."""
    stored.leave_conversation(adds=False)
    responses_of(request.world).responses.pop(stored.id, None)
    return refusal


def _prepare(request: Request) -> tuple[StoredResponse, Context]:
    """Validates a request and reads its context: nothing has been made yet. Raises ApiError."""
    world, body = request.world, request.body
    _check(request)
    parent = parent_of(world, body)
    if not body.get("input") and not parent.id:
        raise errors.nothing_to_respond_to()
    if parent.conversation:
        request.entry.thread_id = parent.conversation.id
        if parent.conversation.response:
            raise errors.conversation_locked()
    family = parent.family(world)
    id = world.ids.make_kin("response", family, world.now, parent.id)
    context = context_of(world, body, parent, id, family)
    held = parent.conversation.id if parent.conversation else None
    response = objects.response(id, world.now, body, conversation=held, on_azure=request.on_azure)
    stored = StoredResponse(response, context.items, family, body["model"], brought=context.input)
    stored.root, stored.conversation, stored.turns = parent.root, parent.conversation, parent.turns
    request.entry.run_id = id
    return stored, context


def _check(request: Request) -> None:
    body = request.body
    if body.get("prompt") is not None:
        raise errors.stored_prompt_gone(body["prompt"]["id"])
    if body["model"] in request.world.unknown_models:
        raise errors.model_not_found(body["model"])
    tools.check_tools(body.get("tools"))
    check_tool_choice(body.get("tool_choice"), body.get("tools") or ())
    check_containers(request.world, body.get("tools") or ())
    tools.check_format(body.get("text"))
    if body.get("temperature") is not None and models.can_reason(body["model"]):
        raise errors.unsupported_parameter("temperature")


def _stores(request: Request) -> list[VectorStore]:
    """The vector stores that the request's file search names. Raises Refusal for one that is not there."""
    named: list[str] = []
    for tool in request.body.get("tools") or ():
        if tool["type"] == "file_search":
            named += tool.get("vector_store_ids") or ()
    if missing := [id for id in named if id not in request.world.store.vector_stores]:
        raise errors.vector_store_not_found(missing)
    return [live_store(request.world, id) for id in named]


def _stream(request: Request, stored: StoredResponse) -> ResponseStream | SilentStream | None:
    """The stream that the request asks for; a foreground response without one is awaited."""
    body = request.body
    if body.get("stream"):
        has_none = (body.get("stream_options") or {}).get("include_obfuscation") is False
        seed = None if has_none or stored.object["background"] else stored.id
        stream = ResponseStream(seed)
        if stored.object["background"]:
            stored.stream = stream
        return stream
    return None if stored.object["background"] else SilentStream()


def _begin(
    request: Request,
    stored: StoredResponse,
    context: Context,
    include: Include,
    stores: list[VectorStore],
    stream: ResponseStream | SilentStream | None,
) -> ActiveTurn:
    """A turn is chosen, and begins with this response."""
    turn = turn_of(request.world, stored, context, include, stores)
    stored.turns += 1
    if stored.conversation:
        stored.conversation.turns = stored.turns
    _keep(request, stored, turn)
    request.engine.start(turn, stream)
    return turn


def _go_on(
    request: Request,
    stored: StoredResponse,
    context: Context,
    include: Include,
    stores: list[VectorStore],
    stream: ResponseStream | SilentStream | None,
) -> ActiveTurn | None:
    """The turn that waits for these outputs goes on. None if no turn waits, or if a user interrupts it."""
    found = waiting_turn(request.world, context)
    if found is None:
        return None
    turn, calls = found
    waiting = responses_of(request.world).waiting
    for id in [id for id, call in waiting.items() if call.turn is turn]:
        del waiting[id]
    if context.ends_with_user_text() and request.world.fits(situation_of(request.world, stored, context)):
        _end(request, turn, "interrupted by the user")
        return None
    narrator = turn.narrator
    assert isinstance(narrator, ResponseNarrator)
    narrator.continue_with(stored, include, stores)
    note_carried(turn.log.transcript, turn.turn, situation_of(request.world, stored, context).carried)
    _keep(request, stored, turn)
    request.engine.resume(turn, [Output(call.name, call.arguments, _text(output)) for call, output in calls], stream)
    request.engine.go_on(turn)
    return turn


def _text(output: Any) -> str:
    """The output of a call as text."""
    return output if isinstance(output, str) else "\n".join(part.get("text", "") for part in output)


def _keep(request: Request, stored: StoredResponse, turn: ActiveTurn) -> None:
    stored.turn = turn
    stored.occupy_conversation()
    if stored.object["store"] or stored.object["background"]:
        responses_of(request.world).responses[stored.id] = stored


def _end(request: Request, turn: ActiveTurn, why: str) -> None:
    """A turn that is under way is over, and its API's object stays as it is."""
    turn.let_go()
    turn.status = "cancelled"
    turn.log.note(request.world.now, None, why)
    request.world.active.pop(turn.id, None)


def _abandon(request: Request, stored: StoredResponse, turn: ActiveTurn) -> None:
    """The client has left a foreground response that stands at a hold: it ends there, and nothing of it is stored."""
    _end(request, turn, "left by the client")
    stored.leave_conversation(adds=False)
    responses_of(request.world).responses.pop(stored.id, None)


# ---- The rest ----


def _found(request: Request) -> StoredResponse:
    """The response that the path names. Raises ApiError for one that is not there."""
    id = request.path["response_id"]
    found = responses_of(request.world).get(id, request.world.clock.now())
    if found is None:
        raise errors.response_not_found(id)
    request.entry.run_id = id
    if found.turn:
        request.entry.turn = found.turn.turn.name
    return found


def get_response(request: Request) -> JsonResponse | StreamResponse:
    stored = _found(request)
    if request.query.get("stream"):
        return _resume(request, stored)
    turn = stored.turn
    if turn is None and stored.object["status"] not in _OVER:  # a given one, which no turn plays
        stored.object = {**stored.object, "status": "cancelled"}
    if turn is not None and turn.id in request.engine.active and _is_current(stored, turn):
        request.entry.moved |= request.engine.poll(turn)
    request.note_poll(partial(_rest_of, stored) if stored.object["status"] in _OVER else None)
    shown = response_in_json(stored.object, frozenset(request.query.get("include[]") or ()))
    return json_response(shown, poll_after=POLL_SOON if stored.object["background"] else None)


def _rest_of(stored: StoredResponse) -> str:
    """What a client has of a response that no poll moves."""
    response = stored.object
    calls = [item for item in response["output"] if item["type"] == "function_call"]
    if response["status"] == "completed" and calls:
        waits_for = ", ".join(f"{call['name']!r} ({call['call_id']})" for call in calls)
        return f"{stored.id} is 'completed' with calls of {waits_for}, and a next response brings their outputs"
    why = (response["error"] or {}).get("code") or (response["incomplete_details"] or {}).get("reason")
    return f"{stored.id} is {response['status']!r}{f' ({why})' if why else ''}, which is its end"


def _is_current(stored: StoredResponse, turn: ActiveTurn) -> bool:
    """True for the response that its turn writes now."""
    narrator = turn.narrator
    return isinstance(narrator, ResponseNarrator) and narrator.stored is stored and turn.status != "requires_action"


def _resume(request: Request, stored: StoredResponse) -> StreamResponse:
    """The events of a background response behind ``starting_after``, and those to come."""
    if stored.stream is None or stored.turn is None:
        raise errors.not_streamed_in_background(stored.id)
    if request.world.clock.now() > stored.object["created_at"] + _STREAMED_FOR:
        raise errors.stream_too_old()
    return StreamResponse(
        request.engine, stored.turn, stored.stream, None, int(request.query.get("starting_after", -1)) + 1
    )


def delete_response(request: Request) -> JsonResponse:
    """A response that only polls would move is over with that; a stream that is open is read to its end."""
    stored = _found(request)
    turn = stored.turn
    if turn is not None and turn.id in request.engine.active and _is_current(stored, turn) and not turn.is_streamed:
        _end(request, turn, "deleted by the client")
        stored.leave_conversation(adds=False)
    del responses_of(request.world).responses[stored.id]
    return json_response({"id": stored.id, "object": "response.deleted", "deleted": True})


def cancel_response(request: Request) -> JsonResponse:
    """A background response is cancelled at once; one that is over stays as it is."""
    stored = _found(request)
    if not stored.object["background"]:
        raise errors.cannot_cancel_foreground()
    turn = stored.turn
    if turn is not None and turn.id in request.engine.active and _is_current(stored, turn):
        request.engine.cancel(turn)
        request.engine.go_on(turn)
        request.engine.play_out(turn)
    return json_response(response_in_json(stored.object, frozenset()))


def list_input_items(request: Request) -> JsonResponse:
    stored = _found(request)
    items: Collection[Item] = Collection(ITEM)
    for item in stored.input:
        items.put(item["id"], item)
    return item_list(request, items.page(read_query(request)))


def get_input_token_counts(request: Request) -> JsonResponse:
    world, body = request.world, request.body
    context = context_of(world, body, parent_of(world, body), "", "0" * 16)
    counted = input_tokens(body.get("instructions"), tools.echoed_tools(body.get("tools")), context.items)
    return json_response({"object": "response.input_tokens", "input_tokens": counted})


def compact_conversation(request: Request) -> JsonResponse:
    """The users' messages, and all else as one opaque item. This is compact JSON (docs/wire.md, Responses §4)."""
    world, body = request.world, request.body
    parent = parent_of(world, body)
    family = parent.family(world)
    id = world.ids.make_kin("response", family, world.now, parent.id)
    context = context_of(world, body, parent, id, family)
    kept = [item_view(item, frozenset()) for item in context.items if item.get("role") == "user"]
    compaction = world.ids.make_kin("compaction", family, world.now, id)
    output = [*kept, {"id": compaction, "type": "compaction", "encrypted_content": opaque(compaction)}]
    used = objects.usage(input_tokens(body.get("instructions"), [], context.items), 0)
    made = {"id": id, "object": "response.compaction", "created_at": world.now, "output": output, "usage": used}
    return JsonResponse(orjson.dumps(made))
