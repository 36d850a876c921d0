"""How conversations and their items are made."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from emulator.apis.responses.input_items import ItemReader
from emulator.apis.responses.objects import Item
from emulator.apis.responses.store import Conversation
from emulator.apis.responses.wire import response_in_order
from emulator.base.json_types import Object
from emulator.world.state.state import State

#: An id in the service's form, and the key that it ends with.
_WITH_KEY: Final = re.compile(r"conv_[0-9a-f]{32}([0-9a-f]{16})")


def new_conversation(world: State, metadata: Object | None, id: str = "") -> Conversation:
    """An empty conversation, which the store does not have yet. ``id``: empty for one that is made."""
    family = found[1] if (found := _WITH_KEY.fullmatch(id)) else world.ids.family()
    made = {
        "id": id or world.ids.make_root("conversation", family, world.now),
        "object": "conversation",
        "created_at": world.now,
        "metadata": metadata or {},
    }
    return Conversation(response_in_order(made), family)


def read_items(world: State, conversation: Conversation, sent: Iterable[Object]) -> list[Item]:
    """Items in the form in which the conversation stores them. Raises ApiError for a reference that leads nowhere."""
    reader = ItemReader(world, lambda kind: world.ids.make_item(kind, conversation.family, world.now))
    return [reader.stored(item) for item in sent]
