"""Loose ends of turns: those that wait for outputs, and those that nobody polls."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.base.loose_ends import AwaitedCall, LooseEnd
from emulator.engine.active_turn import ActiveTurn
from emulator.engine.turn_engine import TurnEngine
from emulator.world.loose_ends import loose_end
from emulator.world.world import World

#: What helps an application that sleeps where it would have to poll.
_SLEEPERS = (
    'if the application sleeps instead of polling, use monkeypatch.setattr("time.sleep", emulator.advance), '
    "or settings: {sleepers: true} where it sleeps for real"
)


@loose_end("outputs", "a turn waits for the outputs of function calls")
def _outputs(world: World) -> Iterator[LooseEnd]:
    for turn in TurnEngine(world).active.values():
        if turn.status == "requires_action" and not _ends_with_call(turn):
            calls = [AwaitedCall(*call) for call in turn.narrator.waiting_calls()]
            awaited = " and ".join(f"{call.name} ({call.id})" for call in calls)
            message = f"{_id(turn)} waits for the output of {awaited}, which nobody submitted"
            line = turn.step.line if turn.step else turn.turn.line
            yield LooseEnd("outputs", message, turn.turn.file, line, _id(turn), tuple(calls))


def _ends_with_call(turn: ActiveTurn) -> bool:
    """True for a response whose turn has nothing behind its calls: an application may read them, and be done."""
    return bool(turn.responses) and turn.step is not None and turn.turn.steps[-1] is turn.step


@loose_end("unpolled", "a run or a background response was not polled to its end")
def _unpolled(world: World) -> Iterator[LooseEnd]:
    for turn in TurnEngine(world).active.values():
        if turn.status == "requires_action" or turn.held or turn.is_streamed:
            continue
        again = "" if turn.status == "queued" and not turn.polls_seen else " again"
        message = f"{_id(turn)} is {turn.status}: it moves by polls, and nobody polled{again}"
        sleeps = f"; {_SLEEPERS}" if world.clock.name == "skip" else ""
        yield LooseEnd("unpolled", message + sleeps, turn.turn.file, turn.turn.line, _id(turn))


def _id(turn: ActiveTurn) -> str:
    """The run, or the response that plays the turn now."""
    return turn.responses[-1] if turn.responses else turn.id
