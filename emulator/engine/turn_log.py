"""What a pull leaves behind: a turn's timeline, its transcript, and the frames of the stream that is open.

Streams and polls only read it, so neither a reader's speed, nor its leaving, nor a second reader changes the world.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from emulator.base.clock import milliseconds
from emulator.base.json_types import Object
from emulator.base.text import shorten
from emulator.engine.event_stream import EventStream
from emulator.scenarios.model import Turn
from emulator.scenarios.steps.actions import Action, in_words
from emulator.scenarios.steps.step import Step
from emulator.world.state.changes import Changes
from emulator.world.state.transcript import Transcript

#: Characters of the text beside an event.
_WIDTH: Final = 120


@dataclass(slots=True)
class Moment:
    """A line of a timeline; deltas of the same kind in a row are one line with a ``count``. ``time`` is in seconds.

    ``seq``: the number of its last change; ``ms``: the real time of its first. ``object_id``: what the event is about.
    ``text``: what the model does, in a few words. ``line``: that of the step in its scenario.
    """

    time: int
    event: str
    count: int
    seq: int
    ms: int
    object_id: str | None
    text: str
    line: int | None

    def as_json(self) -> Object:
        """The line without its number and real time, which differ from one way of playing a turn to another."""
        return {
            "time": self.time,
            "event": self.event,
            "count": self.count,
            "object_id": self.object_id,
            "text": self.text,
            "line": self.line,
        }


#: The values of a moment. Few timelines are ever read, so moments are made for those who read one.
_Row = tuple[int, str, int, int, int, str | None, str, int | None]


class TurnLog:
    """The timeline of a turn, its transcript, and its open stream.

    ``changes``: those of its world. ``question``: what the user has said before the turn.
    """

    __slots__ = (
        "_api", "_line", "_question", "_rows", "_text", "_transcript", "_turn", "changed", "changes", "stream",
    )  # fmt: skip

    def __init__(
        self, changes: Changes | None = None, api: str = "", turn: Turn | None = None, question: str = ""
    ) -> None:
        self.changes = changes or Changes()
        self._api, self._turn, self._question = api, turn, question
        self._transcript: Transcript | None = None
        self._rows: list[_Row] = []
        self.stream: EventStream | None = None
        #: What the model does, in a few words, and the line of the step that says so.
        self._text = ""
        self._line: int | None = None
        #: The number of the last change.
        self.changed = 0

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

    @property
    def timeline(self) -> list[Moment]:
        return [Moment(*row) for row in self._rows]

    @property
    def length(self) -> int:
        """The number of moments."""
        return len(self._rows)

    def touch(self) -> None:
        """Something has changed that is no event: the turn stands at a hold, or does so no longer."""
        self.changed = self.changes.mark()

    def begin(self, action: Action, step: Step | None) -> None:
        """The events to come are those of this action."""
        self._text = shorten(in_words(action), _WIDTH)
        self._line = step.line if step else None

    def note(self, time: int, object_id: str | None, *events: str, times: int = 1) -> None:
        """Adds events to the timeline, or so many deltas in a row. ``object_id``: what they are about."""
        rows, ms = self._rows, milliseconds()
        for event in events:
            self.changed = seq = self.changes.mark()
            if rows and rows[-1][1] == event and event.endswith(".delta"):
                begun, _, before, _, since, about, text, line = rows[-1]
                rows[-1] = begun, event, before + times, seq, since, about, text, line
            else:
                rows.append((time, event, times, seq, ms, object_id, self._text, self._line))
