"""The event stream of a response: numbered events, deltas with obfuscation, no last frame of its own."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import orjson

from emulator.apis.responses.events import TEXT_DELTA, TextDeltas
from emulator.base import sse
from emulator.base.json_types import Object
from emulator.engine.event_stream import EventStream

_TEXT_DELTA: Final = TEXT_DELTA.encode()
#: Deltas and their obfuscation have together a multiple of so many characters (docs/wire.md, Responses §3).
_BLOCK: Final = 16
_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_TO_ALPHABET: Final = bytes(_ALPHABET[i % len(_ALPHABET)] for i in range(256))


class ResponseStream(EventStream):
    """The events of one response. ``seed``: what obfuscation is drawn from; None for deltas without any."""

    __slots__ = ("_chance",)

    def __init__(self, seed: str | None = None) -> None:
        super().__init__()
        self._chance = None if seed is None else blake2b(f"{seed} ".encode(), digest_size=_BLOCK)

    def tell(self, event: Object) -> None:
        """Appends an event, whose data has places for its number and its obfuscation."""
        event["sequence_number"] = number = len(self.frames)
        if "obfuscation" in event:
            if self._chance is None:
                del event["obfuscation"]
            else:
                event["obfuscation"] = self._obfuscation(number, event["delta"]).decode()
        self.frames.append(sse.frame(event["type"], orjson.dumps(event)))

    def tell_deltas(self, deltas: TextDeltas) -> None:
        """Appends pieces of a text."""
        numbered = enumerate(deltas.pieces, len(self.frames))
        if self._chance is None:
            frame = _delta_frame(deltas, b"")
            self.frames += [frame % (orjson.dumps(piece), number) for number, piece in numbered]
        else:
            frame = _delta_frame(deltas, b'"obfuscation":"%b",')
            hidden = self._obfuscation
            self.frames += [frame % (orjson.dumps(piece), hidden(number, piece), number) for number, piece in numbered]

    def _obfuscation(self, number: int, delta: str) -> bytes:
        """Letters and digits that fill a delta, the same on every run."""
        missing = -len(delta) % _BLOCK
        if not missing or self._chance is None:
            return b""
        drawn = self._chance.copy()
        drawn.update(b"%d" % number)
        return drawn.digest()[:missing].translate(_TO_ALPHABET)

    def after(self, number: int) -> list[bytes]:
        """The frames of the events behind that one."""
        return self.frames[number + 1 :]


class SilentStream(EventStream):
    """Plays a foreground response that is no stream to its end: nobody reads its events, so it gets none."""

    __slots__ = ()


def _delta_frame(deltas: TextDeltas, obfuscation: bytes) -> bytes:
    """The frame of each delta of a text, with places for its piece, what is in ``obfuscation``, and its number."""
    return (
        b'event: %b\ndata: {"type":"%b","content_index":0,"delta":%%b,"item_id":%b,"logprobs":[],%b'
        b'"output_index":%d,"sequence_number":%%d}\n\n'
    ) % (_TEXT_DELTA, _TEXT_DELTA, orjson.dumps(deltas.item_id), obfuscation, deltas.output_index)
