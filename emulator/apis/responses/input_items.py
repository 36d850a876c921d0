"""Items that a request brings, in the form in which they are stored: with an id, a status, and content in parts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, cast

from emulator.apis.responses import errors
from emulator.apis.responses.objects import Item, output_text, user_message
from emulator.apis.responses.store import responses_of
from emulator.apis.responses.wire import item_in_order, part_in_order
from emulator.base.json_types import Object
from emulator.world.state.state import State

#: Kinds of items whose ids begin with letters of their own; those of all others begin as messages' do.
_NAMED: Final = frozenset({"function_call", "function_call_output", "reasoning"})
#: Kinds of items that have a status.
_WITH_STATUS: Final = frozenset(
    {"message", "function_call", "function_call_output", "file_search_call", "code_interpreter_call"}
)

#: How the ids of items begin, by kind.
_PREFIXES: Final = {
    "message": "msg",
    "function_call": "fc",
    "reasoning": "rs",
    "file_search_call": "fs",
    "code_interpreter_call": "ci",
    "compaction": "cmp",
}
_ID: Final = re.compile(r"[A-Za-z0-9_-]*")


#: Media types of files that no model can read, as a data URL has them.
_UNREADABLE: Final = re.compile(r"data:((?:audio|video)/[^;,]*)")


def check_items(items: Iterable[Object], name: str = "input") -> None:
    """Raises ApiError for ids that no item of the kind has, and for files that no model reads.

    ``name``: of the parameter that holds the items.
    """
    for number, item in enumerate(items):
        path = f"{name}[{number}]"
        if item.get("id") is not None and ("role" in item or item.get("type")):
            _check_id(f"{path}.id", item["id"], item.get("type") or "message")
        for key in ("content", "output"):
            parts = item.get(key)
            for place, part in enumerate(parts if isinstance(parts, list) else ()):
                _check_part(f"{path}.{key}[{place}]", part)


def _check_id(path: str, id: str, kind: str) -> None:
    prefix = _PREFIXES.get(kind)
    if prefix is None:
        return
    if not _ID.fullmatch(id):
        raise errors.strange_id(path, id)
    if not id.startswith(f"{prefix}_"):
        raise errors.wrong_item_id(path, id, prefix)


def _check_part(path: str, part: Object) -> None:
    if found := _UNREADABLE.match(part.get("file_data") or ""):
        raise errors.bad_file_data(f"{path}.file_data", found[1])


class ItemReader:
    """Puts items into stored form. ``make_id``: the next id of an item of a kind (a key of ``ids.KIN``)."""

    def __init__(self, world: State, make_id: Callable[[str], str]) -> None:
        self._world, self._make_id = world, make_id

    def input(self, sent: str | list[Object] | None) -> list[Item]:
        """The items of an input, of which a text is a user's message."""
        if isinstance(sent, str):
            return [user_message(self._make_id("message"), sent)]
        return [self.stored(item) for item in sent or ()]

    def stored(self, item: Object) -> Item:
        kind = item.get("type") or ("message" if "role" in item else "item_reference")
        if kind == "item_reference":
            return self._referred(item["id"])
        made = _message(item) if kind == "message" else {**item}
        made["type"] = kind
        if made.get("id") is None:
            made["id"] = self._make_id(kind if kind in _NAMED else "message")
        if kind in _WITH_STATUS:
            made["status"] = item.get("status") or "completed"
        if kind == "file_search_call":
            made.setdefault("results", None)
        if kind == "code_interpreter_call":
            made.setdefault("outputs", None)
        return cast("Item", item_in_order(made))

    def _referred(self, id: str) -> Item:
        found = responses_of(self._world).find_item(id, self._world.clock.now())
        if found is None:
            raise errors.item_not_stored(id)
        return found


def _message(item: Object) -> Object:
    content = item["content"]
    made = {key: value for key, value in item.items() if value is not None}
    if not isinstance(content, str):
        made["content"] = [_stored_part(part) for part in content]
    elif item["role"] == "assistant":
        made["content"] = [output_text(content)]
    else:
        made["content"] = [{"type": "input_text", "text": content}]
    return made


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
    return part_in_order(part)
