"""A narrator of a few lines, which tells a turn in words. It stands for any API that is not the Assistants API.

Nothing here imports ``emulator.apis``: steps, engine and world play turns without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.base.clock import DEFAULT_START
from emulator.engine.active_turn import DEFAULT_POLLS, ActiveTurn
from emulator.engine.event_stream import EventStream
from emulator.engine.narrator import Item, Move, Narrator
from emulator.engine.turn_engine import TurnEngine
from emulator.engine.turn_log import TurnLog
from emulator.scenarios.conditions import Situation
from emulator.scenarios.loading import load_scenario
from emulator.scenarios.steps.actions import (
    Action,
    Began,
    Called,
    Cancelled,
    Completed,
    CutOff,
    Expired,
    Failed,
    Held,
    RanCode,
    Reasoned,
    Refused,
    Said,
    Searched,
    SearchResult,
    Waited,
)
from emulator.scenarios.steps.context import Output, StepContext
from emulator.scenarios.steps.tool import Tool

SAYS: dict[type[Action], str] = {Said: "says", Refused: "refuses:"}


class Words:
    """A turn as a list of words."""

    def __init__(self, context: StepContext) -> None:
        self.context = context
        self.words: list[str] = []

    def begin(self, at: float) -> None:
        self.words.append("begins")

    def narrate(self, action: Action) -> Iterator[Item]:
        match action:
            case Began():
                yield Move("in_progress")
            case Reasoned(summary):
                yield f"reasons: {' '.join(summary)}"
            case Said(text) | Refused(text):
                yield f"{SAYS[type(action)]} {text}"
            case Called(calls):
                yield from (f"calls {call.name} {call.arguments}" for call in calls)
                yield Move("requires_action")
                yield from (f"reads {output.output}" for output in self.context.outputs[-len(calls) :])
                yield Move("queued")
                yield Move("in_progress")
            case RanCode(executions):
                yield from (f"runs {one.input}" for one in executions)
            case Searched(searches):
                yield from (f"finds {len(one.results)} for {' and '.join(one.queries)}" for one in searches)
            case Waited(seconds, to_expiry):
                yield "waits to its expiry" if to_expiry else f"waits {seconds}"
                yield action
            case Held(label):
                yield f"holds at {label}"
                yield action
            case Failed(code, message):
                yield f"fails: {code}, {message}"
                yield Move("failed")
            case CutOff(reason):
                yield f"is cut off: {reason}"
                yield Move("incomplete")
            case Completed() | Expired() | Cancelled():
                yield Move(type(action).__name__.lower())

    def apply(self, item: Item, at: float) -> None:
        self.words.append(item)

    def move(self, move: Move, at: float) -> None:
        """The engine keeps the status; there is nothing else to change."""

    def rest(self, *, at_end: bool) -> None:
        self.words.append("ends" if at_end else "rests")

    def waiting_calls(self) -> list[tuple[str, str]]:
        return []

    def is_orphaned(self) -> bool:
        return False


TOOLS = [
    Tool("function", "get_weather", {"type": "object"}),
    Tool("code_interpreter", "code_interpreter"),
    Tool("file_search", "file_search"),
]
RESULT = SearchResult("file-1", "foods.txt", 0.9, {}, "Apples.")


class ToyContext(StepContext):
    """A turn with three tools and one file to be found."""

    def tools(self) -> list[Tool]:
        return TOOLS

    def search(self, query: str) -> list[SearchResult]:
        return [RESULT]


def new_turn(*steps: dict[str, Any]) -> tuple[ActiveTurn, Words]:
    """A turn of these steps that has not begun, and its narrator."""
    (turn,) = load_scenario({"turns": [{"steps": list(steps)}]}).turns
    context = ToyContext("Hello", {})
    words = Words(context)
    narrator: Narrator = words
    situation = Situation("Hello", "", "a model", [tool.name for tool in TOOLS], {}, {}, {}, 1)
    active = ActiveTurn(
        id="run_1",
        thread_id="thread_1",
        turn=turn,
        context=context,
        narrator=narrator,
        log=TurnLog(),
        situation=situation,
        polls=dict(DEFAULT_POLLS),
        expires_at=DEFAULT_START + 600,
    )
    return active, words


def play(engine: TurnEngine, turn: ActiveTurn, *, streamed: bool) -> None:
    """Plays a turn to its end: releases its holds, and submits an output for each of its calls."""
    engine.start(turn, EventStream() if streamed else None)
    while not turn.at_end:
        if turn.held:
            engine.release(turn.held)
        elif turn.status == "requires_action":
            engine.resume(turn, [Output("get_weather", "{}", "sunny")], EventStream() if streamed else None)
            engine.go_on(turn)
        else:
            assert not streamed, "a stream plays to rest by itself"
            engine.poll(turn)
