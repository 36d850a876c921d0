"""Messages as they are stored: the pretty-printed bytes that a list shows.

Bytes take a tenth of the memory of dicts and give the garbage collector no work, and a page of messages is a join.
Beside the bytes stand the values that the engine asks for, so nobody searches the bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, cast

import orjson

from emulator.apis.assistants.objects import MESSAGE_STATE, Message, text_of, without
from emulator.apis.http.json_text import pretty
from emulator.engine.usage import tokens
from emulator.world.state.state import Shape

_INDENT: Final = b"\n    "


class StoredMessage:
    """One message. ``item``: the entry of a list in ``wire`` shape, which lacks the message's state.

    ``run_id``: the run that wrote it. ``state``: the values of ``MESSAGE_STATE``; None for those of a message that was
    complete when it was made. ``tokens``: the estimate for its texts.
    """

    __slots__ = ("is_from_user", "item", "run_id", "state", "tokens")

    def __init__(self, message: Message, texts: list[str]) -> None:
        """``texts``: those of the message."""
        shown = without(message, MESSAGE_STATE)
        self.item = orjson.dumps(shown, option=orjson.OPT_INDENT_2).replace(b"\n", _INDENT)
        was_made_complete = (
            message["status"] == "completed"
            and message["completed_at"] == message["created_at"]
            and message["incomplete_at"] is None
            and message["incomplete_details"] is None
        )
        self.state = None if was_made_complete else [message[key] for key in MESSAGE_STATE]
        self.is_from_user = message["role"] == "user"
        self.run_id = message["run_id"]
        self.tokens = sum(map(tokens, texts))

    def message(self) -> Message:
        """The message with all its keys."""
        shown = orjson.loads(self.item)
        state = self.state or _state_of_made(shown["created_at"])
        whole: dict[str, Any] = {}
        for key, value in shown.items():
            if key == "role":  # what events show of the state stands before it
                whole.update(zip(MESSAGE_STATE, state, strict=True))
            whole[key] = value
        return cast("Message", whole)

    def text(self) -> str:
        """All text of the message; parts are joined by line breaks."""
        return text_of(orjson.loads(self.item))

    def as_json(self, shape: Shape = "wire") -> bytes:
        """The message as a JSON response."""
        return self.item.replace(_INDENT, b"\n") if shape == "wire" else pretty(self.message())

    def as_item(self, shape: Shape) -> bytes:
        """The message as an entry of a list."""
        return self.item if shape == "wire" else pretty(self.message()).replace(b"\n", _INDENT)


def _state_of_made(created_at: int) -> list[Any]:
    return ["completed", None, None, created_at]


def page(items: Iterable[bytes], first_id: str | None, last_id: str | None, *, has_more: bool) -> bytes:
    """A list's envelope around its items, which are pretty-printed and indented already."""
    joined = b",\n    ".join(items)
    opening, closing = (b"[\n    ", b"\n  ]") if joined else (b"[", b"]")
    return b"".join(
        (
            b'{\n  "object": "list",\n  "data": ',
            opening,
            joined,
            closing,
            b',\n  "first_id": ',
            orjson.dumps(first_id),
            b',\n  "last_id": ',
            orjson.dumps(last_id),
            b',\n  "has_more": true\n}' if has_more else b',\n  "has_more": false\n}',
        )
    )
