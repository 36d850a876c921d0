"""The data of events: ``type``, then the other keys by the alphabet (docs/wire.md, Responses §2)."""

from __future__ import annotations

from typing import Any, NamedTuple

from emulator.base.json_types import Object


class Tell(NamedTuple):
    """An event. ``data`` has its keys in order, with places for its number and its obfuscation."""

    event: str
    data: Object


def event(name: str, **fields: Any) -> Tell:
    """An event with these fields. The stream puts its number in."""
    fields["sequence_number"] = 0
    return Tell(name, {"type": name, **{key: fields[key] for key in sorted(fields)}})


def text_delta(item_id: str, output_index: int, piece: str) -> Tell:
    """A piece of a text. By far the most events are of this kind, so its keys are written in order."""
    name = "response.output_text.delta"
    return Tell(
        name,
        {
            "type": name,
            "content_index": 0,
            "delta": piece,
            "item_id": item_id,
            "logprobs": [],
            "obfuscation": "",
            "output_index": output_index,
            "sequence_number": 0,
        },
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
