"""Makes the conversations, containers and responses that a scenario gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from emulator.apis.http.validation import request_error
from emulator.apis.responses.code_files import check_files
from emulator.apis.responses.containers import new_container, put_account_file, put_file
from emulator.apis.responses.contexts import check_ids
from emulator.apis.responses.conversations import new_conversation, read_items
from emulator.apis.responses.input_items import ItemReader
from emulator.apis.responses.objects import response
from emulator.apis.responses.store import StoredResponse, responses_of
from emulator.base.json_types import Object
from emulator.base.problems import Refusal
from emulator.scenarios.given import given_content
from emulator.world.given import gives
from emulator.world.state.contents import Content
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


@gives("containers")
def give_container(world: State, item: Object, contents: Mapping[str, bytes]) -> None:
    """A container with files of its own and of the account. Raises Refusal for a file that is not given."""
    container = new_container(world, world.ids.family(), item, item["name"], item.get("id", ""))
    ids = item.get("file_ids") or []
    check_files(world, ids, "file_ids")
    for id in ids:
        put_account_file(world, container, id)
    for file in item.get("files") or []:
        content = Content.of(given_content(file, contents))
        put_file(world, container, file["filename"], content, file.get("source", "user"), file.get("id", ""))
    if item.get("status") == "expired":
        container.expire()
    responses_of(world).containers.put(container.id, container)


#: What the API shows of a response besides the parameters of its request.
_SHOWN: Final = ("id", "status", "output", "usage", "error", "incomplete_details")


@gives("responses")
def give_response(world: State, item: Object, contents: Mapping[str, bytes]) -> None:
    """A response at its end, which requests can read and continue. Raises Refusal for parameters that do not fit."""
    body = {key: value for key, value in item.items() if key not in _SHOWN}
    if error := request_error("create_response", {"input": "", **body}):
        raise Refusal(f"{error.param or 'response'}: {error.message}")
    family = world.ids.family()
    id = item.get("id") or world.ids.make_kin("response", family, world.now, "")
    made = response(id, world.now, body)
    reader = ItemReader(world, lambda kind: world.ids.make_kin(kind, family, world.now, id))
    items = reader.input(body.get("input") or None)
    made["status"] = item.get("status", "completed")
    made["completed_at"] = world.now if made["status"] == "completed" else None
    made["output"] = [reader.stored(one) for one in item.get("output") or []]
    made["service_tier"] = "default" if made["service_tier"] == "auto" else made["service_tier"]
    made["usage"], made["error"] = item.get("usage"), item.get("error")
    made["incomplete_details"] = item.get("incomplete_details")
    responses_of(world).responses[id] = StoredResponse(made, items, family, body["model"], brought=items)
