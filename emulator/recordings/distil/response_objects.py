"""What the Responses API shows of objects from before the recording: names of files, and items of conversations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from emulator.base.json_types import Object
from emulator.recordings.distil.api_calls import ApiCall
from emulator.recordings.distil.response_turns import ResponseTurn, conversation_of, output_of
from emulator.scenarios.unrecorded import UNKNOWN_QUESTION


class NamedFile(NamedTuple):
    """A file in a search result, with the passage that was found, or in a citation (None)."""

    id: str
    name: str
    passage: str | None


def named_files(turns: Iterable[ResponseTurn]) -> Iterator[NamedFile]:
    """The files that search results and citations name."""
    for item in (item for turn in turns for one in turn.responses for item in output_of(one.object)):
        for one in item.get("results") or []:
            if isinstance(one, dict) and isinstance(one.get("file_id"), str) and one.get("filename"):
                yield NamedFile(one["file_id"], one["filename"], str(one.get("text") or ""))
        for part in item.get("content") or []:
            for one in (part.get("annotations") if isinstance(part, dict) else None) or []:
                if one.get("type") == "file_citation" and one.get("filename"):
                    yield NamedFile(str(one.get("file_id")), str(one["filename"]), None)


def note_conversation(known: dict[str, list[Object]], api_call: ApiCall) -> None:
    """Notes the items of a conversation, oldest first, unless a recorded request has added some before."""
    id = conversation_of(api_call.body) or api_call.parameters.get("conversation_id", "")
    if id and api_call.operation in ("create_response", "create_conversation_items"):
        known.setdefault(id, [])
    elif id and api_call.operation in ("get_conversation_item", "delete_conversation_item") and api_call.succeeded:
        _note_item(known, id, api_call)
    elif api_call.operation == "list_conversation_items" and api_call.succeeded:
        rows = api_call.response.get("data") if isinstance(api_call.response, dict) else None
        found = [one for one in (rows if isinstance(rows, list) else []) if isinstance(one, dict)]
        known.setdefault(id, found if "order=asc" in api_call.exchange.query else found[::-1])


def _note_item(known: dict[str, list[Object]], id: str, api_call: ApiCall) -> None:
    """Notes one item, unless requests have added those of the conversation; one that is deleted has a made-up text."""
    item_id = api_call.parameters.get("item_id", "")
    made_up: Object = {
        "id": item_id,
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": UNKNOWN_QUESTION}],
    }
    shown = api_call.response if isinstance(api_call.response, dict) else {}
    item = shown if shown.get("id") == item_id and shown.get("type") else made_up
    items = known.setdefault(id, [item])
    if items and not any(one.get("id") == item_id for one in items):
        items.append(item)
