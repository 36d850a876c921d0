"""The data of events: ``type``, then the other keys by the alphabet (docs/wire.md, Responses §2).

Data has places for what the stream knows: the number of the event, and the obfuscation of a delta.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from math import inf
from typing import Any, Final, NamedTuple

from emulator.apis.responses.objects import Item
from emulator.apis.responses.wire import part_in_order
from emulator.base.json_types import Object


class TextDeltas(NamedTuple):
    """Pieces of a text. By far the most events are of this kind, so those in a row are told together."""

    item_id: str
    output_index: int
    pieces: list[str]


#: What is written at once, as data of events: no request comes between.
Written = list[Object | TextDeltas]

ITEM_DONE: Final = "response.output_item.done"
TEXT_DELTA: Final = "response.output_text.delta"


def event(name: str, **fields: Any) -> Object:
    """An event with these fields."""
    return part_in_order({"type": name, **fields, "sequence_number": 0})


def error_event(error: Object) -> Object:
    """What a response fails for."""
    return event("error", error={"type": error["code"], **error, "param": None})


def item_added(item: Item, output_index: int) -> Object:
    """An item of the output begins; ``item`` is as it is shown then."""
    return _item_event("response.output_item.added", item, output_index)


def item_done(item: Item, output_index: int) -> Object:
    """An item of the output is done."""
    return _item_event(ITEM_DONE, item, output_index)


def _item_event(name: str, item: Item, output_index: int) -> Object:
    return {"type": name, "item": item, "output_index": output_index, "sequence_number": 0}


def part_event(name: str, item_id: str, output_index: int, part: Object) -> Object:
    """A part of a message begins or ends."""
    return {
        "type": name,
        "content_index": 0,
        "item_id": item_id,
        "output_index": output_index,
        "part": part,
        "sequence_number": 0,
    }


def text_done(item_id: str, output_index: int, text: str) -> Object:
    """All deltas of a text are out."""
    return {
        "type": "response.output_text.done",
        "content_index": 0,
        "item_id": item_id,
        "logprobs": [],
        "output_index": output_index,
        "sequence_number": 0,
        "text": text,
    }


def delta(name: str, item_id: str, output_index: int, piece: str) -> Object:
    """A piece of arguments or code."""
    return {
        "type": name,
        "delta": piece,
        "item_id": item_id,
        "obfuscation": "",
        "output_index": output_index,
        "sequence_number": 0,
    }


def text_events(item_id: str, output_index: int, pieces: list[str], annotations: list[Object]) -> Written:
    """The pieces of a text, and each citation behind the piece that ends at its position or later.

    A link has no position: it comes behind the whole text, and so does what comes behind it.
    """
    ends = list(accumulate(map(len, pieces))) if annotations else []
    written: Written = []
    sent = 0
    for number, annotation in enumerate(annotations):
        behind = bisect_left(ends, annotation.get("index", inf)) + 1
        if before := pieces[sent:behind]:
            written.append(TextDeltas(item_id, output_index, before))
            sent = behind
        written.append(_annotation_event(item_id, output_index, number, annotation))
    return [*written, TextDeltas(item_id, output_index, rest)] if (rest := pieces[sent:]) else written


def _annotation_event(item_id: str, output_index: int, number: int, annotation: Object) -> Object:
    place: Object = {"content_index": 0, "item_id": item_id, "output_index": output_index, "annotation_index": number}
    return event("response.output_text.annotation.added", **place, annotation=annotation)
