"""The event stream of a response: numbered events, deltas with obfuscation, no last frame of its own."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import orjson

from emulator.apis.responses.events import DeltaFrame
from emulator.base import sse
from emulator.base.json_types import Object
from emulator.engine.event_stream import EventStream

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

    def tell(self, event: str, data: Object) -> None:
        """Appends an event. ``data`` has its keys in order, and places for its number and its obfuscation."""
        number = len(self.frames)
        data["sequence_number"] = number
        if "obfuscation" in data:
            if self._chance is None:
                del data["obfuscation"]
            else:
                data["obfuscation"] = self._obfuscation(number, len(data["delta"])).decode()
        self.frames.append(sse.frame(event, sse.data_of(data)))

    def tell_deltas(self, frame: DeltaFrame, pieces: list[str]) -> None:
        """Appends pieces of a text."""
        start, middle, end = frame
        is_obfuscated = self._chance is not None
        for number, piece in enumerate(pieces, len(self.frames)):
            padding = b'"obfuscation":"%b",' % self._obfuscation(number, len(piece)) if is_obfuscated else b""
            self.frames.append(b"%b%b%b%b%b%d}\n\n" % (start, orjson.dumps(piece), middle, padding, end, number))

    def _obfuscation(self, number: int, length: int) -> bytes:
        """Letters and digits that fill a delta of that length, the same on every run."""
        missing = -length % _BLOCK
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
