"""How the Assistants API tells what the model does: as messages, run steps, their deltas, and moves of the run.

Events and their order are those of the wire (docs/wire.md §3). Each kind of action has its method, which
``_NARRATIONS`` names.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Final

from emulator.apis.assistants import objects, tool_calls
from emulator.apis.assistants.annotations import stored, streamed
from emulator.apis.assistants.objects import Run
from emulator.apis.assistants.run_writer import MESSAGE, RUN_STEP, Create, Delta, End, RunWriter, Update
from emulator.apis.assistants.store import Thread
from emulator.apis.assistants.usage import UsageCounter
from emulator.base.json_types import Object
from emulator.engine.narrator import Item, Move
from emulator.engine.turn_log import TurnLog
from emulator.scenarios.steps.actions import (
    Action,
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
from emulator.scenarios.steps.context import StepContext
from emulator.world.state.state import State


@dataclass(slots=True)
class _OpenStep:
    """A run step that is under way: ``message_id`` is empty for tool calls.

    ``calls``: the tool calls of code or searches as they are once they are done.
    """

    step_id: str
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
        context: Callable[[], StepContext],
        file_kind: str = "file",
    ) -> None:
        """``file_kind``: of the ids of files that only a scenario names."""
        super().__init__(world, thread, run, log, usage)
        self._context, self._file_kind = context, file_kind
        #: Ids of files that are not in the account, by their names.
        self._made_up: dict[str, str] = {}
        self._open: _OpenStep | None = None

    def narrate(self, action: Action) -> Iterator[Item]:
        return _NARRATIONS[type(action)](self, action)

    def _make_id(self, kind: str) -> str:
        return self.world.ids.make(kind, self.run["id"])

    def _file_id(self, file: FileRef) -> str:
        """A file's id; one that is not in the account gets one that leads nowhere."""
        if not file.id and file.filename not in self._made_up:
            self._made_up[file.filename] = self._make_id(self._file_kind)
        return file.id or self._made_up[file.filename]

    # ---- Time and ends ----

    def began(self, action: Began) -> Iterator[Item]:
        yield Move("in_progress")

    def waited(self, action: Waited) -> Iterator[Item]:
        yield action

    def held(self, action: Held) -> Iterator[Item]:
        yield action
        yield from self._complete_open()

    def completed(self, action: Completed) -> Iterator[Item]:
        yield from self._complete_open()
        yield Move("completed")

    def failed(self, action: Failed) -> Iterator[Item]:
        """What is open fails with the run."""
        error = {"code": action.code, "message": action.message}
        yield from self._close("run_failed", "failed", {"last_error": error})
        yield Move("failed", {"last_error": error})

    def cut_off(self, action: CutOff) -> Iterator[Item]:
        """The run step of a message that is cut off is completed all the same (docs/wire.md §3 G).

        That of code or a search is too (inferred: no status of a run step says that it was cut off).
        """
        reason = "content_filter" if action.reason == "content_filter" else "max_tokens"
        yield from self._close(reason, "completed")
        yield Move("incomplete", {"incomplete_details": {"reason": action.reason}})

    def expired(self, action: Expired) -> Iterator[Item]:
        yield from self._close("run_expired", "expired")
        yield Move("expired")

    def cancelled(self, action: Cancelled) -> Iterator[Item]:
        yield from self._close("run_cancelled", "cancelled")
        yield Move("cancelled")

    def _close(self, reason: str, step_status: str, changes: Object | None = None) -> Iterator[Item]:
        """Ends what is under way: the message is incomplete for ``reason``, then its run step takes ``step_status``."""
        opened, self._open = self._open, None
        if opened is None:
            return
        if opened.message_id:
            yield End(MESSAGE, opened.message_id, "incomplete", {"incomplete_details": {"reason": reason}})
        yield End(RUN_STEP, opened.step_id, step_status, {**(changes or {}), **self._left_by(opened)})

    def _left_by(self, opened: _OpenStep) -> Object:
        """What a run step that was under way shows at its end. Function calls without outputs have used nothing."""
        if not opened.message_id and opened.calls is None:
            return {"usage": None}
        details = {} if opened.calls is None else {"step_details": tool_calls.details(opened.calls)}
        return {**details, "usage": self._usage(opened.stated_usage, opened.written)}

    # ---- Messages ----

    def reasoned(self, action: Reasoned) -> Iterator[Item]:
        """Nothing of it is on the wire but its tokens, in the usage of the run step that follows."""
        self.usage.reason(action.usage, action.summary)
        yield from ()

    def said(self, action: Said) -> Iterator[Item]:
        """A message: created, streamed in deltas, completed. The first piece and markers carry annotations."""
        opened = yield from self._open_message()
        images = [objects.image_part(self._file_id(file)) for file in action.images]
        for index, image in enumerate(images):
            yield Delta(MESSAGE, opened.message_id, {"content": [{"index": index, **image}]})
        annotations = [(one, self._file_id(one.file)) for one in action.annotations]
        streamed_so_far = position = 0
        for number, piece in enumerate(action.pieces):
            said: Object = {"value": piece}
            position += len(piece)
            here = [one for one in annotations[streamed_so_far:] if one[0].end <= position] if annotations else []
            if here or number == 0:
                said["annotations"] = [streamed(*one, streamed_so_far + n) for n, one in enumerate(here)]
                streamed_so_far += len(here)
            part = {"index": len(images), "type": "text", "text": said}
            yield Delta(MESSAGE, opened.message_id, {"content": [part]})
        text = (
            [objects.text_part(action.text, [stored(*one) for one in annotations])] if action.text or not images else []
        )
        yield from self._end_message(action, [*images, *text])

    def refused(self, action: Refused) -> Iterator[Item]:
        """A message whose content is a refusal. Its form is the published schema's; no recording has one."""
        opened = yield from self._open_message()
        for piece in action.pieces:
            part = {"index": 0, "type": "refusal", "refusal": piece}
            yield Delta(MESSAGE, opened.message_id, {"content": [part]})
        yield from self._end_message(action, [{"type": "refusal", "refusal": action.text}])

    def _open_message(self) -> Generator[Item, None, _OpenStep]:
        message_id = self._make_id("thread.message")
        details = {"type": "message_creation", "message_creation": {"message_id": message_id}}
        run_step = objects.run_step(self._make_id("thread.run.step"), self.run, details)
        self._open = _OpenStep(run_step["id"], message_id)
        yield Create(run_step)
        yield Create(objects.run_message(message_id, self.run))
        return self._open

    def _end_message(self, action: Said | Refused, content: list[Object]) -> Iterator[Item]:
        """All words are out: the message is complete, unless the next step finds it open."""
        opened = self._open
        assert opened is not None
        opened.written, opened.stated_usage = action.text, action.usage
        if action.stays_open:
            yield Update(MESSAGE, opened.message_id, {"content": content})
        else:
            yield from self._complete_open({"content": content})

    def _complete_open(self, changes: Object | None = None) -> Iterator[Item]:
        """Completes what is still under way, if anything is; ``changes``: what is new of the message."""
        opened, self._open = self._open, None
        if opened is not None:
            if opened.message_id:
                yield End(MESSAGE, opened.message_id, "completed", changes or {})
            yield End(RUN_STEP, opened.step_id, "completed", self._left_by(opened))

    # ---- Tool calls ----

    def called(self, action: Called) -> Iterator[Item]:
        """Function calls, streamed with their arguments; then the run requires action until their outputs are there."""
        calls = [self._tool_call("function", tool_calls.function(call, None)) for call in action.calls]
        step_id = yield from self._open_tool_calls()
        for index, (call, made) in enumerate(zip(action.calls, calls, strict=True)):
            yield tool_calls.call_delta(
                step_id, {"index": index, **made, "function": tool_calls.function(call._replace(arguments=""), None)}
            )
            for piece in call.pieces:
                more = {"index": index, "type": "function", "function": {"arguments": piece}}
                yield tool_calls.call_delta(step_id, more)
        yield Update(RUN_STEP, step_id, {"step_details": tool_calls.details(calls)})
        calls_made = [
            {**one, "function": {key: one["function"][key] for key in ("name", "arguments")}} for one in calls
        ]
        required = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls_made}}
        yield Move("requires_action", {"required_action": required})
        latest = self._context().outputs[-len(calls) :]
        answered = [
            {**made, "function": {**made["function"], "output": one.output}}
            for made, one in zip(calls, latest, strict=True)
        ]
        written = "".join(call.name + call.arguments for call in action.calls)
        self._open = None
        done = {"step_details": tool_calls.details(answered), "usage": self._usage(action.usage, written)}
        yield End(RUN_STEP, step_id, "completed", done)
        yield Move("queued")
        yield Move("in_progress")

    def ran_code(self, action: RanCode) -> Iterator[Item]:
        """Input streamed in pieces, then outputs; their deltas are the published schema's, as none is recorded."""
        outputs = [list(map(tool_calls.code_output, one.outputs)) for one in action.executions]
        calls = [
            self._tool_call("code_interpreter", {"input": one.input, "outputs": made})
            for one, made in zip(action.executions, outputs, strict=True)
        ]
        step_id = yield from self._open_tool_calls()
        begun = [{**made, "code_interpreter": {"input": "", "outputs": []}} for made in calls]
        for index, made in enumerate(begun):
            yield tool_calls.call_delta(step_id, {"index": index, **made})
            for piece in action.executions[index].pieces:
                yield tool_calls.code_delta(step_id, index, {"input": piece})
            for number, output in enumerate(outputs[index]):
                yield tool_calls.code_delta(step_id, index, {"outputs": [{"index": number, **output}]})
        written = "".join(one.input for one in action.executions)
        yield from self._end_tool_calls(action, begun, calls, written)

    def searched(self, action: Searched) -> Iterator[Item]:
        """One delta without results; they arrive with the completed step (docs/wire.md §3 F)."""
        tool = next(tool for tool in self.run["tools"] if tool["type"] == "file_search")
        options = tool.get("file_search") or {}
        ranking = {key: value for key, value in options.get("ranking_options", {}).items() if key != "hybrid_search"}
        calls = [
            self._tool_call("file_search", {"ranking_options": ranking, "results": one})
            for one in (list(map(tool_calls.search_result, one.results)) for one in action.searches)
        ]
        step_id = yield from self._open_tool_calls()
        begun = [{**made, "file_search": {"ranking_options": ranking, "results": []}} for made in calls]
        for index, made in enumerate(begun):
            yield tool_calls.call_delta(step_id, {"index": index, **made})
        yield from self._end_tool_calls(action, begun, calls, self._context().message)

    def _tool_call(self, kind: str, content: Object) -> Object:
        return {"id": self._make_id("tool_call"), "type": kind, kind: content}

    def _open_tool_calls(self) -> Generator[Item, None, str]:
        run_step = objects.run_step(self._make_id("thread.run.step"), self.run, tool_calls.details([]))
        self._open = _OpenStep(run_step["id"])
        yield Create(run_step)
        return run_step["id"]

    def _end_tool_calls(
        self, action: RanCode | Searched, begun: list[Object], calls: list[Object], written: str
    ) -> Iterator[Item]:
        """The calls are done, unless the next step finds them under way: polls then see them as they began."""
        opened = self._open
        assert opened is not None
        opened.written, opened.stated_usage, opened.calls = written, action.usage, calls
        if action.stays_open:
            yield Update(RUN_STEP, opened.step_id, {"step_details": tool_calls.details(begun)})
        else:
            yield from self._complete_open()

    def _usage(self, stated: Object | None, written: str) -> Object:
        return self.usage.step(stated, written)


_NARRATIONS: Final[dict[type[Any], Callable[[RunNarrator, Any], Iterator[Item]]]] = {
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
