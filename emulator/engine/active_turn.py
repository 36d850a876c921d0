"""One run being played: its turn as a lazy sequence of items, and where it stands in it.

A performance changes nothing by itself; ``performer`` pulls it. What it knows is what is ahead and when that is due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.apis.assistants.lifecycle import REST, TERMINAL
from emulator.base import sse
from emulator.base.json_types import Object
from emulator.scenarios.conditions import Situation
from emulator.scenarios.loading import Turn
from emulator.scenarios.steps import VERBS, Act, complete_open
from emulator.scenarios.steps.actions import Create, Delta, Hold, Item, Move, Require, Update, Wait
from emulator.scenarios.steps.context import Stage
from emulator.world.state.store import Thread

FOREVER = float("inf")
#: No message, as it is stored and as an object.
NOTHING: Final[tuple[bytes, Object]] = (b"", {})
#: Items that happen as soon as what is before them has.
AT_ONCE: Final = frozenset({Create, Delta, Update, Hold})
#: How many looks see a status before it moves on, unless the turn or the settings say otherwise.
DEFAULT_POLLS = {"queued": 0, "in_progress": 1}


class Leg:
    """What one stream has to send: the frames of a run from one request to the run's next rest.

    ``ended``: the last frame is there. ``cut``: the world is gone, the stream ends without ``done``.
    """

    __slots__ = ("azure", "content", "cut", "ended", "frames", "listeners")

    def __init__(self, *, azure: bool = False, content: bool = False) -> None:
        #: It was asked for in Azure's flavour.
        self.azure = azure
        #: Search results show their text (``include[]``).
        self.content = content
        self.frames: list[bytes] = []
        self.ended = False
        self.cut = False
        self.listeners: list[Callable[[], None]] = []

    def send(self, data: Object, *events: str) -> None:
        """The same object under each of these names."""
        encoded = sse.data_of(data)
        for event in events:
            self.frames.append(sse.frame(event, encoded))

    def end(self) -> None:
        self.frames.append(sse.DONE)
        self.ended = True
        self.wake()

    def break_off(self) -> None:
        self.cut = True
        self.wake()

    def wake(self) -> None:
        """What waits for more is told that there is something to send, or to be due."""
        for listener in self.listeners:
            listener()


@dataclass(slots=True)
class Moment:
    """A line of a run's timeline; pieces of the same thing in a row are one line with a ``count``."""

    time: int
    event: str
    count: int = 1

    def as_json(self) -> Object:
        return {"time": self.time, "event": self.event, "count": self.count}


@dataclass(slots=True, eq=False)
class Performance:
    """A run, its turn, and what is still to come of it."""

    thread: Thread
    stage: Stage
    turn: Turn
    polls: dict[str, int]
    situation: Situation
    timeline: list[Moment] = field(default_factory=list)
    #: World time of the item that was played last.
    at: float = 0.0
    #: Looks that have seen the status the run has now.
    seen: int = 0
    leg: Leg | None = None
    #: The gate at which the run stands, and since when (``clock.monotonic``).
    held: str | None = None
    held_since: float = 0.0
    #: The expiry of ``expire`` directly after ``call``: it happens when the next request names the run.
    expires_when_named: bool = False
    #: The step that is being played.
    act: Act | None = None
    #: The run's.
    status: str = ""
    #: The message that was written last, as it is stored and as an object.
    written: tuple[bytes, Object] = NOTHING
    _program: Iterator[Item] | None = None
    _ahead: Item | None = None

    def __post_init__(self) -> None:
        self.status = self.stage.run["status"]

    @property
    def run(self) -> Object:
        return self.stage.run

    def become(self, run: Object) -> None:
        """The run has changed."""
        self.stage.run, self.status = run, run["status"]

    @property
    def at_rest(self) -> bool:
        return self.status in REST

    @property
    def at_end(self) -> bool:
        return self.status in TERMINAL

    @property
    def streamed(self) -> bool:
        """A stream was asked for and the run has not come to its rest yet: it goes on by itself."""
        return self.leg is not None and not self.leg.ended

    def ahead(self) -> Item | None:
        """The next item; None at the end. Raises what the step raises."""
        if self._ahead is None:
            if self._program is None:
                self._program = self._play_turn()
            self._ahead = next(self._program, None)
        return self._ahead

    def take(self) -> None:
        """The item that was ahead is played."""
        self._ahead = None

    def go_on_with(self, program: Iterator[Item]) -> None:
        """From here on another program is played."""
        self._program, self._ahead, self.held, self.expires_when_named = program, None, None, False

    @property
    def is_idle(self) -> bool:
        """Nothing happens by itself: the run waits for somebody, or is at its end."""
        return self.held is not None or self.status in REST

    def due(self, ahead: Item | None, status_seconds: float) -> float:
        """World time at which the item ahead happens, if the run is not idle."""
        match ahead:
            case None:
                return FOREVER
            case Wait(_, to_expiry=True):
                return float(self.run["expires_at"])
            case Wait(seconds):
                return self.at + seconds
            case Move("thread.run", "in_progress") if self.status == "cancelling":
                return self.at  # a late cancel: its status does not change
            case Move("thread.run") | Require():
                return self.at + status_seconds
        return self.at

    def has_gate_ahead(self, open_gates: set[str]) -> bool:
        """True while the run stands at a gate, or its turn has one that is closed."""
        return self.held is not None or any(
            act.verb == "hold" and act.value not in open_gates for act in self.turn.acts
        )

    def _play_turn(self) -> Iterator[Item]:
        yield Move("thread.run", "in_progress")
        acts = self.turn.acts
        for number, act in enumerate(acts):
            self.act = act
            following = acts[number + 1].verb if number + 1 < len(acts) else ""
            self.expires_when_named = act.verb == "call" and following == "expire"
            yield from VERBS[act.verb].play(self.stage, act)
        yield from complete_open(self.stage)
        yield Move("thread.run", "completed")

    def note(self, time: int, event: str) -> None:
        """Adds to the timeline."""
        last = self.timeline[-1] if self.timeline else None
        if last and last.event == event and event.endswith(".delta"):
            last.count += 1
        else:
            self.timeline.append(Moment(time, event))

    def as_json(self) -> dict[str, Any]:
        """The run as ``/_emulator/runs`` tells it."""
        return {
            "id": self.run["id"],
            "thread_id": self.run["thread_id"],
            "turn": self.turn.name,
            "status": self.status,
            "timeline": [moment.as_json() for moment in self.timeline],
        }
