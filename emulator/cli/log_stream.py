"""A stream whose writer never waits: a log that nobody reads must not stop the requests that it tells of.

A pipe holds 64 KiB, and a terminal stops at Ctrl-S. A thread of its own waits for the reader. Beyond
``MAX_LOG_WAITING`` characters, lines are dropped, and their number is told as soon as there is room again.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO, cast

from emulator.base.limits import MAX_LOG_WAITING

#: Seconds that the end waits for a reader.
_FAREWELL: Final = 0.5


class LogStream:
    """Writes to the descriptor of a stream. ``dropped``: the text that tells of so many lines that were dropped."""

    def __init__(self, stream: TextIO, dropped: Callable[[int], str]) -> None:
        self._stream, self._text_of_dropped = stream, dropped
        self._descriptor = stream.fileno()
        self._encoding = stream.encoding or "utf-8"
        self._waiting: deque[str] = deque()
        self._size = self._dropped = 0
        self._is_closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._write_all, name="log-writer", daemon=True)
        self._thread.start()

    # ---- What a text stream has ----

    @property
    def encoding(self) -> str:
        return self._encoding

    def write(self, text: str) -> int:
        with self._changed:
            if self._size + len(text) > MAX_LOG_WAITING:
                self._dropped += text.count("\n")
            else:
                self._waiting.append(text)
                self._size += len(text)
                self._changed.notify()
        return len(text)

    def flush(self) -> None:
        """The thread does that."""

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._descriptor

    # ---- The thread ----

    def close(self) -> None:
        """Waits for the reader, but not for long."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join(_FAREWELL)

    def _write_all(self) -> None:
        try:
            while text := self._next():
                data = text.encode(self._encoding, "replace")
                while data:
                    data = data[os.write(self._descriptor, data) :]
        except OSError:  # the reader has left
            with self._changed:
                self._waiting.clear()
                self._size = MAX_LOG_WAITING

    def _next(self) -> str:
        """What waits; empty at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._dropped or self._is_closing)
            text = "".join(self._waiting)
            self._waiting.clear()
            self._size = 0
            if self._dropped:
                text += self._text_of_dropped(self._dropped)
                self._dropped = 0
        return text


@contextmanager
def unblocked(stream: TextIO, dropped: Callable[[int], str]) -> Iterator[TextIO]:
    """The same stream without waiting. One without a descriptor, which a test may have put there, stays."""
    try:
        stream.flush()
        written = LogStream(stream, dropped)
    except (OSError, ValueError):
        yield stream
        return
    try:
        yield cast("TextIO", written)
    finally:
        written.close()
