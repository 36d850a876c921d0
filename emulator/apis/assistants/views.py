"""What is sent: views of stored objects by door (JSON answer, event, modify), shape and flavour.

``wire`` is what the service really sent, also where it broke its own published schema (FACTS §2 and §7); ``spec`` adds
what that schema requires. Azure leaves out what OpenAI added in 2025 (FACTS §6). JSON answers are
pretty-printed with two spaces, so a view of stored bytes can be cut out by lines: JSON has no raw line break inside a
string.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal

import orjson

from emulator.apis.assistants.lifecycle import TERMINAL
from emulator.base.json_types import Object

Shape = Literal["wire", "spec"]

_CODE_INTERPRETER: dict[str, Any] = {"code_interpreter": {"file_ids": []}}

#: Keys of a stored message that only events carry (FACTS §2: 0 of 112 JSON messages have them, 53 of 53 events do).
_MESSAGE_STATE = ("status", "incomplete_details", "incomplete_at", "completed_at")
#: Keys of a stored run step that the published schema has and the service never sent (0 of 125).
_STEP_SPEC_ONLY = ("expired_at", "metadata")
#: What OpenAI fills in for a file_search tool that says nothing of ranking; Azure leaves it out.
RANKING_DEFAULTS: dict[str, Any] = {"ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None}


def pretty(value: Any) -> bytes:
    """JSON as the service's Assistants endpoints write it: two spaces, raw UTF-8, no newline at the end."""
    # A copy, because orjson's result keeps its whole buffer (4 KiB for a short message), and most of these are kept.
    return bytes(memoryview(orjson.dumps(value, option=orjson.OPT_INDENT_2)))


def in_json(
    thing: Object, shape: Shape = "wire", *, azure: bool = False, run_status: str = "", content: bool = False
) -> Object:
    """An object as create, get and list answer it.

    For run steps: ``run_status`` is their run's, ``content`` whether search results show their text (``include[]``).
    """
    if azure:
        thing = _on_azure(thing)
    kind = thing["object"]
    if kind == "thread.run.step":
        return _run_step(thing, shape, live=run_status not in TERMINAL, content=content)
    if shape == "spec":
        return _in_spec(thing)
    if kind == "thread.message":
        return _without(thing, _MESSAGE_STATE)
    return thing


def _without(thing: Object, keys: Iterable[str]) -> Object:
    """A copy without these keys, which it has."""
    shown = dict(thing)
    for key in keys:
        del shown[key]
    return shown


def got_thread(thing: Object) -> Object:
    """A thread as ``GET`` and events show it: with a code interpreter's empty file list that ``POST`` leaves out."""
    resources = {**thing["tool_resources"]}
    resources.setdefault("code_interpreter", {"file_ids": []})
    return {**thing, "tool_resources": resources}


def modified_message(thing: Object, shape: Shape = "wire") -> Object:
    """Modify answers in a shape like v1's: ``file_ids`` in place of ``attachments`` (still so in 2025-10)."""
    if shape == "spec":
        return thing
    return {
        ("file_ids" if key == "attachments" else key): ([] if key == "attachments" else value)
        for key, value in _without(thing, _MESSAGE_STATE).items()
    }


def in_event(thing: Object, shape: Shape = "wire", *, azure: bool = False, content: bool = False) -> Object:
    """An object as the data of a server-sent event."""
    if azure:
        thing = _on_azure(thing)
    kind = thing["object"]
    if kind == "thread.run" and not thing["tool_resources"]:
        thing = {**thing, "tool_resources": _CODE_INTERPRETER}
    if kind == "thread.run.step":
        return _run_step(thing, shape, live=True, content=content)
    if kind == "thread":
        return got_thread(thing)
    return _in_spec(thing) if shape == "spec" else thing


def _in_spec(thing: Object) -> Object:
    """What the published schema has otherwise than the wire, by kind of object: no null where it knows none."""
    match thing["object"]:
        case "thread.run" if thing["instructions"] is None:
            return {**thing, "instructions": ""}
        case "vector_store":
            return {key: "" if key == "name" and value is None else value for key, value in _known(thing).items()}
        case "vector_store.file_batch":
            return {**thing, "object": "vector_store.files_batch"}
        case "file":
            return {key: value for key, value in thing.items() if value is not None}
    return thing


def _known(store: Object) -> Object:
    """A vector store without an expiry that it does not have."""
    return store if store["expires_after"] else {key: value for key, value in store.items() if key != "expires_after"}


def _on_azure(thing: Object) -> Object:
    """Recorded in 2025-04: no ``reasoning_effort``, no ``completion_tokens_details``, tools without defaults."""
    kind = thing["object"]
    if kind not in ("assistant", "thread.run", "thread.run.step"):
        return thing
    shown = {key: value for key, value in thing.items() if key != "reasoning_effort"}
    if shown.get("tools"):
        shown["tools"] = [_tool_on_azure(tool) for tool in shown["tools"]]
    if shown.get("usage"):
        shown["usage"] = {key: value for key, value in shown["usage"].items() if key != "completion_tokens_details"}
    return shown


def _tool_on_azure(tool: Object) -> Object:
    if tool["type"] != "file_search":
        return tool
    options = {key: value for key, value in tool["file_search"].items() if value != RANKING_DEFAULTS}
    return {"type": "file_search", "file_search": options} if options else {"type": "file_search"}


def _run_step(step: Object, shape: Shape, *, live: bool, content: bool) -> Object:
    """``expires_at`` is the run's while the run lives and in every event, and null afterwards."""
    step = step if content else _without_content(step)
    shown = _without(step, () if shape == "spec" else _STEP_SPEC_ONLY)
    if not live:
        shown["expires_at"] = None
    return shown


def _without_content(step: Object) -> Object:
    """A run step whose search results keep their text to themselves."""
    calls = step["step_details"].get("tool_calls", [])
    if not any(call["type"] == "file_search" and call["file_search"]["results"] for call in calls):
        return step
    return {**step, "step_details": {**step["step_details"], "tool_calls": [_call_without(call) for call in calls]}}


def _call_without(call: Object) -> Object:
    if call["type"] != "file_search":
        return call
    results = [{k: v for k, v in result.items() if k != "content"} for result in call["file_search"]["results"]]
    return {**call, "file_search": {**call["file_search"], "results": results}}


# ---- Messages are stored as bytes ----

#: Text in a stored message: no other value has this name at this depth.
_TEXT = re.compile(rb'\n {12}"value": "(.*)",\n')


#: What a row without a state of its own ends in.
_CLOSING = ord("}")


def message_row(message: Object) -> bytes:
    """A message as it is stored: the item of a list in ``wire`` shape, as a page is a join of these.

    Its state, unless it is that of a message that was complete when it was made, is one more line behind it.
    """
    item = orjson.dumps(_without(message, _MESSAGE_STATE), option=orjson.OPT_INDENT_2).replace(b"\n", b"\n    ")
    state = [message[key] for key in _MESSAGE_STATE]
    return item if state == _state_of_made(message) else b"%b\n%b" % (item, orjson.dumps(state))


def _state_of_made(message: Object) -> list[Any]:
    return ["completed", None, None, message["created_at"]]


def _item(row: bytes) -> bytes:
    return row if row[-1] == _CLOSING else row[: row.rindex(b"\n")]


def message_from_row(row: bytes) -> Object:
    """The message that a row holds, with all its keys."""
    item = _item(row)
    shown: Object = orjson.loads(item)
    state = orjson.loads(row[len(item) :]) if len(item) < len(row) else _state_of_made(shown)
    stored: Object = {}
    for key, value in shown.items():
        if key == "role":  # what events show of the state stands before it
            stored.update(zip(_MESSAGE_STATE, state, strict=True))
        stored[key] = value
    return stored


def message_items(rows: Iterable[bytes], shape: Shape = "wire") -> list[bytes]:
    """Stored messages as items of a list."""
    if shape == "spec":
        return [pretty(message_from_row(row)).replace(b"\n", b"\n    ") for row in rows]
    return [row if row[-1] == _CLOSING else _item(row) for row in rows]


def message_json(row: bytes, shape: Shape = "wire") -> bytes:
    """The JSON answer for a stored message."""
    return _item(row).replace(b"\n    ", b"\n") if shape == "wire" else pretty(message_from_row(row))


def row_has_run(row: bytes, run_id: str) -> bool:
    """True for a message that this run wrote."""
    return b'\n      "run_id": %b,' % orjson.dumps(run_id) in row


def row_is_from_user(row: bytes) -> bool:
    """True for a message of a user."""
    return b'\n      "role": "user",' in row


def texts_in_row(row: bytes) -> list[str]:
    """The text parts of a stored message."""
    return [orjson.loads(b'"%b"' % text) if b"\\" in text else text.decode() for text in _TEXT.findall(row)]


def page(items: Iterable[bytes], first_id: str | None, last_id: str | None, *, has_more: bool) -> bytes:
    """A list's envelope around its items, which are pretty-printed and indented already."""
    joined = b",\n    ".join(items)
    data = b"[\n    %b\n  ]" % joined if joined else b"[]"
    return b'{\n  "object": "list",\n  "data": %b,\n  "first_id": %b,\n  "last_id": %b,\n  "has_more": %b\n}' % (
        data,
        orjson.dumps(first_id),
        orjson.dumps(last_id),
        b"true" if has_more else b"false",
    )
