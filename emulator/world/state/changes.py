"""Numbers all changes of a world, for those who watch it.

Whoever knows the last number that they have seen asks for what came after it. The numbers and the real time stand
beside the journal and the timelines; no response of the emulated APIs depends on them.
"""

from __future__ import annotations

from collections.abc import Callable

from emulator.base.clock import milliseconds


class Changes:
    """The changes of one world. ``epoch`` tells this world from the one that was there before a reset."""

    __slots__ = ("epoch", "files_seen", "listeners", "rebuilt", "seq")

    def __init__(self) -> None:
        self.epoch = f"{milliseconds():x}-{id(self):x}"
        self.seq = 0
        #: The last change after which nothing seen before can be relied upon, such as a new scenario.
        self.rebuilt = 0
        #: What the last snapshot saw of the files, and the change by which it saw that.
        self.files_seen: tuple[tuple[int, str], int] = (0, ""), 0
        #: Called at each change.
        self.listeners: list[Callable[[], None]] = []

    def mark(self) -> int:
        """Numbers a change: its number in this world, from 1."""
        self.seq = seq = self.seq + 1
        if self.listeners:
            for listener in self.listeners:
                listener()
        return seq

    def mark_all(self) -> None:
        """Much may have changed at once: whoever watches asks for everything again."""
        self.rebuilt = self.mark()
