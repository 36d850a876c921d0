"""How conversations and their items are made."""

from __future__ import annotations

from collections.abc import Iterable

from emulator.apis.responses.input_items import ItemReader
from emulator.apis.responses.objects import Item
from emulator.apis.responses.store import Conversation
from emulator.apis.responses.wire import response_in_order
from emulator.base.json_types import Object
from emulator.world.state.state import State


def new_conversation(world: State, metadata: Object | None, id: str = "") -> Conversation:
    """An empty conversation, which the store does not have yet. ``id``: empty for one of its own."""
    made = {
        "id": id or world.ids.make_root("conversation", world.ids.family(), world.now),
        "object": "conversation",
        "created_at": world.now,
        "metadata": metadata or {},
    }
    return Conversation(response_in_order(made))


def read_items(world: State, conversation: Conversation, sent: Iterable[Object]) -> list[Item]:
    """Items in the form in which the conversation stores them. Raises ApiError for a reference that leads nowhere."""
    reader = ItemReader(world, lambda kind: world.ids.make_item(kind, conversation.family, world.now))
    return [reader.stored(item) for item in sent]
