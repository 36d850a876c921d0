"""The data of events: ``type``, then the other keys by the alphabet (docs/wire.md, Responses §2)."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import orjson

from emulator.base.json_types import Object


class Tell(NamedTuple):
    """An event. ``data`` has places for its number and its obfuscation; the stream puts its keys in order."""

    event: str
    data: Object


def event(name: str, **fields: Any) -> Tell:
    """An event with these fields. The stream puts its number in."""
    return Tell(name, {"type": name, **fields, "sequence_number": 0})


class DeltaFrame(NamedTuple):
    """The frames of a text's deltas but for what differs: a delta, its obfuscation, and its number stand between."""

    before_delta: bytes
    before_obfuscation: bytes
    before_number: bytes


class TextDeltas(NamedTuple):
    """Pieces of a text. By far the most events are of this kind, so those in a row are one item."""

    frame: DeltaFrame
    pieces: list[str]
    item_id: str


TEXT_DELTA: Final = "response.output_text.delta"


def text_frame(item_id: str, output_index: int) -> DeltaFrame:
    """The frame of the deltas of one text."""
    return DeltaFrame(
        b'event: %b\ndata: {"type":"%b","content_index":0,"delta":' % (TEXT_DELTA.encode(), TEXT_DELTA.encode()),
        b',"item_id":%b,"logprobs":[],' % orjson.dumps(item_id),
        b'"output_index":%d,"sequence_number":' % output_index,
    )


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
