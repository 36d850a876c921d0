"""The event stream of a response: numbered events, deltas with obfuscation, no last frame of its own."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from emulator.base import sse
from emulator.base.json_types import Object
from emulator.engine.event_stream import EventStream

#: Deltas and their obfuscation have together a multiple of so many characters (docs/wire.md, Responses §3).
_BLOCK: Final = 16
_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_TO_ALPHABET: Final = bytes(_ALPHABET[i % len(_ALPHABET)] for i in range(256))


class ResponseStream(EventStream):
    """The events of one response. ``seed``: what obfuscation is drawn from; None for deltas without any."""

    __slots__ = ("seed",)

    def __init__(self, seed: str | None = None) -> None:
        super().__init__()
        self.seed = seed

    def tell(self, event: str, data: Object) -> None:
        """Appends an event. ``data`` has its keys in order, and places for its number and its obfuscation."""
        number = len(self.frames)
        data["sequence_number"] = number
        if "obfuscation" in data:
            if self.seed is None:
                del data["obfuscation"]
            else:
                data["obfuscation"] = _obfuscation(self.seed, number, len(data["delta"]))
        self.frames.append(sse.frame(event, sse.data_of(data)))

    def after(self, number: int) -> list[bytes]:
        """The frames of the events behind that one."""
        return self.frames[number + 1 :]


def _obfuscation(seed: str, number: int, length: int) -> str:
    """Letters and digits that fill a delta of that length, the same on every run."""
    missing = -length % _BLOCK
    digest = blake2b(f"{seed} {number}".encode(), digest_size=_BLOCK).digest()
    return digest[:missing].translate(_TO_ALPHABET).decode()


class SilentStream(EventStream):
    """Plays a foreground response that is no stream to its end: nobody reads its events."""

    __slots__ = ()

    def tell(self, event: str, data: Object) -> None:
        """Nothing is sent."""
