"""Makes the conversations that a scenario gives."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.apis.http.validation import request_error
from emulator.apis.responses.contexts import check_ids
from emulator.apis.responses.conversations import new_conversation, read_items
from emulator.apis.responses.store import responses_of
from emulator.base.json_types import Object
from emulator.world.given import gives
from emulator.world.state.state import State


@gives("conversations")
def give_conversation(world: State, item: Object, contents: Mapping[str, bytes]) -> None:
    """A conversation may be given with more items than one request could add."""
    for sent in item.get("items") or []:
        if error := request_error("create_conversation_items", {"items": [sent]}):
            raise error
    conversation = new_conversation(world, item.get("metadata"), item.get("id", ""))
    items = read_items(world, conversation, item.get("items") or [])
    check_ids(items)
    conversation.put(items)
    responses_of(world).conversations[conversation.id] = conversation
