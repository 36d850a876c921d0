"""How the Responses API tells what the model does: as items of a response and their events.

Events and their order are those of the wire (docs/wire.md, Responses §3). Each kind of action has its method, which
``_NARRATIONS`` names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from emulator.apis.responses import errors, objects
from emulator.apis.responses.code_files import CodeFiles
from emulator.apis.responses.events import (
    Written,
    delta,
    event,
    item_added,
    item_done,
    part_event,
    text_done,
    text_events,
)
from emulator.apis.responses.response_writer import ResponseWriter
from emulator.apis.responses.store import StoredResponse, WaitingCall, responses_of
from emulator.apis.responses.usage import UsageCounter
from emulator.apis.responses.views import Include
from emulator.apis.responses.wire import opaque
from emulator.base.json_types import Object
from emulator.engine.active_turn import ActiveTurn
from emulator.engine.narrator import Item as EngineItem
from emulator.engine.narrator import Move
from emulator.engine.turn_log import TurnLog
from emulator.scenarios.steps.actions import (
    Action,
    Began,
    Called,
    Cancelled,
    Completed,
    CutOff,
    Execution,
    Expired,
    Failed,
    FunctionCall,
    Held,
    Logs,
    RanCode,
    Reasoned,
    Refused,
    Said,
    Search,
    Searched,
    Waited,
)
from emulator.scenarios.steps.context import StepFailed
from emulator.world.state.state import State
from emulator.world.state.vector_stores import VectorStore

Items = Iterable[EngineItem]

#: Reasons for an incomplete response, by those of scenarios.
_REASONS: Final = {"max_completion_tokens": "max_output_tokens", "content_filter": "content_filter"}


class _OpenItem(NamedTuple):
    """An item that is not done yet. ``end``: the rest of what is written of it, by its narrator and its last status.

    ``can_fail``: it fails with the response; a message has no such status.
    """

    end: Callable[[ResponseNarrator, str], Written]
    can_fail: bool = False


class ResponseNarrator(ResponseWriter):
    """One turn, as the Responses API tells it: it writes what it narrates."""

    __slots__ = ("_index", "_open", "files", "turn")

    #: The turn that is narrated.
    turn: ActiveTurn

    def __init__(
        self,
        world: State,
        stored: StoredResponse,
        log: TurnLog,
        include: Include,
        usage: UsageCounter,
        stores: Sequence[VectorStore],
    ) -> None:
        super().__init__(world, stored, log, include, usage, stores)
        self.files = CodeFiles(world, stored)
        self._index = 0
        self._open: _OpenItem | None = None

    def narrate(self, action: Action) -> Items:
        if stated := getattr(action, "usage", None):
            self.stated.append(stated)
        return _NARRATIONS[type(action)](self, action)

    def begin(self, at: float) -> None:
        self.turn.responses += (self.response["id"],)
        super().begin(at)
        self.files.stored = self.stored

    def move(self, move: Move, at: float) -> None:
        super().move(move, at)
        if move.status == "requires_action":
            waiting = responses_of(self.world).waiting
            for item in self.response["output"]:
                if item["type"] == "function_call":
                    waiting[item["call_id"]] = WaitingCall(self.turn, item["name"], item["arguments"])

    def _next_index(self) -> int:
        self._index += 1
        return self._index - 1

    def _make_id(self, kind: str) -> str:
        return self.world.ids.make_kin(kind, self.stored.family, self.world.now, self.response["id"])

    # ---- Time and ends ----

    def began(self, action: Began) -> Items:
        self._index, self._open = 0, None
        return (Move("in_progress"),)

    def waited(self, action: Waited) -> Items:
        """A response does not expire: waiting for that takes no time."""
        return () if action.to_expiry else (action,)

    def held(self, action: Held) -> Items:
        yield action
        yield from self._closing()

    def completed(self, action: Completed) -> Items:
        return self._complete()

    def _complete(self) -> Items:
        return (*self._closing(), Move("completed"))

    def failed(self, action: Failed) -> Items:
        """A message that is open stays as it is: the response fails in its middle. Code and searches fail."""
        return self._fail({"code": action.code, "message": action.message})

    def _fail(self, error: Object) -> Items:
        closing = self._closing("failed") if self._open and self._open.can_fail else ()
        self._open = None
        return (*closing, Move("failed", {"error": error}))

    def cut_off(self, action: CutOff) -> Items:
        """No response ends for its context: it is refused, or the context is trimmed and nobody sees that."""
        if action.reason == "max_prompt_tokens":
            return self._too_long()
        reason = _REASONS[action.reason]
        if reason != action.reason:
            self.log.transcript.notes += (f"{action.reason} is {reason} on Responses",)
        return (*self._closing("incomplete"), Move("incomplete", {"incomplete_details": {"reason": reason}}))

    def _too_long(self) -> Items:
        if self.response["truncation"] != "auto":
            self.stored.refusal = refusal = errors.context_too_long()
            return self._fail({"code": str(refusal.code), "message": refusal.message})
        if self._open or self.response["output"]:
            return self._complete()
        raise StepFailed("impossible", "with truncation auto a context is trimmed: the turn has to say something")

    def expired(self, action: Expired) -> Items:
        """There is no equivalent: a background response fails, any other is complete with what it has."""
        self.log.transcript.notes += ("a response does not expire",)
        if self.is_background:
            return self._fail({"code": "server_error", "message": "The response took too long."})
        return self._complete()

    def cancelled(self, action: Cancelled) -> Items:
        self._open = None
        return (Move("cancelled"),)

    def _closing(self, status: str = "completed") -> tuple[Written, ...]:
        """The item that is still open, if there is one, is done."""
        written = self._close(status)
        return (written,) if written else ()

    def _close(self, status: str = "completed") -> Written:
        opened, self._open = self._open, None
        return [] if opened is None else opened.end(self, status)

    # ---- Messages ----

    def said(self, action: Said) -> Items:
        """A message: its item, its part, its text in deltas with annotations between them."""
        plain, phase = action.plain, action.phase
        index, id = self._next_index(), self._make_id("message")
        annotations = [self.files.annotation(one) for one in plain.annotations]
        part = objects.output_text(plain.text, annotations)
        written = [
            item_added(objects.message(id, "in_progress", [], phase), index),
            part_event("response.content_part.added", id, index, objects.output_text("")),
            *text_events(id, index, plain.pieces, annotations),
            *self._end_message(action, id, index, part, phase),
        ]
        return (written,)

    def refused(self, action: Refused) -> Items:
        """A message that is a refusal; its deltas have no obfuscation."""
        index, id = self._next_index(), self._make_id("message")
        place: Object = {"content_index": 0, "item_id": id, "output_index": index}
        written = [
            item_added(objects.message(id, "in_progress", []), index),
            part_event("response.content_part.added", id, index, {"type": "refusal", "refusal": ""}),
            *(event("response.refusal.delta", **place, delta=piece) for piece in action.pieces),
            *self._end_message(action, id, index, {"type": "refusal", "refusal": action.text}, None),
        ]
        return (written,)

    def _end_message(self, action: Said | Refused, id: str, index: int, part: Object, phase: str | None) -> Written:
        """All words are out: the message is done, unless the next step finds it open."""
        if not action.stays_open:
            return _message_done(id, index, part, phase, "completed")
        self._open = _OpenItem(lambda me, status: _message_done(id, index, part, phase, status))
        return []

    # ---- Reasoning ----

    def reasoned(self, action: Reasoned) -> Items:
        """A reasoning item, with the parts of its summary if it has one."""
        index, id = self._next_index(), self._make_id("reasoning")
        written: Written = [item_added(objects.reasoning(id, [], opaque(f"{id} added")), index)]
        for number, (text, pieces) in enumerate(zip(action.summary, action.pieces, strict=True)):
            place: Object = {"item_id": id, "output_index": index, "summary_index": number}
            empty, whole = ({"type": "summary_text", "text": one} for one in ("", text))
            written += [
                event("response.reasoning_summary_part.added", **place, part=empty),
                *(
                    event("response.reasoning_summary_text.delta", **place, delta=piece, obfuscation="")
                    for piece in pieces
                ),
                event("response.reasoning_summary_text.done", **place, text=text),
                event("response.reasoning_summary_part.done", **place, part=whole),
            ]
        written.append(item_done(objects.reasoning(id, action.summary, opaque(id)), index))
        return (written,)

    # ---- Calls ----

    def called(self, action: Called) -> Items:
        """Function calls, one after the other; then the response completes, and the turn waits for their outputs."""
        for call in action.calls:
            yield self._function_call(call)
        yield Move("requires_action")
        yield Move("queued")
        self._index = 0
        yield Move("in_progress")

    def _function_call(self, call: FunctionCall) -> Written:
        index, id = self._next_index(), self._make_id("function_call")
        call_id = self.world.ids.make("tool_call", self.response["id"])
        pieces = ["{}"] if call.arguments == "{}" else call.pieces
        return [
            item_added(objects.function_call(id, "in_progress", call_id, call.name, ""), index),
            *(delta("response.function_call_arguments.delta", id, index, piece) for piece in pieces),
            event("response.function_call_arguments.done", arguments=call.arguments, item_id=id, output_index=index),
            item_done(objects.function_call(id, "completed", call_id, call.name, call.arguments), index),
        ]

    def searched(self, action: Searched) -> Items:
        written: Written = []
        for search in action.searches:
            written += [*self._close(), *self._file_search_call(search)]
        return (written,) if action.stays_open else (written, *self._closing())

    def _file_search_call(self, search: Search) -> Written:
        index, id = self._next_index(), self._make_id("file_search_call")
        self._open = _OpenItem(lambda me, status: me._search_done(id, index, search, status), can_fail=True)
        return [
            item_added(objects.file_search_call(id, "in_progress", [], None), index),
            event("response.file_search_call.in_progress", item_id=id, output_index=index),
            event("response.file_search_call.searching", item_id=id, output_index=index),
        ]

    def _search_done(self, id: str, index: int, search: Search, status: str) -> Written:
        results = [objects.file_search_result(one, self._store_of(one.file_id)) for one in search.results]
        done = item_done(objects.file_search_call(id, status, search.queries, results), index)
        if status != "completed":
            return [done]
        return [event("response.file_search_call.completed", item_id=id, output_index=index), done]

    def _store_of(self, file_id: str) -> str | None:
        """The vector store in which a result was found; a file of no store is shown as one of the first."""
        found = next((store for store in self.stores if file_id in store.stored), next(iter(self.stores), None))
        return found.id if found else None

    def ran_code(self, action: RanCode) -> Items:
        written: Written = []
        for execution in action.executions:
            written += [*self._close(), *self._code_interpreter_call(execution)]
        return (written,) if action.stays_open else (written, *self._closing())

    def _code_interpreter_call(self, execution: Execution) -> Written:
        index, id, container = self._next_index(), self._make_id("code_interpreter_call"), self.files.container()
        self._open = _OpenItem(lambda me, status: me._code_done(id, index, container, execution, status), can_fail=True)
        place: Object = {"item_id": id, "output_index": index}
        return [
            item_added(objects.code_interpreter_call(id, "in_progress", "", container, []), index),
            event("response.code_interpreter_call.in_progress", **place),
            *(delta("response.code_interpreter_call_code.delta", id, index, piece) for piece in execution.pieces),
            event("response.code_interpreter_call_code.done", **place, code=execution.input),
            event("response.code_interpreter_call.interpreting", **place),
        ]

    def _code_done(self, id: str, index: int, container: str, execution: Execution, status: str) -> Written:
        outputs = [
            {"type": "logs", "logs": one.text} if isinstance(one, Logs) else self.files.image(one.file)
            for one in execution.outputs
        ]
        done = item_done(objects.code_interpreter_call(id, status, execution.input, container, outputs), index)
        if status != "completed":
            return [done]
        return [event("response.code_interpreter_call.completed", item_id=id, output_index=index), done]


def _message_done(id: str, index: int, part: Object, phase: str | None, status: str) -> Written:
    if part["type"] == "refusal":
        place: Object = {"content_index": 0, "item_id": id, "output_index": index}
        said = event("response.refusal.done", **place, refusal=part["refusal"])
    else:
        said = text_done(id, index, part["text"])
    return [
        said,
        part_event("response.content_part.done", id, index, part),
        item_done(objects.message(id, status, [part], phase), index),
    ]


_NARRATIONS: Final[dict[type[Any], Callable[[ResponseNarrator, Any], Items]]] = {
    Began: ResponseNarrator.began,
    Said: ResponseNarrator.said,
    Refused: ResponseNarrator.refused,
    Reasoned: ResponseNarrator.reasoned,
    Called: ResponseNarrator.called,
    RanCode: ResponseNarrator.ran_code,
    Searched: ResponseNarrator.searched,
    Waited: ResponseNarrator.waited,
    Held: ResponseNarrator.held,
    Completed: ResponseNarrator.completed,
    Failed: ResponseNarrator.failed,
    CutOff: ResponseNarrator.cut_off,
    Expired: ResponseNarrator.expired,
    Cancelled: ResponseNarrator.cancelled,
}
