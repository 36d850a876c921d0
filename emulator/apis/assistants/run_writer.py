"""The one door through which a run changes: into the store, onto the timeline, and to the stream if there is one.

Polls read the store and streams read the frames, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, cast

from emulator.apis.assistants import lifecycle, objects
from emulator.apis.assistants.objects import Message, Run, RunStep
from emulator.apis.assistants.store import Thread, objects_of
from emulator.apis.assistants.usage import UsageCounter
from emulator.base.json_types import Object
from emulator.engine.narrator import NO_CHANGES, Flaw, Move
from emulator.engine.turn_log import TurnLog
from emulator.sandbox.json_schema import reason
from emulator.scenarios.model import TERMINAL
from emulator.scenarios.steps.context import parsed
from emulator.world.state.state import State

#: The keys ``object`` of what a run writes.
MESSAGE: Final = "thread.message"
RUN_STEP: Final = "thread.run.step"

#: An item of a run narrator: it writes in the second that it gets, and returns what the model could not have written.
Writing = Callable[[int], Flaw | None]


class RunWriter:
    """Writes one run, its messages and its run steps. The stream of its log is a ``RunStream``."""

    __slots__ = ("log", "run", "thread", "usage", "world")

    def __init__(self, world: State, thread: Thread, run: Run, log: TurnLog, usage: UsageCounter) -> None:
        self.world, self.thread, self.run, self.log, self.usage = world, thread, run, log, usage

    # ---- The run ----

    def begin(self, at: float) -> None:
        """The run is queued, and is its thread's active run."""
        self.thread.start_run(self.run)
        self._tell(self.run, int(at), "thread.run.created", "thread.run.queued")

    def move(self, move: Move, at: float) -> None:
        """The run takes a status in the second ``at``."""
        status, changes = move
        if status == "in_progress" and self.run["status"] == "cancelling":  # a late cancel: the run just goes on
            self._become({**self.run, "started_at": int(at)})
            return
        if status in TERMINAL:
            used = self.usage.of_run()
            self.log.transcript.count(used["prompt_tokens"], used["completion_tokens"])
            changes = {**changes, "usage": used}
        self._become(lifecycle.advance(self.run, status, int(at), changes))
        self._tell(self.run, int(at), f"thread.run.{status}")

    def _become(self, run: Run) -> None:
        self.run = run
        self.thread.put_run(run)

    def rest(self, *, at_end: bool) -> None:
        """The run has come to rest; at its end the thread is free again."""
        if at_end:
            self.thread.active_run = None
        if self.log.stream:
            self.log.stream.end()

    def waiting_calls(self) -> list[tuple[str, str]]:
        required = self.run["required_action"] or {"submit_tool_outputs": {"tool_calls": []}}
        return [(call["function"]["name"], call["id"]) for call in required["submit_tool_outputs"]["tool_calls"]]

    def is_orphaned(self) -> bool:
        """True when the run's thread is gone, or was given anew."""
        return objects_of(self.world).threads.get(self.thread.id) is not self.thread

    # ---- What it writes ----

    def apply(self, item: Writing, at: float) -> Flaw | None:
        """One item happens in the second ``at``."""
        return item(int(at))

    def create(self, thing: Message | RunStep) -> None:
        """A message or run step comes into being. Streams carry it twice: as ``created`` and as ``in_progress``.

        It is stored once it ends, or once the turn stops before that: no request sees the world in between.
        """
        kind = thing["object"]
        self._tell(thing, thing["created_at"], f"{kind}.created", f"{kind}.in_progress")

    def add(self, kind: str, id: str, deltas: Iterable[Object], many: int, at: int) -> None:
        """So many pieces of a message or run step, which only streams carry: without one, none is made."""
        event = f"{kind}.delta"
        if many:
            self.log.note(at, id, event, times=many)
        if self.log.stream:
            for delta in deltas:
                self.log.stream.send({"id": id, "object": event, "delta": delta}, event)

    def put(self, thing: Message | RunStep) -> None:
        """Stores a message or run step as it is now. No event."""
        part: Any = thing
        if part["object"] == RUN_STEP:
            self.thread.put_step(part)
        else:
            self.thread.put_message(part)

    def end(self, thing: Message | RunStep, status: str, at: int, changes: Object = NO_CHANGES) -> Flaw | None:
        """A message or run step takes its last status, with other changes beside it."""
        kind = thing["object"]
        ended = lifecycle.advance(thing, status, at, changes)
        self.put(ended)
        self._tell(ended, at, f"{kind}.{status}")
        if kind == MESSAGE and status == "completed":
            return self._format_flaw(cast("Message", ended))
        return None

    def _tell(self, thing: Run | Message | RunStep, at: int, *events: str) -> None:
        self.log.note(at, thing["id"], *events)
        stream: Any = self.log.stream
        if stream:
            stream.send_object(thing, *events)

    def _format_flaw(self, message: Message) -> Flaw | None:
        """A scripted message that the run's ``response_format`` rules out is a problem: the model is held to it."""
        wanted = self.run["response_format"]
        if not isinstance(wanted, dict):
            return None
        kind = wanted["type"]
        if kind == "text" or any(part["type"] == "refusal" for part in message["content"]):
            return None
        value = parsed(text := objects.text_of(message))
        schema = {"type": "object"} if kind == "json_object" else wanted["json_schema"].get("schema", {})
        why = "it is no JSON" if value is text else reason(schema, value)
        return Flaw("response_format", f"the answer breaks the run's response_format: {why}") if why else None
