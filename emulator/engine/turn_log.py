"""What a pull leaves behind: a turn's timeline, its transcript, and the frames of the stream that is open.

Streams and polls only read it, so neither a reader's speed, nor its leaving, nor a second reader changes the world.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.base.json_types import Object
from emulator.engine.event_stream import EventStream
from emulator.scenarios.conditions import Situation
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


def transcript_of(api: str, turn: Turn, situation: Situation) -> Transcript:
    """The transcript of a turn that is about to begin."""
    place = f"{turn.file}:{turn.line}" if turn.file else None
    return Transcript(api, turn.name, place, situation.message)


@dataclass(slots=True)
class TurnLog:
    """The timeline of a turn, its transcript, and its open stream."""

    timeline: list[Moment] = field(default_factory=list)
    transcript: Transcript = field(default_factory=Transcript)
    stream: EventStream | None = None

    def note(self, time: int, event: str, times: int = 1) -> None:
        """Adds to the timeline an event, or so many deltas in a row."""
        last = self.timeline[-1] if self.timeline else None
        if last and last.event == event and event.endswith(".delta"):
            last.count += times
        else:
            self.timeline.append(Moment(time, event, times))
