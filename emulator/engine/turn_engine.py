"""Plays runs: pulls their performances as far as clock and holds allow, and is the only door through which the events
of a run change the world.

A pull never yields to other requests. Who pulls, and how far, is the rule of time (DESIGN.md): with the ``skip`` clock
a stream plays its run to rest, a look moves it one status and ``advance`` plays what becomes due; with the ``real``
clock every request first plays what is due.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from emulator.apis.assistants import lifecycle, views
from emulator.apis.assistants.lifecycle import REST
from emulator.apis.assistants.objects import text_of
from emulator.base.clock import monotonic
from emulator.base.json_types import Object
from emulator.base.problems import Problem
from emulator.engine import usage
from emulator.engine.active_turn import AT_ONCE, FOREVER, NOTHING, Leg, Performance
from emulator.sandbox.json_schema import reason
from emulator.scenarios.steps import cancel_run, expire_run, fail_run
from emulator.scenarios.steps.actions import Create, Delta, Hold, Item, Move, Require, Update, Wait
from emulator.scenarios.steps.context import Output, StepFailed, parsed

if TYPE_CHECKING:
    from emulator.world.world import World

#: Real seconds after which a gate that nobody opens fails its run.
HOLD_LIMIT = 30.0


class Performer:
    """Plays the runs of one world. ``active``: those that are not at their end, by the run's id."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.active: dict[str, Performance] = {}
        #: Called when a run comes to stand at a gate.
        self.on_held: list[Callable[[], None]] = []

    # ---- What requests ask for ----

    def start(self, performance: Performance, *, leg: Leg | None) -> None:
        """A run begins its life; with a leg, it is played to its first rest or gate."""
        run = performance.run
        performance.at = self.world.clock.now()
        performance.leg = leg
        self.active[run["id"]] = performance
        performance.thread.active_run = run["id"]
        self._put(performance, run)
        self._tell(performance, run, performance.at, "thread.run.created", "thread.run.queued")
        self._go_on(performance)

    def look(self, performance: Performance) -> bool:
        """A look at the run: it moves one status, or sees the one it has once more. True if anything changed."""
        self._fail_forgotten_gate(performance)
        if self.world.clock.name == "real":
            return False  # everything that is due has been played before this request
        before = len(performance.timeline)
        if performance.status == "cancelling":
            self._play(performance)
        while performance.status in ("queued", "in_progress"):
            status = performance.status
            if performance.seen < performance.polls[status]:
                break
            self._play(performance, leaving=status)
            if performance.status == status:  # at a gate
                break
        performance.seen += 1
        return len(performance.timeline) != before

    def name(self, performance: Performance) -> bool:
        """A request names the run: a run that was to expire in ``requires_action`` does so now."""
        if performance.status == "requires_action" and performance.expires_when_named:
            self.world.clock.move_to(performance.run["expires_at"])
            self._expire(performance)
            return True
        return False

    def submit(self, performance: Performance, outputs: dict[str, str], *, leg: Leg | None) -> Object:
        """The outputs of all calls that the run waits for, by call id. Answers the run as it is queued again."""
        for call in performance.run["required_action"]["submit_tool_outputs"]["tool_calls"]:
            function = call["function"]
            output = Output(function["name"], function["arguments"], outputs[call["id"]])
            performance.stage.outputs.append(output)
            self._check_expected(performance, output)
        performance.leg = leg
        while performance.status == "requires_action" and (item := performance.ahead()):
            changes_run = isinstance(item, Move) and item.kind == "thread.run"
            self._pull(performance, item, self._soon() if changes_run else self.world.clock.now())
        queued = performance.run
        self._go_on(performance)
        return queued

    def _check_expected(self, performance: Performance, output: Output) -> None:
        """A breach of ``expect`` is a problem; the run goes on, as it would have."""
        schema = performance.act.beside.get("expect", {}).get(output.name) if performance.act else None
        if schema is not None and (why := reason(schema, output.value())):
            self._report(performance, "expect", f"the output of {output.name!r} is not as expected: {why}")

    def cancel(self, performance: Performance) -> Object:
        """The run is being cancelled; answers it as it is then. A run that is streamed goes on at once."""
        late = performance.turn.cancels_late and performance.status != "requires_action"
        since = performance.at if late and self._waits(performance) else None
        self._apply(performance, Move("thread.run", "cancelling"), self._soon())
        if since is not None:
            performance.at = since
        cancelling = performance.run
        if late:
            performance.held = None
        else:
            performance.go_on_with(cancel_run(performance.stage))
        self._go_on(performance)
        return cancelling

    def release(self, label: str) -> None:
        """Opens a gate: streamed runs that stand there go on now, polled ones at their next look."""
        for performance in [p for p in self.active.values() if p.held == label]:
            performance.held = None
            performance.at = max(performance.at, self.world.clock.now())
            self._go_on(performance)
            if performance.leg:  # a stream that sleeps has to learn that there is something due again
                performance.leg.wake()

    def catch_up(self) -> None:
        """Plays all that is due by now; for the ``real`` clock, before each request and when a stream wakes."""
        if self.active:
            self.play_until(self.world.clock.now())

    def play_until(self, instant: float) -> None:
        """Plays and expires everything that becomes due up to ``instant``, in order of time."""
        agenda = [(self.next_instant(p), n, p) for n, p in enumerate(self.active.values())]
        heapify(agenda)
        while agenda and agenda[0][0] <= instant:
            due, number, performance = heappop(agenda)
            self.world.clock.move_to(due)
            item = None if performance.is_idle else self._ahead(performance)
            if item is None or due >= performance.run["expires_at"]:
                self._expire(performance)
            else:
                self._pull(performance, item, due)
            if not performance.at_end:
                heappush(agenda, (self.next_instant(performance), number, performance))

    def abandon(self, run_id: str) -> None:
        """The run is gone with its thread."""
        performance = self.active.pop(run_id, None)
        if performance and performance.leg:
            performance.leg.break_off()

    def end(self) -> None:
        """The world is gone: every open stream breaks off."""
        for run_id in list(self.active):
            self.abandon(run_id)

    def held_at(self, label: str) -> Performance | None:
        """The first run that stands at a gate."""
        return next((p for p in self.active.values() if p.held == label), None)

    # ---- Pulling ----

    def _check_format(self, performance: Performance, message: Object) -> None:
        """A scripted answer that the run's ``response_format`` rules out is a problem: the model is held to it."""
        wanted = performance.run["response_format"]
        kind = wanted["type"] if isinstance(wanted, dict) else "text"
        if kind == "text" or any(part["type"] == "refusal" for part in message["content"]):
            return
        value = parsed(text := text_of(message))
        schema = {"type": "object"} if kind == "json_object" else wanted["json_schema"].get("schema", {})
        why = "it is no JSON" if value is text else reason(schema, value)
        if why:
            self._report(performance, "response_format", f"the answer breaks the run's response_format: {why}")

    def _go_on(self, performance: Performance) -> None:
        """A streamed run needs no look: with ``skip`` it plays to its rest or next gate, with ``real`` what is due."""
        if performance.streamed:
            if self.world.clock.name == "real":
                self.catch_up()
            else:
                self._play(performance)

    def _play(self, performance: Performance, *, leaving: str | None = None) -> None:
        """Pulls until the run is at rest, has left that status, or stands at a gate: with ``skip`` time goes along."""
        clock = self.world.clock
        if not self._waits(performance):
            performance.at = max(performance.at, clock.now())
        while not (performance.held or performance.status in REST or (leaving and performance.status != leaving)):
            item = self._ahead(performance)
            if item is None:
                return
            if type(item) in AT_ONCE:  # by far the most items, and no time passes
                self._pull(performance, item, performance.at)
                continue
            due, expiry = performance.due(item, clock.status_seconds), performance.run["expires_at"]
            # a run's own waits can expire it; that others have let time pass does not
            if isinstance(item, Wait) and (item.to_expiry or performance.at < expiry <= due):
                clock.move_to(expiry)
                self._expire(performance)
                return
            instant = max(due, clock.now())  # a wait may be over since a while
            clock.move_to(instant)
            self._pull(performance, item, instant)

    def _waits(self, performance: Performance) -> bool:
        """True while a ``wait`` runs: its seconds count from where it began, not from the look that comes by."""
        return not performance.is_idle and isinstance(self._ahead(performance), Wait)

    def next_instant(self, performance: Performance) -> float:
        """When something happens to the run by itself: its next item, or its expiry; FOREVER once it is at its end."""
        if performance.at_end:
            return FOREVER
        return max(min(self._due(performance), float(performance.run["expires_at"])), performance.at)

    def _due(self, performance: Performance) -> float:
        """When the next item is due; FOREVER while the run waits for somebody."""
        if performance.is_idle:
            return FOREVER
        item = self._ahead(performance)
        return performance.due(item, self.world.clock.status_seconds)

    def _ahead(self, performance: Performance) -> Item | None:
        """The next item; a step that cannot be played has failed the run by then."""
        while True:
            try:
                return performance.ahead()
            except StepFailed as failure:
                self._fail(performance, failure.kind, str(failure))
            except Exception as error:
                self.world.report_exception(error)
                self._fail(performance, None, "Sorry, something went wrong.")

    def _pull(self, performance: Performance, item: Item, at: float) -> None:
        """Plays the item that is ahead."""
        performance.take()
        if type(item) is Hold:
            self._reach_gate(performance, item)
        else:
            performance.at = at
            self._apply(performance, item, at)

    def _reach_gate(self, performance: Performance, gate: Hold) -> None:
        if gate.label in self.world.open_gates or performance.status == "cancelling":
            return
        performance.held, performance.held_since = gate.label, monotonic()
        for listener in self.on_held:
            listener()

    def _fail_forgotten_gate(self, performance: Performance) -> None:
        """A gate that nobody opens for a while fails its run, so that no test hangs."""
        if performance.held and monotonic() - performance.held_since >= self.world.hold_limit:
            message = f"nobody released {performance.held!r} within {self.world.hold_limit:g} seconds"
            self._fail(performance, "gate", message)
            self._play(performance)

    def watch_gate(self, performance: Performance) -> float | None:
        """Real seconds that a run may still stand at its gate; None if it stands at none. For streams that wait."""
        self._fail_forgotten_gate(performance)
        if performance.held is None:
            return None
        return self.world.hold_limit - (monotonic() - performance.held_since)

    def _fail(self, performance: Performance, kind: str | None, message: str) -> None:
        if kind:
            self._report(performance, kind, message)
        performance.go_on_with(fail_run(performance.stage, "server_error", message))

    def _report(self, performance: Performance, kind: str, message: str) -> None:
        turn, act = performance.turn, performance.act
        line = act.line if act else turn.line
        self.world.report(Problem(kind, f"turn {turn.name!r}, {performance.run['id']}: {message}", turn.file, line))

    def _expire(self, performance: Performance) -> None:
        """The run's time is over; what was open expires with it."""
        performance.go_on_with(expire_run(performance.stage))
        now = self.world.clock.now()
        while not performance.at_end and (item := performance.ahead()):
            self._pull(performance, item, now)

    def _soon(self) -> float:
        """The instant of a change of status that a request makes."""
        clock = self.world.clock
        instant = clock.now() + clock.status_seconds
        clock.move_to(instant)
        return instant

    # ---- The one door ----

    def _apply(self, performance: Performance, item: Item, at: float) -> None:
        """One item: into the store, onto the timeline, and to the stream if there is one."""
        match item:
            case Delta(kind, id, content):
                event = f"{kind}.delta"
                performance.note(int(at), event)
                if performance.leg:
                    performance.leg.send({"id": id, "object": event, "delta": content}, event)
            case Create(thing):
                made = {**thing, "created_at": int(at)}
                kind = made["object"]
                self._put(performance, made)
                self._tell(performance, made, at, f"{kind}.created", f"{kind}.{made['status']}")
            case Update(kind, id, changes):
                if part := self._get(performance, kind, id):
                    self._put(performance, {**part, **changes})
            case Require(_, calls):
                asked = [
                    {**call, "function": {key: call["function"][key] for key in ("name", "arguments")}}
                    for call in calls
                ]
                action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": asked}}
                self._move_run(performance, "requires_action", {"required_action": action}, at)
            case Move("thread.run", status, _, changes):
                self._move_run(performance, status, changes, at)
            case Move():
                self._move_part(performance, item, at)

    def _move_part(self, performance: Performance, move: Move, at: float) -> None:
        """A message or run step takes a status."""
        part = self._get(performance, move.kind, move.id)
        if part is None:
            return
        moved = lifecycle.advance(part, move.status, int(at), **move.changes)
        self._put(performance, moved)
        self._tell(performance, moved, at, f"{move.kind}.{move.status}")
        if move.kind == "thread.message" and move.status == "completed":
            self._check_format(performance, moved)

    def _move_run(self, performance: Performance, status: str, changes: Object, at: float) -> None:
        if status == "in_progress" and performance.status == "cancelling":  # a late cancel: the run just goes on
            self._put(performance, {**performance.run, "started_at": int(at)})
            return
        if status in lifecycle.TERMINAL:
            changes = {**changes, "usage": self._usage(performance)}
        moved = lifecycle.advance(performance.run, status, int(at), **changes)
        performance.at = at
        performance.seen = 0
        self._put(performance, moved)
        self._tell(performance, moved, at, f"thread.run.{status}")
        if performance.at_rest:
            self._rest(performance)

    def _rest(self, performance: Performance) -> None:
        if performance.at_end:
            self.active.pop(performance.run["id"], None)
            performance.thread.active_run = None
            performance.written = NOTHING
        if performance.leg:
            performance.leg.end()
            performance.leg = None  # what becomes of the run from here on is nothing to that stream

    def _usage(self, performance: Performance) -> Object:
        """The sum over the run's steps; what the turn states, when the run ended before its first."""
        steps = performance.thread.steps[performance.run["id"]]
        if not len(steps) and performance.stage.stated_usage:
            return usage.share(performance.stage.stated_usage, 0, 1)
        return usage.total(step["usage"] for step in steps)

    def _get(self, performance: Performance, kind: str, id: str) -> Object | None:
        """A stored object; None for a message that a client has deleted while it was written."""
        if kind != "thread.message":
            return performance.thread.steps[performance.run["id"]].get(id)
        row = performance.thread.messages.get(id)
        if row is None:
            return None
        stored, message = performance.written
        return message if row is stored else views.message_from_row(row)

    def _put(self, performance: Performance, thing: Object) -> None:
        match thing["object"]:
            case "thread.run":
                performance.become(thing)
                performance.thread.put_run(thing)
            case "thread.message":
                performance.written = performance.thread.put_message(thing), thing
            case _:
                performance.thread.steps[thing["run_id"]].put(thing["id"], thing)

    def _tell(self, performance: Performance, thing: Object, at: float, *events: str) -> None:
        for event in events:
            performance.note(int(at), event)
        leg = performance.leg
        if leg:
            leg.send(views.in_event(thing, self.world.shapes, azure=leg.azure, content=leg.content), *events)
            leg.wake()
