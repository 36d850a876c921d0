"""How the Assistants API tells what the model does: as messages, run steps, their deltas, and moves of the run.

Events and their order are those of the wire (docs/wire.md §3). Each kind of action has its method, which
``_NARRATIONS`` names.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Final

from emulator.apis.assistants import objects
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
    FunctionCall,
    Held,
    Image,
    Logs,
    RanCode,
    Reasoned,
    Refused,
    Said,
    Searched,
    SearchResult,
    Waited,
)
from emulator.scenarios.steps.context import StepContext
from emulator.world.state.state import State


@dataclass(slots=True)
class _OpenStep:
    """A run step that is under way: ``message_id`` is empty for tool calls."""

    step_id: str
    message_id: str = ""
    written: str = ""
    stated_usage: Object | None = None


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
        yield from self._complete_message()

    def completed(self, action: Completed) -> Iterator[Item]:
        yield from self._complete_message()
        yield Move("completed")

    def failed(self, action: Failed) -> Iterator[Item]:
        """What is open fails with the run."""
        error = {"code": action.code, "message": action.message}
        yield from self._close("run_failed", "failed", {"last_error": error})
        yield Move("failed", {"last_error": error})

    def cut_off(self, action: CutOff) -> Iterator[Item]:
        """The run step of a message that is cut off is completed all the same (docs/wire.md §3 G)."""
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
        usage = self._usage(opened.stated_usage, opened.written) if opened.message_id else None
        if opened.message_id:
            yield End(MESSAGE, opened.message_id, "incomplete", {"incomplete_details": {"reason": reason}})
        yield End(RUN_STEP, opened.step_id, step_status, {**(changes or {}), "usage": usage})

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
            yield from self._complete_message({"content": content})

    def _complete_message(self, changes: Object | None = None) -> Iterator[Item]:
        """Completes the message that is still open, if there is one; ``changes``: what is new of it."""
        opened = self._open
        if opened and opened.message_id:
            self._open = None
            usage = self._usage(opened.stated_usage, opened.written)
            yield End(MESSAGE, opened.message_id, "completed", changes or {})
            yield End(RUN_STEP, opened.step_id, "completed", {"usage": usage})

    # ---- Tool calls ----

    def called(self, action: Called) -> Iterator[Item]:
        """Function calls, streamed with their arguments; then the run requires action until their outputs are there."""
        calls = [self._tool_call("function", _function(call, None)) for call in action.calls]
        step_id = yield from self._open_tool_calls()
        for index, (call, made) in enumerate(zip(action.calls, calls, strict=True)):
            yield _call_delta(
                step_id, {"index": index, **made, "function": _function(call._replace(arguments=""), None)}
            )
            for piece in call.pieces:
                more = {"index": index, "type": "function", "function": {"arguments": piece}}
                yield _call_delta(step_id, more)
        yield Update(RUN_STEP, step_id, {"step_details": _tool_calls(calls)})
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
        yield self._end_tool_calls(step_id, answered, action.usage, written)
        yield Move("queued")
        yield Move("in_progress")

    def ran_code(self, action: RanCode) -> Iterator[Item]:
        """Input streamed in pieces, then outputs; their deltas are the published schema's, as none is recorded."""
        outputs = [list(map(_output, one.outputs)) for one in action.executions]
        calls = [
            self._tool_call("code_interpreter", {"input": one.input, "outputs": made})
            for one, made in zip(action.executions, outputs, strict=True)
        ]
        step_id = yield from self._open_tool_calls()
        for index, made in enumerate(calls):
            yield _call_delta(step_id, {"index": index, **made, "code_interpreter": {"input": "", "outputs": []}})
            for piece in action.executions[index].pieces:
                yield _code_delta(step_id, index, {"input": piece})
            for number, output in enumerate(outputs[index]):
                yield _code_delta(step_id, index, {"outputs": [{"index": number, **output}]})
        written = "".join(one.input for one in action.executions)
        yield self._end_tool_calls(step_id, calls, action.usage, written)

    def searched(self, action: Searched) -> Iterator[Item]:
        """One delta without results; they arrive with the completed step (docs/wire.md §3 F)."""
        tool = next(tool for tool in self.run["tools"] if tool["type"] == "file_search")
        options = tool.get("file_search") or {}
        ranking = {key: value for key, value in options.get("ranking_options", {}).items() if key != "hybrid_search"}
        calls = [
            self._tool_call("file_search", {"ranking_options": ranking, "results": list(map(_result, one.results))})
            for one in action.searches
        ]
        step_id = yield from self._open_tool_calls()
        for index, made in enumerate(calls):
            begun = {"index": index, **made, "file_search": {"ranking_options": ranking, "results": []}}
            yield _call_delta(step_id, begun)
        yield self._end_tool_calls(step_id, calls, action.usage, self._context().message)

    def _tool_call(self, kind: str, content: Object) -> Object:
        return {"id": self._make_id("tool_call"), "type": kind, kind: content}

    def _open_tool_calls(self) -> Generator[Item, None, str]:
        run_step = objects.run_step(self._make_id("thread.run.step"), self.run, _tool_calls([]))
        self._open = _OpenStep(run_step["id"])
        yield Create(run_step)
        return run_step["id"]

    def _end_tool_calls(self, step_id: str, calls: list[Object], stated: Object | None, written: str) -> End:
        usage = self._usage(stated, written)
        self._open = None
        return End(RUN_STEP, step_id, "completed", {"step_details": _tool_calls(calls), "usage": usage})

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


# ---- Forms ----


def _function(call: FunctionCall, output: str | None) -> Object:
    return {"name": call.name, "arguments": call.arguments, "output": output}


def _output(output: Logs | Image) -> Object:
    if isinstance(output, Logs):
        return {"type": "logs", "logs": output.text}
    return {"type": "image", "image": {"file_id": output.file.id}}


def _result(result: SearchResult) -> Object:
    """A search result; ``content`` is sent only to those who ask for it by ``include[]``."""
    return {
        "file_id": result.file_id,
        "file_name": result.filename,
        "score": result.score,
        "attributes": result.attributes,
        "content": [{"type": "text", "text": result.text}],
    }


def _tool_calls(calls: list[Object]) -> Object:
    return {"type": "tool_calls", "tool_calls": calls}


def _call_delta(step_id: str, call: Object) -> Delta:
    return Delta(RUN_STEP, step_id, {"step_details": _tool_calls([call])})


def _code_delta(step_id: str, index: int, content: Object) -> Delta:
    return _call_delta(step_id, {"index": index, "type": "code_interpreter", "code_interpreter": content})
