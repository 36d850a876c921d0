"""What a pull leaves behind: a turn's timeline, its transcript, and the frames of the stream that is open.

Streams and polls only read it, so neither a reader's speed, nor its leaving, nor a second reader changes the world.
"""

from __future__ import annotations

from dataclasses import dataclass

from emulator.base.json_types import Object
from emulator.engine.event_stream import EventStream
from emulator.scenarios.model import Turn
from emulator.world.state.transcript import Transcript


@dataclass(slots=True)
class Moment:
    """A line of a timeline; deltas of the same kind in a row are one line with a ``count``. ``time`` is in seconds."""

    time: int
    event: str
    count: int = 1

    def as_json(self) -> Object:
        return {"time": self.time, "event": self.event, "count": self.count}


class TurnLog:
    """The timeline of a turn, its transcript, and its open stream. ``question``: what the user has said before it."""

    __slots__ = ("_api", "_question", "_transcript", "_turn", "stream", "timeline")

    def __init__(self, api: str = "", turn: Turn | None = None, question: str = "") -> None:
        self._api, self._turn, self._question = api, turn, question
        self._transcript: Transcript | None = None
        self.timeline: list[Moment] = []
        self.stream: EventStream | None = None

    @property
    def transcript(self) -> Transcript:
        """Made when something happens: a turn that is only queued has nothing to record."""
        if self._transcript is None:
            turn = self._turn
            place = f"{turn.file}:{turn.line}" if turn and turn.file else None
            self._transcript = Transcript(self._api, turn.name if turn else "", place, self._question)
        return self._transcript

    def forget_transcript(self) -> None:
        """It begins anew, and nobody reads it."""
        self._transcript = Transcript()

    def note(self, time: int, event: str, times: int = 1) -> None:
        """Adds to the timeline an event, or so many deltas in a row."""
        last = self.timeline[-1] if self.timeline else None
        if last and last.event == event and event.endswith(".delta"):
            last.count += times
        else:
            self.timeline.append(Moment(time, event, times))
