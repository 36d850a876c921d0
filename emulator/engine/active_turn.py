"""An active turn: a turn as a lazy sequence of items, and the place where it stands in it.

It changes nothing by itself; ``turn_engine`` pulls it. It knows what is ahead, and when that is due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from emulator.base.clock import FOREVER
from emulator.base.json_types import Object
from emulator.base.problems import Problem
from emulator.engine.narrator import Item, Move, Narrator
from emulator.engine.turn_log import TurnLog
from emulator.scenarios.conditions import Situation
from emulator.scenarios.model import REST, TERMINAL, Turn
from emulator.scenarios.steps import STEP_KINDS
from emulator.scenarios.steps.actions import Action, Began, Completed, Held, Waited
from emulator.scenarios.steps.bounds import Bounds
from emulator.scenarios.steps.context import StepContext
from emulator.scenarios.steps.step import Step

#: How many polls see a status before it moves on, unless the turn or the settings say otherwise.
DEFAULT_POLLS: Final = {"queued": 0, "in_progress": 1, "cancelling": 0}

#: What is still to come of a turn at its end.
_NOTHING: Final = iter(())
#: The first action of every turn, and the last one of most.
_BEGAN: Final = Began()
_COMPLETED: Final = Completed()


def polls_of(turn: Turn, settings: Object) -> dict[str, int]:
    """How many polls see each status of a turn."""
    stated = settings.get("polls")
    return {**DEFAULT_POLLS, **(stated or {}), **turn.polls} if stated or turn.polls else DEFAULT_POLLS


class ActiveTurn:
    """A turn that is being played, and what is still to come of it. The values below are those of one that begins."""

    status: str = "queued"
    #: World time of the item that was played last.
    at: float = 0.0
    #: Polls that have seen the status that the turn has now.
    polls_seen: int = 0
    #: With ``sleepers``: from then on (``clock.monotonic``) a poll finds the turn at rest.
    rests_from: float | None = None
    #: The hold at which the turn stands, and since when (``clock.monotonic``).
    held: str | None = None
    held_since: float = 0.0
    #: The expiry of ``expire`` directly after ``call``: it happens when the next request names the run.
    expires_when_named: bool = False
    #: The ids of the responses that play it, where there is no run; the first is the turn's own.
    responses: tuple[str, ...] = ()
    #: The step that is being played.
    step: Step | None = None
    _items: Iterator[Item] | None = None
    _ahead: Item | None = None

    def __init__(
        self,
        id: str,
        thread_id: str,
        turn: Turn,
        context: StepContext,
        narrator: Narrator,
        log: TurnLog,
        situation: Situation,
        polls: dict[str, int],
        expires_at: float = FOREVER,
        bounds: Callable[[], Bounds | None] | None = None,
    ) -> None:
        """``id`` is that of the run that plays it, or of the first response, ``thread_id`` that of the run's thread.

        ``expires_at``: the instant of the world's clock at which its time is over. ``bounds``: what binds the model at
        each action, as the request says; None for a turn that nothing binds.
        """
        self.id, self.thread_id, self.turn, self.situation = id, thread_id, turn, situation
        self.context, self.narrator, self.log = context, narrator, log
        self.polls, self.expires_at, self.bounds = polls, expires_at, bounds

    @property
    def at_rest(self) -> bool:
        return self.status in REST

    @property
    def at_end(self) -> bool:
        return self.status in TERMINAL

    @property
    def is_streamed(self) -> bool:
        """A stream is open, and the turn has not come to its rest yet: it goes on by itself."""
        return self.log.stream is not None and not self.log.stream.ended

    @property
    def is_idle(self) -> bool:
        """Nothing happens by itself: the turn waits for somebody, or is at its end."""
        return self.held is not None or self.status in REST

    # ---- What is ahead ----

    def ahead(self) -> Item | None:
        """The next item; None at the end. Raises what the step raises."""
        if self._ahead is None:
            if self._items is None:
                self._items = self._narrated(self._actions())
            self._ahead = next(self._items, None)
        return self._ahead

    def take(self) -> None:
        """The item that was ahead is played."""
        self._ahead = None

    def go_on_with(self, action: Action) -> None:
        """From here on the turn does this instead, whatever its steps say."""
        self._go_on(self._narrated((action,)))

    def let_go(self) -> None:
        """Forgets what is still to come, and who would tell it and know it: these refer to the turn and its world."""
        self._go_on(_NOTHING)
        self.bounds = None
        if hasattr(self, "narrator"):  # it may have been let go of before
            del self.narrator, self.context

    def _go_on(self, items: Iterator[Item]) -> None:
        self._items, self._ahead, self.held, self.expires_when_named = items, None, None, False

    def _narrated(self, actions: Iterable[Action]) -> Iterator[Item]:
        """The items of actions, each of which is in the transcript as soon as it has one."""
        for action in actions:
            if self.bounds is not None and (bounds := self.bounds()) is not None:
                bounds.check(action, self._steps_to_come())
            items = iter(self.narrator.narrate(action))
            first = next(items, None)
            if first is not None:
                self.log.transcript.record(action, self.context)
                self.log.begin(action, self.step)
                yield first
                yield from items

    def _steps_to_come(self) -> Sequence[Step]:
        """The steps behind the one that is played."""
        steps = self.turn.steps
        return steps[1 + next((n for n, step in enumerate(steps) if step is self.step), len(steps)) :]

    def _actions(self) -> Iterator[Action]:
        yield _BEGAN
        context = self.context
        context.note_file = self.log.transcript.add_file
        steps = self.turn.steps
        for number, step in enumerate(steps):
            self.step = step
            following = steps[number + 1].kind if number + 1 < len(steps) else ""
            self.expires_when_named = step.kind == "call" and following == "expire"
            yield from STEP_KINDS[step.kind].play(context, step)
        yield _COMPLETED

    def due(self, ahead: Item | None, status_seconds: float) -> float:
        """World time at which the item ahead happens, if the turn is not idle."""
        if ahead is None:
            return FOREVER
        if isinstance(ahead, Move):
            is_late_cancel = ahead.status == "in_progress" and self.status == "cancelling"
            return self.at if is_late_cancel else self.at + status_seconds
        if isinstance(ahead, Waited):
            return self.expires_at if ahead.to_expiry else self.at + ahead.seconds
        return self.at

    def awaits_poll(self, ahead: Item | None) -> bool:
        """With the ``real`` clock: time alone does not bring the item ahead about.

        A turn without a stream begins, waits and comes to its holds by itself. What it says and does waits for a first
        poll, and its rest for as many as it is to have.
        """
        if self.is_streamed or isinstance(ahead, (Waited, Held)):
            return False
        if isinstance(ahead, Move):
            return ahead.status != "in_progress" or self.polls["queued"] > 0
        return self.polls_seen == 0

    def has_hold_ahead(self, open_holds: set[str]) -> bool:
        """True while the turn stands at a hold, or has one that is closed."""
        for step in self.turn.steps:
            if step.kind == "hold" and step.value not in open_holds:
                return True
        return self.held is not None

    # ---- What its world needs ----

    def is_orphaned(self) -> bool:
        return self.narrator.is_orphaned()

    def held_problem(self) -> Problem:
        message = f"{self.id} still stands at {self.held!r}; nobody released it"
        return Problem("hold", message, self.turn.file, self.step.line if self.step else None, run_id=self.id)

    def break_off(self) -> None:
        if self.log.stream:
            self.log.stream.break_off()

    def transcript(self) -> dict[str, Any]:
        """What a user would notice of the turn, as ``/_emulator/transcripts`` shows it."""
        return self.log.transcript.as_json(self.status)

    def forget_transcript(self) -> None:
        self.log.forget_transcript()

    def as_json(self) -> dict[str, Any]:
        """The run as ``/_emulator/runs`` shows it."""
        timeline: list[Object] = [moment.as_json() for moment in self.log.timeline]
        return {
            "id": self.id,
            "thread_id": self.thread_id,
            "turn": self.turn.name,
            "status": self.status,
            "responses": self.responses,
            "timeline": timeline,
        }
