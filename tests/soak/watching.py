"""Somebody who keeps the inspector open: reads the stream of news, and fetches what is new as the page does.

What came piece by piece has to be what a whole snapshot shows in the end: no number is left out or told twice.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from tests.load.wire import BrokenOff, Wire
from tests.soak.client import Scene

#: The lists of a snapshot whose rows come anew when they have changed, and what tells the rows apart.
_LISTS: Final = {"requests": "seq", "turns": "id"}
#: Seconds in which the news have to tell of the last change.
_SOON: Final = 5.0


@dataclass(slots=True)
class Seen:
    """What the page would show, as far as it was told: the world's epoch, its last change, and rows by list."""

    epoch: str = ""
    seq: int = 0
    rows: dict[str, dict[Any, Any]] = field(default_factory=lambda: {name: {} for name in _LISTS})
    #: Rows that came too fast to be fetched.
    left_out: bool = False

    def merge(self, snapshot: dict[str, Any]) -> None:
        if snapshot["full"]:
            self.rows, self.left_out = {name: {} for name in _LISTS}, False
        self.epoch, self.seq = snapshot["epoch"], snapshot["seq"]
        self.left_out |= any(snapshot["left_out"].values())
        for name, key in _LISTS.items():
            self.rows[name] |= {row[key]: row for row in snapshot[name]}

    def gaps(self, whole: dict[str, Any]) -> list[str]:
        """How this differs from a whole snapshot."""
        if self.epoch != whole["epoch"] or self.left_out:
            return [] if self.left_out else [f"the epoch is {whole['epoch']}, and {self.epoch} was told last"]
        found = [f"the last change is {whole['seq']}, and {self.seq} was told last"] * (self.seq != whole["seq"])
        for name, key in _LISTS.items():
            for row in whole[name]:
                if self.rows[name].get(row[key]) != row:
                    found.append(f"{name} {row[key]}: {row} was told as {self.rows[name].get(row[key])}")
        return found


class Watcher:
    """One page for one world. ``news`` and ``rows`` count what it was told."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._seen = scene, Seen()
        self.news = self.rows = 0
        self._task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        """Until it is cancelled. Raises what goes wrong with the stream: no reset and no fault may end it."""
        stream, fetching = await self._wire(), await self._wire()
        try:
            await stream.send("GET", "/_emulator/events")
            head = await stream.head()
            text = b""
            async for piece in stream.pieces(head):
                *frames, text = (text + piece).split(b"\n\n")
                for frame in frames:
                    if frame.startswith(b"data: "):
                        await self._read(json.loads(frame[6:]), fetching)
            raise BrokenOff(begun=True)
        finally:
            for wire in (stream, fetching):
                with suppress(OSError):
                    await wire.close()

    async def _wire(self) -> Wire:
        return await Wire.open(self._scene.port, self._scene.key)

    async def _read(self, news: dict[str, Any], fetching: Wire) -> None:
        seen = self._seen
        self.news += 1
        if news["epoch"] == seen.epoch and news["seq"] <= seen.seq:
            return  # the snapshot was faster
        snapshot = await _snapshot(fetching, seen.seq, seen.epoch)
        if snapshot["epoch"] == news["epoch"] and snapshot["seq"] < news["seq"]:
            self._scene.violations.append(
                f"{self._scene.key}: {news} was told, and the snapshot ends at {snapshot['seq']}"
            )
        self.rows += sum(len(snapshot[name]) for name in _LISTS)
        seen.merge(snapshot)

    async def leave(self) -> None:
        """Once nothing happens any more: compares what it has seen with the whole, and closes the page."""
        wire = await self._wire()
        try:
            whole = await _snapshot(wire, 0, "")
            deadline = time.monotonic() + _SOON
            told = (whole["epoch"], whole["seq"])
            while (self._seen.epoch, self._seen.seq) != told and time.monotonic() < deadline and not self._task.done():
                await asyncio.sleep(0.05)
            found = [f"{self._scene.key}: {gap}" for gap in self._seen.gaps(whole)[:5]]
            self._scene.violations += found
        finally:
            await wire.close()
        if self._task.done():
            self._scene.violations.append(f"{self._scene.key}: the stream of news ended: {self._task.exception()!r}")
        self._task.cancel()
        await asyncio.wait([self._task])


async def _snapshot(wire: Wire, after: int, epoch: str) -> dict[str, Any]:
    answer = await wire.ask("GET", f"/_emulator/snapshot?after={after}&epoch={quote(epoch)}")
    found: dict[str, Any] = answer.json
    return found
