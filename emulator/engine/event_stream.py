"""The events of one stream: the engine appends frames as a turn is played, and the response reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from emulator.base import sse


class EventStream:
    """The frames of a turn, from the request that streams them to the turn's next rest.

    ``ended``: the last frame is there. ``broken_off``: the world is gone, the stream stops without an end.
    """

    __slots__ = ("broken_off", "ended", "frames", "listeners")

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.ended = False
        self.broken_off = False
        self.listeners: list[Callable[[], None]] = []

    def send(self, data: Mapping[str, Any], *events: str) -> None:
        """Appends the same object under each of these event names."""
        encoded, frames = orjson.dumps(data), self.frames
        for event in events:
            frames.append(sse.frame(event, encoded))

    def end(self) -> None:
        """The turn has come to its rest. APIs that send a last frame append it first."""
        self.ended = True
        if self.listeners:
            self.wake()

    def break_off(self) -> None:
        self.broken_off = True
        self.wake()

    def wake(self) -> None:
        """Tells those who wait for more that a frame is there, or is due."""
        for listener in self.listeners:
            listener()
