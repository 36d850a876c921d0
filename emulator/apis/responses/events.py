"""The data of events: ``type``, then the other keys by the alphabet (docs/wire.md, Responses §2).

Data has places for what the stream knows: the number of the event, and the obfuscation of a delta.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from math import inf
from typing import Any, Final, NamedTuple

from emulator.apis.responses.wire import part_in_order
from emulator.base.json_types import Object


class Tell(NamedTuple):
    """An event, with its data in order."""

    event: str
    data: Object


class TextDeltas(NamedTuple):
    """Pieces of a text. By far the most events are of this kind, so those in a row are told together."""

    item_id: str
    output_index: int
    pieces: list[str]


TEXT_DELTA: Final = "response.output_text.delta"


def event(name: str, **fields: Any) -> Tell:
    """An event with these fields."""
    return Tell(name, part_in_order({"type": name, **fields, "sequence_number": 0}))


def part_event(name: str, item_id: str, output_index: int, part: Object) -> Tell:
    """A part of a message begins or ends."""
    return Tell(
        name,
        {
            "type": name,
            "content_index": 0,
            "item_id": item_id,
            "output_index": output_index,
            "part": part,
            "sequence_number": 0,
        },
    )


def text_done(item_id: str, output_index: int, text: str) -> Tell:
    """All deltas of a text are out."""
    name = "response.output_text.done"
    return Tell(
        name,
        {
            "type": name,
            "content_index": 0,
            "item_id": item_id,
            "logprobs": [],
            "output_index": output_index,
            "sequence_number": 0,
            "text": text,
        },
    )


def text_events(
    item_id: str, output_index: int, pieces: list[str], annotations: list[Object]
) -> list[Tell | TextDeltas]:
    """The pieces of a text, and each citation behind the piece that ends at its position or later.

    A link has no position: it comes behind the whole text, and so does what comes behind it.
    """
    ends = list(accumulate(map(len, pieces))) if annotations else []
    events: list[Tell | TextDeltas] = []
    sent = 0
    for number, annotation in enumerate(annotations):
        behind = bisect_left(ends, annotation.get("index", inf)) + 1
        if before := pieces[sent:behind]:
            events.append(TextDeltas(item_id, output_index, before))
            sent = behind
        events.append(_annotation_event(item_id, output_index, number, annotation))
    return [*events, TextDeltas(item_id, output_index, rest)] if (rest := pieces[sent:]) else events


def _annotation_event(item_id: str, output_index: int, number: int, annotation: Object) -> Tell:
    place: Object = {"content_index": 0, "item_id": item_id, "output_index": output_index, "annotation_index": number}
    return event("response.output_text.annotation.added", **place, annotation=annotation)


def delta(name: str, item_id: str, output_index: int, piece: str) -> Tell:
    """A piece of arguments or code."""
    return Tell(
        name,
        {
            "type": name,
            "delta": piece,
            "item_id": item_id,
            "obfuscation": "",
            "output_index": output_index,
            "sequence_number": 0,
        },
    )
