"""The rules of runs and of their time (DESIGN.md, parts 3 and 4) once more: small, and independent of the emulator.

Statuses, seconds and refusals alone: no objects, no events. ``test_run_model`` holds the emulator to it.

Time is kept in seconds since the world began. What a request pulls takes its time from now on: a change of status one
second, words none; a wait that has begun takes what is left of its seconds. ``advance`` pulls nothing: it plays what is
due by itself, so many seconds after ``at``, when something happened to the run last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

NEVER: Final = float("inf")
LIFETIME: Final = 600
TERMINAL: Final = {"cancelled", "completed", "failed", "incomplete", "expired"}
REST: Final = TERMINAL | {"requires_action"}

_CALL: Final = {"call": {"get_weather": {"city": "Paris"}}}
_TWO_CALLS: Final = {"call": [{"get_weather": {"city": "Paris"}}, {"get_weather": {"city": "Rome"}}]}

#: The turns by the user message that they match, as a scenario has them.
TURNS: Final[dict[str, dict[str, Any]]] = {
    "plain": {"steps": [{"say": "Hello"}]},
    "refusal": {"steps": [{"refuse": "No."}]},
    "two messages": {"steps": [{"say": "One"}, {"say": "Two"}]},
    "wait": {"steps": [{"wait": 30}, {"say": "Done"}]},
    "wait in the middle": {"steps": [{"say": "One"}, {"wait": 250}, {"say": "Two"}]},
    "wait to the last second": {"steps": [{"wait": 598}, {"say": "Just in time"}]},
    "wait too long": {"steps": [{"say": "Well"}, {"wait": 599}, {"say": "Too late"}]},
    "call": {"steps": [_CALL, {"say": "It is warm"}]},
    "call alone": {"steps": [_TWO_CALLS]},
    "two rounds": {"steps": [{"say": "Let me see"}, _CALL, _TWO_CALLS, {"say": "It is warm"}]},
    "call and wait": {"steps": [_CALL, {"wait": 400}, {"say": "It is warm"}]},
    "hold": {"steps": [{"say": "Let me see"}, {"hold": "a"}, {"say": "Done"}]},
    "bare hold": {"steps": [{"hold": "b"}, {"say": "Done"}]},
    "hold and wait": {"steps": [{"hold": "c"}, {"wait": 20}]},
    "hold after call": {"steps": [_CALL, {"hold": "d"}, {"say": "Done"}]},
    "two holds": {"steps": [{"hold": "e"}, {"hold": "f"}, {"fail": "server_error"}]},
    "fail": {"steps": [{"fail": "server_error"}]},
    "fail in the middle": {"steps": [{"say": "Well"}, {"fail": "rate_limit_exceeded"}]},
    "incomplete": {"steps": [{"say": "Well"}, {"incomplete": "max_completion_tokens"}]},
    "expire": {"steps": [{"say": "Well"}, {"expire": True}]},
    "expire after call": {"steps": [_CALL, {"expire": True}]},
    "expire after two calls": {"steps": [_CALL, _CALL, {"expire": True}]},
    "late": {"steps": [{"say": "Hello"}], "cancel": "late"},
    "late and failed": {"steps": [{"wait": 5}, {"fail": "server_error"}], "cancel": "late"},
    "late and called": {"steps": [_CALL, {"say": "Hello"}], "cancel": "late"},
    "late and held": {"steps": [{"hold": "g"}, {"say": "Hello"}], "cancel": "late"},
    "late and long": {"steps": [{"wait": 700}, {"say": "Hello"}], "cancel": "late"},
    "at once": {"steps": [{"say": "Hello"}], "polls": {"in_progress": 0}},
    "slowly": {"steps": [_CALL, {"say": "Hello"}], "polls": {"queued": 1, "in_progress": 2}},
    "long queue": {"steps": [{"wait": 2}, {"say": "Hello"}], "polls": {"queued": 2, "in_progress": 0}},
    "held at once": {"steps": [{"hold": "h"}, _CALL], "polls": {"in_progress": 0}},
}
LABELS: Final = "abcdefgh"


class Refusal(Exception):
    """An error that the client earned."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status, self.message = status, message


def refuse_unless(allowed: bool, status: int, message: str) -> None:
    if not allowed:
        raise Refusal(status, message)


@dataclass(eq=False)
class ModelThread:
    id: str
    #: The user's last message.
    text: str | None = None
    messages: int = 0
    runs: list[ModelRun] = field(default_factory=list)
    is_deleted: bool = False

    @property
    def active(self) -> ModelRun | None:
        """At most one run of a thread is not at its end, and that is its newest."""
        return self.runs[-1] if self.runs and self.runs[-1].status not in TERMINAL else None


@dataclass(eq=False)
class ModelRun:
    thread: ModelThread
    turn: dict[str, Any]
    at: float
    #: A client requested a stream, and the stream has not come to its end.
    is_streamed: bool
    id: str = ""
    status: str = "queued"
    #: Polls that have seen the status.
    polls_seen: int = 0
    #: What is still to come: a kind of thing, and what belongs to it.
    plan: list[tuple[str, Any]] = field(default_factory=list)
    held: str = ""
    #: No hold stops it, for it has been cancelled.
    is_let_through: bool = False
    run_steps: int = 0
    #: How many function calls wait for their outputs.
    calls: int = 0
    #: Moments, and what became of it then.
    history: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.expires_at = int(self.at) + LIFETIME
        self.plan = [("begin", None), *(part for step in self.turn["steps"] for part in _parts(step))]
        self.plan.append(("end", "completed"))
        self.history = [(int(self.at), "created"), (int(self.at), "queued")]

    @property
    def is_late(self) -> bool:
        return "cancel" in self.turn

    def polls(self) -> int:
        """How many polls see the status that it has."""
        default = {"queued": 0, "in_progress": 1}
        return int({**default, **self.turn.get("polls", {})}[self.status])

    def become(self, status: str, at: float) -> None:
        self.status, self.at, self.polls_seen = status, at, 0
        self.history.append((int(at), status))
        if status in REST:
            self.is_streamed, self.held = False, ""

    def waits(self) -> bool:
        """A wait runs: its seconds count from where it began."""
        return self.status not in REST and not self.held and self.plan[0][0] in ("wait", "expire")

    def due(self) -> float:
        """When the next part of its plan happens by itself."""
        if self.held or self.status in REST:
            return NEVER
        match self.plan[0]:
            case ("wait", seconds):
                return self.at + float(seconds)
            case ("expire", _):
                return self.expires_at
            case ("begin", _) if self.status == "cancelling":  # it stays ``cancelling``: no change, so no second
                return self.at
            case ("begin" | "call" | "end", _):
                return self.at + 1
        return self.at


def _parts(step: dict[str, Any]) -> list[tuple[str, Any]]:
    match step:
        case {"say": _} | {"refuse": _}:
            return [("write", 1)]
        case {"call": calls}:
            return [("write", 0), ("call", len(calls)), ("begin", None)]
        case {"wait": seconds}:
            return [("wait", seconds)]
        case {"hold": label}:
            return [("hold", label)]
        case {"expire": True}:
            return [("expire", None)]
        case {"fail": _}:
            return [("end", "failed")]
    return [("end", "incomplete")]


class Rules:
    """A world, as far as its runs go."""

    def __init__(self) -> None:
        self.clock = 0.0
        self.open_holds: set[str] = set()
        self.threads: list[ModelThread] = []

    # ---- Requests of clients ----

    def find_thread(self, thread: ModelThread) -> None:
        refuse_unless(not thread.is_deleted, 404, f"No thread found with id '{thread.id}'.")

    def find_run(self, thread: ModelThread, id: str) -> ModelRun:
        """Naming a run that is to expire after its call expires it."""
        self.find_thread(thread)
        run = next((one for one in thread.runs if one.id == id), None)
        if run is None:
            raise Refusal(404, f"No run found with id '{id}'.")
        if run.status == "requires_action" and run.plan[1][0] == "expire":
            self._expire(run)
        return run

    def create_message(self, thread: ModelThread, text: str) -> None:
        self.find_thread(thread)
        if active := thread.active:
            raise Refusal(400, f"Can't add messages to {thread.id} while a run {active.id} is active.")
        self.add_message(thread, text)

    def add_message(self, thread: ModelThread, text: str) -> None:
        thread.text, thread.messages = text, thread.messages + 1

    def create_run(self, thread: ModelThread, more: str | None, *, stream: bool) -> ModelRun:
        self.find_thread(thread)
        if active := thread.active:
            raise Refusal(400, f"Thread {thread.id} already has an active run {active.id}.")
        if more is not None:
            self.add_message(thread, more)
        if thread.text is None:
            message = "Run creation requires a Thread with a user message or an assistant with instructions."
            raise Refusal(400, message)
        run = ModelRun(thread, TURNS[thread.text], self.clock, is_streamed=stream)
        thread.runs.append(run)
        self._go_on(run)
        return run

    def poll(self, thread: ModelThread) -> None:
        """Moves the thread's active run one status, unless more polls are to see the one that it has."""
        run = thread.active
        if run is None or run.status == "requires_action":
            return
        if run.status == "cancelling":
            self._play(run, lambda: run.status in REST)
            return
        while run.status in ("queued", "in_progress") and run.polls_seen >= run.polls():
            before = run.status
            self._play(run, lambda before=before: run.status != before)  # type: ignore[misc]
            if run.status == before:
                break
        run.polls_seen += 1

    def cancel(self, run: ModelRun) -> str:
        """Returns the status that the response shows."""
        allowed = run.status not in TERMINAL | {"cancelling"}
        refuse_unless(allowed, 400, f"Cannot cancel run with status '{run.status}'.")
        if not run.is_late or run.status == "requires_action":
            run.plan = [("end", "cancelled")]
        run.held, run.is_let_through = "", True
        since = run.at if run.waits() else None
        self.clock += 1
        run.become("cancelling", self.clock)
        run.at = self.clock if since is None else since
        self._go_on(run)
        return "cancelling"

    def submit(self, run: ModelRun, expected: list[str], got: list[str], *, stream: bool) -> str:
        """Returns the status that the response shows. ``expected``: the calls' ids."""
        is_waiting = run.status == "requires_action"
        refuse_unless(is_waiting, 400, f'Runs in status "{run.status}" do not accept tool outputs.')
        complete = sorted(expected) == sorted(got)
        refuse_unless(complete, 400, f"Expected tool outputs for call_ids {expected}, got {got}")
        self.clock += 1
        run.become("queued", self.clock)
        run.is_streamed = stream
        self._go_on(run)
        return "queued"

    def modify(self, run: ModelRun) -> str:
        refuse_unless(run.status in TERMINAL, 400, f"Cannot update run with status '{run.status}'.")
        return run.status

    def delete_thread(self, thread: ModelThread) -> None:
        self.find_thread(thread)
        thread.is_deleted = True

    # ---- Requests of tests ----

    def advance(self, seconds: float) -> None:
        """Plays and expires what becomes due, in order of time."""
        until = self.clock + seconds
        while due := [(when, n) for n, run in enumerate(self.active_runs()) if (when := self._instant(run)) <= until]:
            when, n = min(due)
            run = self.active_runs()[n]
            self.clock = max(self.clock, when)
            if when >= run.expires_at:
                self._expire(run)
            else:
                self._pull(run, when)
        self.clock = until

    def release(self, label: str) -> None:
        self.open_holds.add(label)
        for run in self.active_runs():
            if run.held == label:
                run.held = ""
                run.at = max(run.at, self.clock)  # no time passed for it while it stood there
                self._go_on(run)

    def active_runs(self) -> list[ModelRun]:
        return [run for thread in self.threads if not thread.is_deleted and (run := thread.active)]

    # ---- Playing ----

    def _instant(self, run: ModelRun) -> float:
        return max(min(run.due(), run.expires_at), run.at)

    def _go_on(self, run: ModelRun) -> None:
        if run.is_streamed:
            self._play(run, lambda: run.status in REST)

    def _play(self, run: ModelRun, is_there: Callable[[], bool]) -> None:
        if not run.waits():
            run.at = max(run.at, self.clock)
        while not is_there() and not run.held and run.status not in TERMINAL:
            kind, _ = run.plan[0]
            if kind == "expire" or (kind == "wait" and run.at < run.expires_at <= run.due()):  # its own wait
                self._expire(run)
            else:
                self.clock = max(run.due(), self.clock)
                self._pull(run, self.clock)

    def _pull(self, run: ModelRun, at: float) -> None:
        match run.plan.pop(0):
            case ("hold", label):
                run.held = "" if run.is_let_through or label in self.open_holds else label
            case ("begin", _) if run.status != "cancelling":
                run.become("in_progress", at)
            case ("call", calls):
                run.calls = calls
                run.become("requires_action", at)
            case ("end", status):
                run.become(status, at)
            case ("write", messages):
                run.run_steps += 1
                run.thread.messages += messages
                run.at = at
            case _:
                run.at = at

    def _expire(self, run: ModelRun) -> None:
        self.clock = max(self.clock, run.expires_at)
        run.become("expired", self.clock)
