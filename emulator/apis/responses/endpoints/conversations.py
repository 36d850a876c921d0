"""Conversations and their items."""

from __future__ import annotations

from collections.abc import Sequence

from emulator.apis.http.lists import deleted, read_query
from emulator.apis.http.request import JsonResponse, Request
from emulator.apis.responses import errors
from emulator.apis.responses.contexts import check_ids
from emulator.apis.responses.conversations import new_conversation, read_items
from emulator.apis.responses.input_items import check_items
from emulator.apis.responses.objects import Item
from emulator.apis.responses.store import Conversation, responses_of
from emulator.apis.responses.views import included, item_list, item_view, json_response
from emulator.base.json_types import Object
from emulator.world.state.collection import Page


def _found(request: Request) -> Conversation:
    """The conversation that the path names. Raises ApiError for one that is not there."""
    id = request.path["conversation_id"]
    found = responses_of(request.world).conversations.get(id)
    if found is None:
        raise errors.conversation_not_found(id)
    return found


def _item(request: Request) -> tuple[Conversation, Item]:
    """The item that the path names, and its conversation. Raises ApiError for one that is not there."""
    conversation, id = _found(request), request.path["item_id"]
    item = conversation.items.get(id)
    if item is None:
        raise errors.conversation_item_not_found(id)
    return conversation, item


# ---- Conversations ----


def create_conversation(request: Request) -> JsonResponse:
    world, body = request.world, request.body
    conversation = new_conversation(world, body.get("metadata"))
    _add(request, conversation, body.get("items") or ())
    responses_of(world).conversations[conversation.id] = conversation
    request.entry.thread_id = conversation.id
    return json_response(conversation.object)


def get_conversation(request: Request) -> JsonResponse:
    return json_response(_found(request).object)


def update_conversation(request: Request) -> JsonResponse:
    """The metadata that is sent replaces that which was there (recorded)."""
    conversation = _found(request)
    conversation.object = {**conversation.object, "metadata": request.body["metadata"] or {}}
    return json_response(conversation.object)


def delete_conversation(request: Request) -> JsonResponse:
    conversation = _found(request)
    del responses_of(request.world).conversations[conversation.id]
    return json_response(deleted(conversation.id, "conversation"))


# ---- Items ----


def _add(request: Request, conversation: Conversation, sent: Sequence[Object]) -> list[Item]:
    """Adds the items of a request. Raises ApiError for an id that the conversation has already; then none is added."""
    check_items(sent, "items")
    items = read_items(request.world, conversation, sent)
    check_ids([*conversation.items, *items])
    conversation.put(items)
    return items


def create_conversation_items(request: Request) -> JsonResponse:
    items = _add(request, _found(request), request.body["items"])
    return item_list(request, Page([item["id"] for item in items], items, has_more=False))


def list_conversation_items(request: Request) -> JsonResponse:
    conversation = _found(request)
    if conversation.turns:
        is_free = conversation.response is None
        request.note_poll((lambda: f"{conversation.id} has no response under way") if is_free else None)
    return item_list(request, conversation.items.page(read_query(request)))


def get_conversation_item(request: Request) -> JsonResponse:
    return json_response(item_view(_item(request)[1], included(request)))


def delete_conversation_item(request: Request) -> JsonResponse:
    """Takes an item out; the response is the conversation (by the published schema)."""
    conversation, item = _item(request)
    conversation.items.remove(item["id"])
    return json_response(conversation.object)
