"""Notices a client that polls what is at rest without end: a status that it does not know, an answer that never comes.

Only polls count, one after the other. What makes or changes something is something else in between, and so are a poll
that moves what it names and one that is not a repetition: who reads page after page is no such client.
"""

from __future__ import annotations

from typing import Final

from emulator.base.limits import MAX_IDLE_POLLS

#: A request by path, query and body.
Poll = tuple[str, bytes, bytes]

#: Polls that a client may send by turns.
_MAX_CYCLE: Final = 100


class IdlePolls:
    """The polls of one world, as far as they saw only what is at rest."""

    __slots__ = ("_in_a_row", "_seen", "is_reported")

    def __init__(self) -> None:
        self._in_a_row = 0
        self._seen: set[Poll] = set()
        #: A problem tells of them already.
        self.is_reported = False

    def is_one_too_many(self, poll: Poll) -> bool:
        """Counts a poll that has changed nothing, of what is at rest."""
        if poll in self._seen:
            self._in_a_row += 1
            return self._in_a_row > MAX_IDLE_POLLS
        if len(self._seen) >= _MAX_CYCLE:
            self._seen.clear()
        self._seen.add(poll)
        self._in_a_row = 1
        return False

    def interrupt(self) -> None:
        """Something else has happened."""
        if self._seen:
            self._seen.clear()
            self._in_a_row, self.is_reported = 0, False
