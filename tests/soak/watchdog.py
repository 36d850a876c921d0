"""A meter for an event loop: the longest time that its thread works without letting other requests through.

It counts the thread's own time on a processor, so a busy machine makes no difference.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from types import TracebackType
from typing import Final, Self

#: Real seconds between two looks.
_PERIOD: Final = 0.001


class Watchdog:
    """``longest``: in seconds, since the last ``reset``. ``beats``: how often others were let through."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.beats = 0
        self._last = 0.0
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """In the loop that it measures."""
        self.reset()
        self.task = asyncio.get_running_loop().create_task(self._watch(), name="watchdog")

    def reset(self) -> None:
        self.longest, self.beats, self._last = 0.0, 0, time.thread_time()

    def forgive(self) -> None:
        """What was done since the last look does not count."""
        self._last = time.thread_time()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_PERIOD)
            now = time.thread_time()
            self.longest = max(self.longest, now - self._last)
            self._last = now
            self.beats += 1

    async def __aenter__(self) -> Self:
        self.start()
        await asyncio.sleep(0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.task is not None
        beats = self.beats
        while self.beats < beats + 2:  # what was put off until after the response counts too
            await asyncio.sleep(_PERIOD)
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task
