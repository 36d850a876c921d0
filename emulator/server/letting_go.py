"""Frees a world that has ended bit by bit, so that no request of another key waits for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from typing import Final

from emulator.base.clock import monotonic
from emulator.world.world import World

#: Real seconds that the loop works on it before it answers other requests.
_SLICE: Final = 0.01


def let_go_beside_others(world: World) -> None:
    """Frees what the world has held, after this request and between others."""
    pieces = world.forget()
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # nobody waits
        deque(pieces, maxlen=0)
    else:
        loop.call_soon(_free, loop, pieces)


def _free(loop: asyncio.AbstractEventLoop, pieces: Iterator[None]) -> None:
    until = monotonic() + _SLICE
    for _ in pieces:
        if monotonic() > until:
            loop.call_soon(_free, loop, pieces)
            return
