"""How the Assistants API tells what the model does: as messages, run steps, their deltas, and moves of the run.

Events and their order are those of the wire (docs/wire.md §3). Each kind of action has its method, which
``_NARRATIONS`` names. What needs no time and changes no status is one item: a method that writes it when it happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from emulator.apis.assistants import objects, tool_calls
from emulator.apis.assistants.annotations import stored, streamed
from emulator.apis.assistants.objects import Message, Run, RunStep
from emulator.apis.assistants.run_writer import MESSAGE, RUN_STEP, RunWriter
from emulator.apis.assistants.store import Thread
from emulator.apis.assistants.usage import UsageCounter
from emulator.base.json_types import Object
from emulator.engine.narrator import NO_CHANGES, Flaw, Item, Move
from emulator.engine.turn_log import TurnLog
from emulator.scenarios.steps.actions import (
    Action,
    Annotation,
    Began,
    Called,
    Cancelled,
    Completed,
    CutOff,
    Expired,
    Failed,
    FileRef,
    Held,
    RanCode,
    Reasoned,
    Refused,
    Said,
    Searched,
    Waited,
)
from emulator.scenarios.steps.context import Output, StepContext
from emulator.world.state.state import State


@dataclass(slots=True)
class _OpenStep:
    """A run step that is under way, as it is stored.

    ``message_id``: of the message that it creates; empty for tool calls. ``calls``: the tool calls of code or searches
    as they are once they are done.
    """

    step: RunStep
    message_id: str = ""
    written: str = ""
    stated_usage: Object | None = None
    calls: list[Object] | None = None


class RunNarrator(RunWriter):
    """One run, as the Assistants API tells it: it writes what it narrates."""

    __slots__ = ("_context", "_file_kind", "_made_up", "_open")

    def __init__(
        self,
        world: State,
        thread: Thread,
        run: Run,
        log: TurnLog,
        usage: UsageCounter,
        context: StepContext,
        file_kind: str = "file",
    ) -> None:
        """``file_kind``: of the ids of files that only a scenario names."""
        super().__init__(world, thread, run, log, usage)
        self._context, self._file_kind = context, file_kind
        #: Ids of files that are not in the account, by their names.
        self._made_up: dict[str, str] = {}
        self._open: _OpenStep | None = None

    def narrate(self, action: Action) -> Iterable[Item]:
        return _NARRATIONS[type(action)](self, action)

    def _make_id(self, kind: str) -> str:
        return self.world.ids.make(kind, self.run["id"])

    def _file_id(self, file: FileRef) -> str:
        """A file's id; one that is not in the account gets one that leads nowhere."""
        if not file.id and file.filename not in self._made_up:
            self._made_up[file.filename] = self._make_id(self._file_kind)
        return file.id or self._made_up[file.filename]

    # ---- Time and ends ----

    def began(self, action: Began) -> Iterable[Item]:
        return (_BEGUN,)

    def waited(self, action: Waited) -> Iterable[Item]:
        return (action,)

    def held(self, action: Held) -> Iterable[Item]:
        return (action, *self._closing())

    def completed(self, action: Completed) -> Iterable[Item]:
        return (*self._closing(), _DONE)

    def failed(self, action: Failed) -> Iterable[Item]:
        """What is open fails with the run."""
        error = {"code": action.code, "message": action.message}
        return (*self._closing("run_failed", "failed", {"last_error": error}), Move("failed", {"last_error": error}))

    def cut_off(self, action: CutOff) -> Iterable[Item]:
        """The run step of a message that is cut off is completed all the same (docs/wire.md §3 G).

        That of code or a search is too (inferred: no status of a run step says that it was cut off).
        """
        reason = "content_filter" if action.reason == "content_filter" else "max_tokens"
        return (*self._closing(reason), Move("incomplete", {"incomplete_details": {"reason": action.reason}}))

    def expired(self, action: Expired) -> Iterable[Item]:
        return (*self._closing("run_expired", "expired"), Move("expired"))

    def cancelled(self, action: Cancelled) -> Iterable[Item]:
        return (*self._closing("run_cancelled", "cancelled"), Move("cancelled"))

    def _closing(
        self, reason: str = "", step_status: str = "completed", changes: Object = NO_CHANGES
    ) -> tuple[Item, ...]:
        """The end of what is under way, if anything is.

        ``reason``: why a message is incomplete then; empty for one that is complete. ``step_status``: what becomes of
        its run step, with ``changes`` beside it.
        """
        return () if self._open is None else (partial(self._close, reason, step_status, changes),)

    def _close(self, reason: str, step_status: str, changes: Object, at: int) -> Flaw | None:
        opened, self._open = self._open, None
        assert opened is not None
        flaw = None
        written = self.thread.messages.get(opened.message_id)
        if written is not None:  # a client may have deleted it meanwhile
            message = written.message()
            if reason:
                self.end(message, "incomplete", at, {"incomplete_details": {"reason": reason}})
            else:
                flaw = self.end(message, "completed", at)
        self.end(opened.step, step_status, at, {**changes, **self._left_by(opened)})
        return flaw

    def _left_by(self, opened: _OpenStep) -> Object:
        """What a run step that was under way shows at its end. Function calls without outputs have used nothing."""
        if not opened.message_id and opened.calls is None:
            return {"usage": None}
        details = {} if opened.calls is None else {"step_details": tool_calls.details(opened.calls)}
        return {**details, "usage": self.usage.step(opened.stated_usage, opened.written)}

    # ---- Messages ----

    def reasoned(self, action: Reasoned) -> Iterable[Item]:
        """Nothing of it is on the wire but its tokens, in the usage of the run step that follows."""
        self.usage.reason(action.usage, action.summary)
        return ()

    def said(self, action: Said) -> Iterable[Item]:
        return (partial(self._write_said, action),)

    def refused(self, action: Refused) -> Iterable[Item]:
        return (partial(self._write_refused, action),)

    def _write_said(self, action: Said, at: int) -> Flaw | None:
        """A message: created, streamed in deltas, completed."""
        step, message = self._begin_message(at)
        images = [objects.image_part(self._file_id(file)) for file in action.images]
        annotations = [(one, self._file_id(one.file)) for one in action.annotations]
        deltas = _deltas(images, action.pieces, annotations)
        self.add(MESSAGE, message["id"], deltas, len(images) + len(action.pieces), at)
        content = images
        if action.text or not images:
            content = [*images, objects.text_part(action.text, [stored(*one) for one in annotations])]
        return self._end_message(action, step, message, content, at)

    def _write_refused(self, action: Refused, at: int) -> Flaw | None:
        """A message whose content is a refusal. Its form is the published schema's; no recording has one."""
        step, message = self._begin_message(at)
        parts = ({"index": 0, "type": "refusal", "refusal": piece} for piece in action.pieces)
        self.add(MESSAGE, message["id"], ({"content": [part]} for part in parts), len(action.pieces), at)
        return self._end_message(action, step, message, [{"type": "refusal", "refusal": action.text}], at)

    def _begin_message(self, at: int) -> tuple[RunStep, Message]:
        message_id = self._make_id("thread.message")
        details = {"type": "message_creation", "message_creation": {"message_id": message_id}}
        step = objects.run_step(self._make_id("thread.run.step"), at, self.run, details)
        message = objects.run_message(message_id, at, self.run)
        self.create(step)
        self.create(message)
        return step, message

    def _end_message(
        self, action: Said | Refused, step: RunStep, message: Message, content: list[Object], at: int
    ) -> Flaw | None:
        """All words are out: the message is complete, unless the next step finds it open."""
        if action.stays_open:
            self.put(step)
            self.put({**message, "content": content})
            self._open = _OpenStep(step, message["id"], action.text, action.usage)
            return None
        flaw = self.end(message, "completed", at, {"content": content})
        self.end(step, "completed", at, {"usage": self.usage.step(action.usage, action.text)})
        return flaw

    # ---- Tool calls ----

    def called(self, action: Called) -> Iterator[Item]:
        """Function calls; then the run requires action until their outputs are there."""
        calls = [self._tool_call("function", tool_calls.function(call, None)) for call in action.calls]
        yield partial(self._write_calls, action, calls)
        yield Move("requires_action", {"required_action": tool_calls.required_action(calls)})
        yield partial(self._write_outputs, action, calls, self._context.outputs[-len(calls) :])
        yield Move("queued")
        yield Move("in_progress")

    def _write_calls(self, action: Called, calls: list[Object], at: int) -> None:
        """The deltas of each call: its name first, then its arguments."""
        deltas = []
        for index, (call, made) in enumerate(zip(action.calls, calls, strict=True)):
            begun = {**made, "function": tool_calls.function(call._replace(arguments=""), None)}
            deltas.append(tool_calls.call_delta(index, begun))
            for piece in call.pieces:
                deltas.append(tool_calls.call_delta(index, {"type": "function", "function": {"arguments": piece}}))
        step = self._begin_tool_calls(deltas, at)
        self._open = _OpenStep({**step, "step_details": tool_calls.details(calls)})
        self.put(self._open.step)

    def _write_outputs(self, action: Called, calls: list[Object], outputs: tuple[Output, ...], at: int) -> None:
        opened, self._open = self._open, None
        assert opened is not None
        answered = [
            {**made, "function": {**made["function"], "output": one.output}}
            for made, one in zip(calls, outputs, strict=True)
        ]
        written = "".join(call.name + call.arguments for call in action.calls)
        used = self.usage.step(action.usage, written)
        self.end(opened.step, "completed", at, {"step_details": tool_calls.details(answered), "usage": used})

    def ran_code(self, action: RanCode) -> Iterable[Item]:
        return (partial(self._write_code, action),)

    def _write_code(self, action: RanCode, at: int) -> None:
        """Input streamed in pieces, then outputs; their deltas are the published schema's, as none is recorded."""
        outputs = [list(map(tool_calls.code_output, one.outputs)) for one in action.executions]
        calls = [
            self._tool_call("code_interpreter", {"input": one.input, "outputs": made})
            for one, made in zip(action.executions, outputs, strict=True)
        ]
        begun = [{**made, "code_interpreter": {"input": "", "outputs": []}} for made in calls]
        deltas = []
        for index, made in enumerate(begun):
            deltas.append(tool_calls.call_delta(index, made))
            deltas += [tool_calls.code_delta(index, {"input": piece}) for piece in action.executions[index].pieces]
            for number, output in enumerate(outputs[index]):
                deltas.append(tool_calls.code_delta(index, {"outputs": [{"index": number, **output}]}))
        step = self._begin_tool_calls(deltas, at)
        self._end_tool_calls(action, step, begun, calls, "".join(one.input for one in action.executions), at)

    def searched(self, action: Searched) -> Iterable[Item]:
        return (partial(self._write_searches, action),)

    def _write_searches(self, action: Searched, at: int) -> None:
        """One delta without results; they arrive with the completed step (docs/wire.md §3 F)."""
        tool = next(tool for tool in self.run["tools"] if tool["type"] == "file_search")
        options = tool.get("file_search") or {}
        ranking = {key: value for key, value in options.get("ranking_options", {}).items() if key != "hybrid_search"}
        calls = [
            self._tool_call("file_search", {"ranking_options": ranking, "results": one})
            for one in (list(map(tool_calls.search_result, one.results)) for one in action.searches)
        ]
        begun = [{**made, "file_search": {"ranking_options": ranking, "results": []}} for made in calls]
        step = self._begin_tool_calls([tool_calls.call_delta(index, made) for index, made in enumerate(begun)], at)
        self._end_tool_calls(action, step, begun, calls, self._context.message, at)

    def _tool_call(self, kind: str, content: Object) -> Object:
        return {"id": self._make_id("tool_call"), "type": kind, kind: content}

    def _begin_tool_calls(self, deltas: list[Object], at: int) -> RunStep:
        step = objects.run_step(self._make_id("thread.run.step"), at, self.run, tool_calls.details([]))
        self.create(step)
        self.add(RUN_STEP, step["id"], deltas, len(deltas), at)
        return step

    def _end_tool_calls(
        self, action: RanCode | Searched, step: RunStep, begun: list[Object], calls: list[Object], written: str, at: int
    ) -> None:
        """The calls are done, unless the next step finds them under way: polls then see them as they began."""
        if action.stays_open:
            step = {**step, "step_details": tool_calls.details(begun)}
            self.put(step)
            self._open = _OpenStep(step, "", written, action.usage, calls)
        else:
            used = self.usage.step(action.usage, written)
            self.end(step, "completed", at, {"step_details": tool_calls.details(calls), "usage": used})


#: What becomes of every run first, and of most at last.
_BEGUN: Final = Move("in_progress")
_DONE: Final = Move("completed")


def _deltas(images: list[Object], pieces: list[str], annotations: list[tuple[Annotation, str]]) -> Iterator[Object]:
    """The deltas of a message. The first piece and markers carry annotations."""
    for index, image in enumerate(images):
        yield {"content": [{"index": index, **image}]}
    streamed_so_far = position = 0
    for number, piece in enumerate(pieces):
        said: Object = {"value": piece} if number else {"value": piece, "annotations": []}
        if annotations:
            position += len(piece)
            here = [one for one in annotations[streamed_so_far:] if one[0].end <= position]
            if here:
                said["annotations"] = [streamed(*one, streamed_so_far + n) for n, one in enumerate(here)]
                streamed_so_far += len(here)
        yield {"content": [{"index": len(images), "type": "text", "text": said}]}


_NARRATIONS: Final[dict[type[Any], Callable[[RunNarrator, Any], Iterable[Item]]]] = {
    Began: RunNarrator.began,
    Reasoned: RunNarrator.reasoned,
    Said: RunNarrator.said,
    Refused: RunNarrator.refused,
    Called: RunNarrator.called,
    RanCode: RunNarrator.ran_code,
    Searched: RunNarrator.searched,
    Waited: RunNarrator.waited,
    Held: RunNarrator.held,
    Completed: RunNarrator.completed,
    Failed: RunNarrator.failed,
    CutOff: RunNarrator.cut_off,
    Expired: RunNarrator.expired,
    Cancelled: RunNarrator.cancelled,
}
