"""The one door through which a response changes: its object, the timeline of its turn, and its stream.

A turn is as many responses as it has rounds of function calls, plus one. The writer writes one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from emulator.apis.responses.events import ITEM_DONE, TEXT_DELTA, TextDeltas, Written, error_event
from emulator.apis.responses.objects import Item, Response, text_of
from emulator.apis.responses.response_stream import ResponseStream
from emulator.apis.responses.store import StoredResponse, responses_of
from emulator.apis.responses.usage import UsageCounter
from emulator.apis.responses.views import Include, item_view, response_view
from emulator.base.json_types import Object
from emulator.engine.narrator import Flaw, Move
from emulator.engine.turn_log import TurnLog
from emulator.sandbox.json_schema import reason
from emulator.scenarios.steps.context import parsed
from emulator.world.state.state import State
from emulator.world.state.vector_stores import VectorStore

#: The status of a response, by that of its turn: at a call the response completes and the turn rests.
_STATUS: Final = {
    "in_progress": "in_progress",
    "requires_action": "completed",
    "completed": "completed",
    "incomplete": "incomplete",
    "failed": "failed",
    "cancelled": "cancelled",
}
_FINISHED: Final = frozenset({"completed", "incomplete"})


class ResponseWriter:
    """Writes the responses of one turn."""

    __slots__ = ("_next", "include", "log", "stated", "stored", "stores", "usage", "world")

    def __init__(
        self,
        world: State,
        stored: StoredResponse,
        log: TurnLog,
        include: Include,
        usage: UsageCounter,
        stores: Sequence[VectorStore],
    ) -> None:
        self.world, self.stored, self.log, self.include, self.usage = world, stored, log, include, usage
        #: The vector stores that the response's file search searches.
        self.stores = stores
        #: Usage that steps of the response state.
        self.stated: list[Object] = []
        self._next: tuple[StoredResponse, Include, Sequence[VectorStore]] | None = None

    @property
    def response(self) -> Response:
        return self.stored.object

    @property
    def is_background(self) -> bool:
        return self.response["background"]

    def continue_with(self, stored: StoredResponse, include: Include, stores: Sequence[VectorStore]) -> None:
        """The response that goes on with the turn, once it is queued again."""
        self._next = stored, include, stores

    # ---- The response ----

    def begin(self, at: float) -> None:
        """The response exists."""
        self._tell_response("response.created", at)
        if self.is_background:
            self._tell_response("response.queued", at)

    def move(self, move: Move, at: float) -> None:
        """The turn takes a status in the second ``at``."""
        if move.status == "queued":
            assert self._next is not None
            (self.stored, self.include, self.stores), self._next = self._next, None
            self.begin(at)
        elif move.status == "in_progress":
            self._change({"status": "in_progress"})
            self._tell_response("response.in_progress", at)
        elif status := _STATUS.get(move.status):
            self._finish(status, move, at)

    def _finish(self, status: str, move: Move, at: float) -> None:
        error = move.changes.get("error")
        details = {**move.changes}
        if status in _FINISHED:
            is_last = move.status != "requires_action"
            details["usage"] = used = self.usage.of_response(self.stored, self.stated, is_last=is_last)
            self.log.transcript.count(used["input_tokens"], used["output_tokens"])
            self.stated = []
        if status == "completed":
            details["completed_at"] = int(at)
        if status != "cancelled" and self.response["service_tier"] == "auto":
            details["service_tier"] = "default"  # the tier that was used
        self._change({"status": status, **details})
        self.stored.leave_conversation(adds=status in _FINISHED)
        if error:
            self.log.transcript.code = error["code"]
            self._tell(error_event(error), at)
        self._tell_response(f"response.{status}", at)

    def _change(self, changes: Object) -> None:
        changed: Any = {**self.response, **changes}
        self.stored.object = changed

    def rest(self, *, at_end: bool) -> None:
        """The response is over."""
        if self.log.stream:
            self.log.stream.end()

    def waiting_calls(self) -> list[tuple[str, str]]:
        calls = [item for item in self.response["output"] if item["type"] == "function_call"]
        return [(call["name"], call["call_id"]) for call in calls]

    def is_orphaned(self) -> bool:
        return False

    # ---- What it writes ----

    def apply(self, written: Written, at: float) -> Flaw | None:
        """This is written in the second ``at``. Returns what the model could not have written."""
        flaw = None
        for event in written:
            if isinstance(event, TextDeltas):
                if stream := self._note(TEXT_DELTA, event.item_id, at, len(event.pieces)):
                    stream.tell_deltas(event)
            elif "item" in event:
                flaw = self._write_item(event, at) or flaw
            else:
                self._tell(event, at)
        return flaw

    def _write_item(self, event: Object, at: float) -> Flaw | None:
        """An item of the output begins, or is done."""
        item = event["item"]
        is_done = event["type"] == ITEM_DONE
        if is_done:
            self._note_thought(item)
            self._change({"output": [*self.response["output"], item]})
        if stream := self._note(event["type"], item["id"], at):
            stream.tell({**event, "item": item_view(item, self.include)})
        return self._format_flaw(item) if is_done else None

    def _note_thought(self, item: Item) -> None:
        """The item goes with the reasoning item before it: no request may bring it alone."""
        output = self.response["output"]
        if output and output[-1]["type"] == "reasoning" and self.response["store"]:
            responses_of(self.world).thoughts[item["id"]] = output[-1]["id"]

    def _format_flaw(self, item: Item) -> Flaw | None:
        """A scripted message that the format of the response's text rules out is a problem: the model keeps to it."""
        format = self.response["text"]["format"]
        if format["type"] == "text" or item["type"] != "message" or item["status"] != "completed":
            return None
        text = text_of(item)
        if item.get("phase") == "commentary" or item["content"][0]["type"] == "refusal":
            return None
        schema = {"type": "object"} if format["type"] == "json_object" else format["schema"]
        why = "it is no JSON" if (value := parsed(text)) is text else reason(schema, value)
        return Flaw("response_format", f"the answer breaks the request's text.format: {why}") if why else None

    def _tell_response(self, name: str, at: float) -> None:
        if stream := self._note(name, self.response["id"], at):
            shown = response_view(self.response, self.include)
            stream.tell({"type": name, "response": shown, "sequence_number": 0})

    def _tell(self, event: Object, at: float) -> None:
        if stream := self._note(event["type"], event.get("item_id"), at):
            stream.tell(event)

    def _note(self, name: str, object_id: str | None, at: float, times: int = 1) -> ResponseStream | None:
        """Adds an event to the timeline, or so many deltas. Returns the stream that tells it, if somebody reads one."""
        self.log.note(int(at), object_id, name, times=times)
        stream = self.log.stream
        return stream if isinstance(stream, ResponseStream) else None
