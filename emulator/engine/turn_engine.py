"""The turn engine: plays turns as far as clock and holds allow. It pulls steps and knows no API.

Nothing happens in the background: an active turn is a lazy sequence, and somebody has to pull it. **A pull never yields
to other requests.** Who pulls, and how far, is the rule of time (DESIGN.md): with the ``skip`` clock a stream plays its
turn to rest, a poll moves it one status and ``advance`` plays what becomes due; with the ``real`` clock every request
first plays what is due, except what a turn without a stream says and its rest, which wait for polls.

A turn's statuses and who moves it:

    queued -> in_progress -> requires_action -> queued ...      pulled; the outputs of calls end ``requires_action``
                          -> completed | failed | incomplete    pulled
    queued | in_progress | requires_action -> cancelling -> cancelled       a client cancels, then it is pulled
    any of these -> expired                                     time
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import cast

from emulator.base.clock import FOREVER, monotonic
from emulator.base.limits import SLEEPERS_AFTER
from emulator.base.problems import Problem
from emulator.engine.active_turn import ActiveTurn
from emulator.engine.event_stream import EventStream
from emulator.engine.narrator import Item, Move
from emulator.scenarios.model import REST
from emulator.scenarios.steps.actions import Cancelled, Expired, Failed, Held, Waited
from emulator.scenarios.steps.context import Output, StepFailed
from emulator.world.state.state import State

#: Statuses that polls end.
_POLLED = frozenset({"queued", "in_progress", "cancelling"})


class TurnEngine:
    """Plays the turns of one world."""

    __slots__ = ("world",)

    def __init__(self, world: State) -> None:
        self.world = world

    @property
    def active(self) -> dict[str, ActiveTurn]:
        """The turns that are not at their end, by the id of their run."""
        return cast("dict[str, ActiveTurn]", self.world.active)

    @property
    def turns(self) -> dict[str, ActiveTurn]:
        """All turns that this world has played, by the id of their run."""
        return cast("dict[str, ActiveTurn]", self.world.turns)

    # ---- What requests bring about ----

    def start(self, turn: ActiveTurn, stream: EventStream | None = None) -> None:
        """A turn begins. With a stream, it is played to its first rest or hold."""
        turn.at = self.world.clock.now()
        turn.log.stream = stream
        if self.world.settings.get("sleepers"):
            turn.rests_from = monotonic() + SLEEPERS_AFTER
        self.world.turns[turn.id] = self.world.active[turn.id] = turn
        self.world.keep_transcript(turn)
        turn.narrator.begin(turn.at)
        self.go_on(turn)

    def poll(self, turn: ActiveTurn) -> bool:
        """A poll moves the turn one status, or sees the one it has once more. True if anything changed."""
        self._fail_forgotten_hold(turn)
        if turn.is_streamed and self.world.clock.name == "real":
            return False  # everything that is due has been played before this request
        before = turn.log.length
        if turn.rests_from is not None and monotonic() >= turn.rests_from:
            self._play(turn)
        while turn.status in _POLLED:
            status = turn.status
            if turn.polls_seen < turn.polls[status]:
                break
            self._play(turn, leaving=status)
            if turn.status == status:  # at a hold, or in a wait that goes on
                break
        turn.polls_seen += 1
        return turn.log.length != before

    def play_out(self, turn: ActiveTurn) -> None:
        """Plays the turn to its rest or next hold, however many polls it would take."""
        if turn.id in self.active:
            self._play(turn)

    def name(self, turn: ActiveTurn) -> bool:
        """A request names the run: a turn that was to expire in ``requires_action`` does so now. True if it has."""
        if turn.status == "requires_action" and turn.expires_when_named:
            self.world.clock.move_to(turn.expires_at)
            self._expire(turn)
            return True
        return False

    def resume(self, turn: ActiveTurn, outputs: list[Output], stream: EventStream | None = None) -> None:
        """The outputs of all calls that the turn waits for are there: it is queued again. ``go_on`` plays it."""
        turn.log.transcript.submit(outputs)
        for output in outputs:
            turn.context.outputs += (output,)
            self._check_expected(turn, output)
        turn.log.stream = stream
        while turn.status == "requires_action" and (item := turn.ahead()):
            self._pull(turn, item, self._soon() if type(item) is Move else self.world.clock.now())

    def _check_expected(self, turn: ActiveTurn, output: Output) -> None:
        """A breach of ``expect`` is a problem; the turn goes on, as it would have."""
        from emulator.sandbox.json_schema import reason

        schema = turn.step.beside.get("expect", {}).get(output.name) if turn.step else None
        if schema is not None and (why := reason(schema, output.value())):
            self._report(turn, "expect", f"the output of {output.name!r} is not as expected: {why}")

    def cancel(self, turn: ActiveTurn) -> None:
        """The turn is being cancelled from now on. ``go_on`` plays it."""
        late = turn.turn.cancels_late and turn.status != "requires_action"
        since = turn.at if late and self._waits(turn) else None
        self._move(turn, Move("cancelling"), self._soon())
        if since is not None:
            turn.at = since
        if late:
            turn.held = None
        else:
            turn.go_on_with(Cancelled())

    def go_on(self, turn: ActiveTurn) -> None:
        """A streamed turn needs no poll: with ``skip`` it plays to its rest or next hold, with ``real`` what is due."""
        if turn.is_streamed:
            if self.world.clock.name == "real":
                self.catch_up()
            else:
                self._play(turn)

    # ---- What time and tests bring about ----

    def release(self, label: str) -> None:
        """Opens a hold: streamed turns that stand there go on now, polled ones at their next poll."""
        for _ in self.releasing(label):
            continue

    def releasing(self, label: str) -> Iterator[None]:
        """The same, turn by turn; others may use the world between two."""
        self.world.open_holds.add(label)
        self.world.changes.mark()
        for turn in [one for one in self.active.values() if one.held == label]:
            yield
            if turn.held != label or turn.id not in self.active:
                continue  # it went on meanwhile
            turn.held = None
            turn.log.touch()
            turn.at = max(turn.at, self.world.clock.now())
            self.go_on(turn)
            if turn.log.stream:  # a stream that sleeps has to learn that there is something due again
                turn.log.stream.wake()

    def held_at(self, label: str) -> ActiveTurn | None:
        """The first turn that stands at a hold."""
        return next((turn for turn in self.active.values() if turn.held == label), None)

    def catch_up(self) -> None:
        """Plays all that is due by now; for the ``real`` clock, before each request and when a stream wakes."""
        if self.world.active:
            self.play_until(self.world.clock.now())

    def play_until(self, instant: float) -> None:
        """Plays and expires everything that becomes due up to ``instant``, in order of time."""
        for _ in self.playing_until(instant):
            continue

    def playing_until(self, instant: float) -> Iterator[None]:
        """The same, item by item; others may use the world between two."""
        agenda = []
        for number, turn in enumerate(list(self.active.values())):
            agenda.append((self.next_instant(turn), number, turn))
            yield
        heapify(agenda)
        while agenda and agenda[0][0] <= instant:
            due, number, turn = heappop(agenda)
            if turn.id not in self.active:
                continue  # it has ended meanwhile
            if (next_due := self.next_instant(turn)) != due:  # it has moved
                heappush(agenda, (next_due, number, turn))
                continue
            self.world.clock.move_to(due)
            item = None if turn.is_idle else self._ahead(turn)
            if item is None or due >= turn.expires_at:
                self._expire(turn)
            else:
                self._pull(turn, item, due)
            if not turn.at_end:
                heappush(agenda, (self.next_instant(turn), number, turn))
            yield

    def next_instant(self, turn: ActiveTurn) -> float:
        """When something happens to the turn by itself: its next item, or its expiry; FOREVER once it is at its end."""
        if turn.at_end:
            return FOREVER
        return max(min(self._due(turn), turn.expires_at), turn.at)

    def patience(self, turn: ActiveTurn) -> float | None:
        """Real seconds that a turn may still stand at its hold; None if it stands at none. For streams that wait."""
        self._fail_forgotten_hold(turn)
        if turn.held is None:
            return None
        return self.world.hold_limit - (monotonic() - turn.held_since)

    # ---- Pulling ----

    def _play(self, turn: ActiveTurn, *, leaving: str | None = None) -> None:
        """Pulls until the turn is at rest, has left that status, or stands at a hold: with ``skip`` time goes along."""
        clock = self.world.clock
        begun = clock.now()
        if turn.at < begun and not self._waits(turn):
            turn.at = begun
        while not (turn.held or turn.status in REST or (leaving and turn.status != leaving)):
            item = self._ahead(turn)
            if item is None:
                return
            at = turn.at
            if isinstance(item, (Move, Waited)):  # they take time; all others happen as soon as what is before them has
                due, now = turn.due(item, clock.status_seconds), clock.now()
                if due > now and clock.name == "real":
                    return
                # a turn's own waits can expire it; that others have let time pass does not
                if isinstance(item, Waited) and (item.to_expiry or at < turn.expires_at <= due):
                    clock.move_to(turn.expires_at)
                    self._expire(turn)
                    return
                at = max(due, now)  # a wait may be over since a while
                clock.move_to(at)
            self._pull(turn, item, at)

    def _waits(self, turn: ActiveTurn) -> bool:
        """True while a ``wait`` runs: its seconds count from where it began, not from the poll that comes by."""
        return not turn.is_idle and isinstance(self._ahead(turn), Waited)

    def _due(self, turn: ActiveTurn) -> float:
        """When the next item is due; FOREVER while the turn waits for somebody."""
        if turn.is_idle:
            return FOREVER
        item = self._ahead(turn)
        if self.world.clock.name == "real" and turn.awaits_poll(item):
            return FOREVER
        return turn.due(item, self.world.clock.status_seconds)

    def _ahead(self, turn: ActiveTurn) -> Item | None:
        """The next item; a step that cannot be played has failed the turn by then."""
        while True:
            try:
                return turn.ahead()
            except StepFailed as failure:
                self._fail(turn, failure.kind, str(failure))
            except Exception as error:
                self._fail_by_fault(turn, error)

    def _pull(self, turn: ActiveTurn, item: Item, at: float) -> None:
        """Plays the item that is ahead."""
        turn.take()
        kind = type(item)
        if kind is Held:
            self._reach_hold(turn, item)
        elif kind is Move:
            self._move(turn, item, at)
        else:
            turn.at = at
            if kind is not Waited:
                self._apply(turn, item)

    def _apply(self, turn: ActiveTurn, item: Item) -> None:
        """An item of the narrator's own happens."""
        try:
            flaw = turn.narrator.apply(item, turn.at)
        except Exception as error:
            self._fail_by_fault(turn, error)
        else:
            if flaw:
                self._report(turn, *flaw)

    def _move(self, turn: ActiveTurn, move: Move, at: float) -> None:
        turn.at = at
        if not (move.status == "in_progress" and turn.status == "cancelling"):  # a late cancel: the turn just goes on
            turn.status = move.status
            turn.polls_seen = 0
        turn.narrator.move(move, at)
        if turn.at_rest:
            at_end = turn.at_end
            turn.narrator.rest(at_end=at_end)
            turn.log.stream = None  # what becomes of the turn from here on is nothing to that stream
            if at_end:
                self.world.active.pop(turn.id, None)
                turn.let_go()

    def _reach_hold(self, turn: ActiveTurn, hold: Held) -> None:
        if hold.label in self.world.open_holds or turn.status == "cancelling":
            return
        turn.held, turn.held_since = hold.label, monotonic()
        turn.log.touch()
        for listener in self.world.on_held:
            listener()

    def _fail_forgotten_hold(self, turn: ActiveTurn) -> None:
        """A hold that nobody releases for a while fails its turn, so that no test hangs."""
        if turn.held and monotonic() - turn.held_since >= self.world.hold_limit:
            self._fail(turn, "hold", f"nobody released {turn.held!r} within {self.world.hold_limit:g} seconds")
            self._play(turn)

    def _fail(self, turn: ActiveTurn, kind: str | None, message: str) -> None:
        if kind:
            self._report(turn, kind, message)
        turn.go_on_with(Failed("server_error", message))

    def _fail_by_fault(self, turn: ActiveTurn, error: Exception) -> None:
        """A fault of ours ends the turn, and no more than that."""
        self.world.report_exception(error)
        self._fail(turn, None, "Sorry, something went wrong.")

    def _report(self, turn: ActiveTurn, kind: str, message: str) -> None:
        self.world.report(problem_in(turn, kind, message))

    def _expire(self, turn: ActiveTurn) -> None:
        """The turn's time is over; what was open expires with it."""
        turn.go_on_with(Expired())
        now = self.world.clock.now()
        while not turn.at_end and (item := turn.ahead()):
            self._pull(turn, item, now)

    def _soon(self) -> float:
        """The instant of a change of status that a request makes."""
        clock = self.world.clock
        instant = clock.now() + clock.status_seconds
        clock.move_to(instant)
        return instant


def problem_in(turn: ActiveTurn, kind: str, message: str) -> Problem:
    """A problem of the step that is being played."""
    line = turn.step.line if turn.step else turn.turn.line
    return Problem(kind, f"turn {turn.turn.name!r}, {turn.id}: {message}", turn.turn.file, line)
