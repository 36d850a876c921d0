"""Makes the conversations that a scenario gives."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.apis.http.validation import request_error
from emulator.apis.responses.contexts import check_ids
from emulator.apis.responses.conversations import new_conversation, read_items
from emulator.apis.responses.store import responses_of
from emulator.base.json_types import Object
from emulator.base.problems import Refusal
from emulator.world.given import gives
from emulator.world.state.state import State


def _check_item(number: int, sent: Object) -> None:
    """Raises Refusal, with the item's place, for one that no request could add."""
    error = request_error("create_conversation_items", {"items": [sent]})
    if error is not None:
        place, message = (text.replace("items[0]", f"items[{number}]") for text in (error.param or "", error.message))
        raise Refusal(f"{place}: {message}")


@gives("conversations")
def give_conversation(world: State, item: Object, contents: Mapping[str, bytes]) -> None:
    """A conversation may be given with more items than one request could add. Raises Refusal for a bad item."""
    for number, sent in enumerate(item.get("items") or []):
        _check_item(number, sent)
    conversation = new_conversation(world, item.get("metadata"), item.get("id", ""))
    items = read_items(world, conversation, item.get("items") or [])
    check_ids(items)
    conversation.put(items)
    responses_of(world).conversations[conversation.id] = conversation
