"""Objects of the API as they are: one of them, a list, JSON Lines, or a page of a list.

Their requests were not recorded; the importer infers them.
"""

from __future__ import annotations

from typing import Any, Final

from emulator.recordings.exchange import UNKNOWN_METHOD, Exchange
from emulator.recordings.readers.decoding import json_bytes, text_bytes
from emulator.recordings.readers.entry import Entry, shortened
from emulator.recordings.readers.loading import EventStream
from emulator.recordings.readers.registry import reader

#: What stands in the place of a request that was not recorded.
NO_REQUEST: Final = "(not recorded)"
_KINDS: Final = frozenset({
    "assistant", "thread", "thread.run", "thread.run.step", "thread.message", "file", "vector_store",
    "vector_store.file", "response", "conversation",
})  # fmt: skip


def _items(data: Any) -> list[Any] | None:
    if isinstance(data, EventStream):
        return [data]
    items = data if isinstance(data, list) else [data]
    if items and isinstance(items[0], dict) and items[0].get("object") == "list":
        items = [row for page in items for row in _rows(page)]
    kinds = {one.get("object") for one in items if isinstance(one, dict) and isinstance(one.get("object"), str)}
    if not items or not kinds <= _KINDS or not kinds or _is_export(items, kinds):
        return None
    return items


def _is_export(items: list[Any], kinds: set[Any]) -> bool:
    """True for what the reader of threads reads: messages alone, and threads with their messages."""
    return kinds == {"thread.message"} or any(isinstance(one, dict) and "messages" in one for one in items)


def _rows(page: Any) -> list[Any]:
    """The objects of a page, oldest first, as lists begin with the newest."""
    rows = page.get("data") if isinstance(page, dict) else None
    return rows[::-1] if isinstance(rows, list) else [page]


@reader("objects", "objects of the API (JSON), and its event streams as text", _items, marks=("object",))
def read(entry: Entry) -> Exchange:
    is_stream = isinstance(entry.value, EventStream)
    kind = entry.value.get("object") if isinstance(entry.value, dict) else None
    if not is_stream and (not isinstance(kind, str) or kind not in _KINDS):
        raise entry.refused((), f"expected an object of the API, got {shortened(entry.value)}")
    return entry.exchange(
        method=UNKNOWN_METHOD,
        url=NO_REQUEST,
        status=200,
        request_headers=(),
        request_body=None,
        response_headers=(("content-type", "text/event-stream" if is_stream else "application/json"),),
        response_body=text_bytes(entry.value) if is_stream else entry.bytes_of(json_bytes, entry.value),
    )
