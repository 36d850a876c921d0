"""Items that a request brings, in the form in which they are stored: with an id, a status, and content in parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

from emulator.apis.responses import errors
from emulator.apis.responses.objects import Item
from emulator.apis.responses.store import responses_of
from emulator.apis.responses.wire import item_in_order
from emulator.base.json_types import Object
from emulator.world.state.state import State

#: Kinds of items whose ids begin with letters of their own; those of all others begin as messages' do.
_NAMED: Final = frozenset({"function_call", "function_call_output", "reasoning"})


class ItemReader:
    """Puts items into stored form. ``make_id``: the next id of an item of a kind (a key of ``ids.KIN``)."""

    def __init__(self, world: State, make_id: Callable[[str], str]) -> None:
        self._world, self._make_id = world, make_id

    def stored(self, item: Object) -> Item:
        kind = item.get("type") or ("message" if "role" in item else "item_reference")
        if kind == "item_reference":
            return self._referred(item["id"])
        made = {**item, "type": kind}
        if made.get("id") is None:
            made["id"] = self._make_id(kind if kind in _NAMED else "message")
        if kind == "message":
            made = self._message(made)
        elif kind in ("function_call", "function_call_output", "file_search_call", "code_interpreter_call"):
            made["status"] = item.get("status") or "completed"
        if kind == "file_search_call":
            made.setdefault("results", None)
        if kind == "code_interpreter_call":
            made.setdefault("outputs", None)
        return cast("Item", item_in_order(made))

    def _message(self, item: Object) -> Object:
        content, role = item["content"], item["role"]
        if isinstance(content, str):
            kind = "output_text" if role == "assistant" else "input_text"
            content = [{"type": kind, "text": content}]
        made = {**item, "status": item.get("status") or "completed", "content": list(map(_stored_part, content))}
        return {key: value for key, value in made.items() if value is not None}

    def _referred(self, id: str) -> Item:
        found = responses_of(self._world).find_item(id, self._world.clock.now())
        if found is None:
            raise errors.item_not_stored(id)
        return found


def _stored_part(part: Object) -> Object:
    """A part of an input as it is stored, its keys in order: ``views`` leaves out the data of files and images."""
    kind = part["type"]
    if kind == "output_text":
        annotations, logprobs = part.get("annotations") or [], part.get("logprobs") or []
        return {"type": kind, "annotations": annotations, "logprobs": logprobs, "text": part["text"]}
    if kind == "input_image":
        detail, image = part.get("detail") or "auto", part.get("image_url")
        return {"type": kind, "detail": detail, "file_id": part.get("file_id"), "image_url": image}
    if kind == "input_file":
        shown = {"type": kind, "file_id": part.get("file_id"), "filename": part.get("filename")}
        return {**shown, **({"file_data": part["file_data"]} if part.get("file_data") else {})}
    return {key: part[key] for key in ("type", *sorted(part.keys() - {"type"}))}
