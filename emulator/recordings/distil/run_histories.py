"""The history of each run in a recording, from the request that created it to the last response that shows it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from emulator.base.json_types import Object
from emulator.base.operations import CREATE_RUN
from emulator.recordings.distil.api_calls import ApiCall
from emulator.scenarios.conditions import Situation
from emulator.scenarios.model import TERMINAL

#: The status of a run that no response shows.
LOST: Final = "lost"
#: What a run is, and what belongs to one.
_OF_RUNS: Final = frozenset({"thread.run", "thread.run.step", "thread.message"})
_UNFINISHED: Final = frozenset({"queued", "in_progress"})
#: Words with which the service refuses a request because a run is active.
_ACTIVE_RUN_WORDS: Final = (
    "is active",
    "already has an active run",
    "with status 'queued'",
    "with status 'in_progress'",
)
#: The status of the run in a refusal.
_STATUS: Final = re.compile(r"status ['\"](\w+)['\"]")
_POLLS: Final = frozenset({"get_run", "list_runs", "list_run_steps", "get_run_step", "list_messages", "get_message"})


#: The parameters of a list's query that leave something out.
_PARTS: Final = re.compile(r"\b(?:after|before|run_id)=")


class Position(NamedTuple):
    """The place of a message or run step within its run: by the world's clock, then by where it is first shown.

    ``order`` is that of the API call, ``place`` counts the objects of its response.
    """

    time: float
    order: int
    place: int


class ActivePoll(NamedTuple):
    """A poll that found the run unfinished: the number of the event stream that it falls in, and the URL's path."""

    stream: int
    path: str


class DeltaKey(NamedTuple):
    """The id of a run step, and the index of one of its calls in deltas; only the first delta has the call's id."""

    step_id: str
    call: int | None


@dataclass(slots=True)
class Round:
    """Function calls that a run made together, and the outputs that the client submitted, by call id."""

    calls: list[Object]
    outputs: dict[str, str] = field(default_factory=dict)
    #: When the run resumed, in seconds of the world's clock; infinite if it never did.
    resumed_at: float = float("inf")
    submitted: bool = False

    @property
    def ids(self) -> set[str]:
        return {call["id"] for call in self.calls}


@dataclass(slots=True)
class RunHistory:
    """One run, as the recording shows it. ``run`` is its latest object, ``as_created`` its first.

    An *event stream* is the part of a run from its creation, or from a submit of outputs, to its next rest, whether
    the client streamed it or polled.
    """

    id: str
    thread_id: str
    created_by: ApiCall
    run: Object
    as_created: Object
    situation: Situation | None = None
    steps: dict[str, Object] = field(default_factory=dict)
    messages: dict[str, Object] = field(default_factory=dict)
    #: The deltas of a message's text (by message id) and of a call's code (by call id).
    deltas: dict[str, list[str]] = field(default_factory=dict)
    #: By id of a message or run step.
    positions: dict[str, Position] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)
    active_polls: list[ActivePoll] = field(default_factory=list)
    #: Polls of an event stream before a request that was refused because the run was active.
    polls_before_refusal: int = 0
    cancelled: bool = False
    #: Polls of the event stream before the request that cancelled the run.
    polls_before_cancel: int = 0
    #: A stream or a list of steps shows the finished run: it did nothing that they do not show.
    is_complete: bool = False
    #: The number of the current event stream, from 1.
    stream_number: int = 1
    #: The client requested the current response as a stream.
    is_streamed: bool = False

    @property
    def status(self) -> str:
        return str(self.run.get("status"))

    @property
    def polls_of_stream(self) -> int:
        """How many polls have found the run unfinished in the current event stream."""
        return sum(poll.stream == self.stream_number for poll in self.active_polls)

    @property
    def polls_needed(self) -> int:
        """How many polls have to find the run unfinished so that the recorded responses hold.

        Several polls of one URL count once: a client repeats them as often as it likes.
        """
        paths: dict[int, set[str]] = {}
        for poll in self.active_polls:
            paths.setdefault(poll.stream, set()).add(poll.path)
        return max([self.polls_before_refusal, *map(len, paths.values())])


def _lists_all_messages(api_call: ApiCall) -> bool:
    """True for a list of all messages of a thread, on one page."""
    if api_call.operation != "list_messages" or not api_call.succeeded or not isinstance(api_call.response, dict):
        return False
    return api_call.response.get("has_more") is False and not _PARTS.search(api_call.exchange.query)


class RunHistories:
    """Collects the histories of all runs from API calls, one after another."""

    def __init__(self) -> None:
        self.by_id: dict[str, RunHistory] = {}
        #: The histories of each thread, in the order in which the runs were created.
        self.by_thread: dict[str, list[RunHistory]] = {}
        self._call_ids: dict[DeltaKey, str] = {}
        #: By thread: requests that created a run which no response has shown yet.
        self._lost: dict[str, list[ApiCall]] = {}
        #: The order of those that a list of all messages came after: it shows that their runs wrote none.
        self._silent: set[int] = set()
        #: Ids of runs that no recorded request created.
        self._foreign_ids: set[str] = set()

    def add(self, api_call: ApiCall) -> RunHistory | None:
        """Takes in an API call. Returns the history that begins with it, if one does."""
        created = self._create(api_call) if api_call.operation in CREATE_RUN and api_call.took_effect else None
        if created is None:
            self._find_lost(api_call)
        for place, thing in enumerate(api_call.objects()):
            self._add_object(api_call, thing, place)
        for name, data in api_call.events:
            if name.endswith(".delta") and isinstance(data, dict):
                self._add_delta(created or self._named_in(api_call), data)
        self._note_request(api_call)
        self._note_completeness(api_call, created)
        return created

    def _named_in(self, api_call: ApiCall) -> RunHistory | None:
        """The history of the run in the request's path."""
        return self.by_id.get(api_call.parameters.get("run_id", ""))

    def _note_completeness(self, api_call: ApiCall, created: RunHistory | None) -> None:
        history = created or self._named_in(api_call)
        if history and history.status in TERMINAL and api_call.succeeded:
            shows_all = bool(api_call.events) or api_call.operation == "list_run_steps"
            history.is_complete = history.is_complete or shows_all

    def _create(self, api_call: ApiCall) -> RunHistory | None:
        run = next((one for one in api_call.objects() if one["object"] == "thread.run" and "thread_id" in one), None)
        if run is None:
            self._lost.setdefault(api_call.parameters.get("thread_id", ""), []).append(api_call)
            return None
        return self._begin(api_call, run) if run["id"] not in self.by_id else None

    def _begin(self, api_call: ApiCall, run: Object) -> RunHistory:
        history = RunHistory(run["id"], run["thread_id"], api_call, run, run, is_streamed=api_call.streamed)
        self.by_id[history.id] = history
        self.by_thread.setdefault(history.thread_id, []).append(history)
        return history

    def _find_lost(self, api_call: ApiCall) -> None:
        """Gives the first unknown run that a response shows to the request whose own response was lost."""
        unknown: dict[str, Object] = {}
        for one in api_call.objects():
            id = _run_id(one)
            if id and id not in self.by_id and id not in self._foreign_ids:
                unknown[id] = one
        self._foreign_ids |= unknown.keys()
        for id, thing in reversed(unknown.items()):  # from the newest to the oldest
            thread_id = thing.get("thread_id") or ""
            if lost := self._lost.get(thread_id):
                is_run = thing["object"] == "thread.run"
                run = thing if is_run else {"id": id, "thread_id": thread_id, "status": LOST}
                self._begin(lost.pop(), run)
        if _lists_all_messages(api_call):
            self._silent.update(one.order for one in self._lost.get(api_call.parameters.get("thread_id", ""), ()))

    def add_lost(self) -> None:
        """Adds the runs that no response shows."""
        for thread_id, api_calls in self._lost.items():
            for api_call in api_calls:
                run: Object = {"id": f"lost run {api_call.order + 1}", "thread_id": thread_id, "status": LOST}
                self._begin(api_call, run).is_complete = api_call.order in self._silent

    def _add_object(self, api_call: ApiCall, thing: Object, place: int) -> None:
        kind = thing["object"]
        history = self.by_id.get(_run_id(thing))
        if history is None or api_call.status >= 400:
            return
        if kind == "thread.run":
            self._add_run(history, api_call, thing)
        elif kind in ("thread.run.step", "thread.message"):
            found = history.steps if kind == "thread.run.step" else history.messages
            known = found.get(thing["id"], {})
            # JSON responses show a message without the status that its events have
            found[thing["id"]] = {**known, **thing} if known.get("status") and "status" not in thing else thing
            time = float(thing.get("created_at") or 0)
            history.positions.setdefault(thing["id"], Position(time, api_call.order, place))

    def _add_run(self, history: RunHistory, api_call: ApiCall, run: Object) -> None:
        if history.status not in TERMINAL or run["status"] in TERMINAL:
            history.run = run
        calls = ((run.get("required_action") or {}).get("submit_tool_outputs") or {}).get("tool_calls")
        if calls and not any({call["id"] for call in calls} == known.ids for known in history.rounds):
            history.rounds.append(Round(calls))
        last = history.rounds[-1] if history.rounds else None
        if last and last.submitted and run.get("started_at") and run["status"] not in ("queued", "cancelling"):
            last.resumed_at = min(last.resumed_at, float(run["started_at"]))
        if run["status"] in _UNFINISHED and api_call.operation in _POLLS:
            history.active_polls.append(ActivePoll(history.stream_number, api_call.exchange.path))

    def _add_delta(self, history: RunHistory | None, data: Object) -> None:
        """Adds the deltas of texts and code."""
        if history is None:
            return
        delta = _object(data.get("delta"))
        for part in _objects(delta.get("content")):
            text = _object(part.get("text")).get("value")
            if isinstance(text, str):
                history.deltas.setdefault(data["id"], []).append(text)
        for call in _objects(_object(delta.get("step_details")).get("tool_calls")):
            key = DeltaKey(data["id"], call.get("index"))
            if isinstance(call.get("id"), str):
                self._call_ids[key] = call["id"]
            text = _object(call.get("code_interpreter")).get("input")
            if text and isinstance(text, str):
                history.deltas.setdefault(self._call_ids.get(key, ""), []).append(text)

    def _note_request(self, api_call: ApiCall) -> None:
        """Notes the effect of a request on a run, and the status of the run in a refusal."""
        history = self._named_in(api_call)
        if history and api_call.succeeded and api_call.operation == "submit_tool_outputs_to_run":
            self._submit(history, api_call.body.get("tool_outputs") or [])
            history.is_streamed = api_call.streamed
        elif history and api_call.succeeded and api_call.operation == "cancel_run":
            history.cancelled, history.polls_before_cancel = True, history.polls_of_stream
        refusal = str(api_call.error().get("message") or "")
        status = _STATUS.search(refusal)
        if history and status and status[1] in TERMINAL and history.status not in TERMINAL:
            history.run = {**history.run, "status": status[1], "required_action": None}
        if any(words in refusal for words in _ACTIVE_RUN_WORDS):
            for one in self._latest(api_call):
                one.polls_before_refusal = max(one.polls_before_refusal, one.polls_of_stream)
        self._note_early_poll(api_call)

    def _note_early_poll(self, api_call: ApiCall) -> None:
        """Counts a list that shows nothing of an unfinished run as a poll; a streamed run needs no polls."""
        if not api_call.succeeded or api_call.operation not in ("list_messages", "list_run_steps"):
            return
        for history in self._latest(api_call):
            is_shown = any(one.get("run_id") == history.id for one in api_call.objects())
            if is_shown or history.status not in _UNFINISHED:
                continue
            if history.is_streamed:
                history.is_complete = True
            else:
                history.active_polls.append(ActivePoll(history.stream_number, api_call.exchange.path))

    def _latest(self, api_call: ApiCall) -> list[RunHistory]:
        """The newest run of the thread in the request's path; empty if there is none."""
        return self.by_thread.get(api_call.parameters.get("thread_id", ""), [])[-1:]

    def _submit(self, history: RunHistory, outputs: Iterable[Object]) -> None:
        by_call = {one.get("tool_call_id", ""): str(one.get("output") or "") for one in outputs}
        open_round = next((one for one in reversed(history.rounds) if one.ids & set(by_call)), None)
        if open_round is not None:
            open_round.outputs |= by_call
            open_round.submitted = True
            history.stream_number += 1


def complete_from_steps(history: RunHistory) -> None:
    """Adds what only run steps show: rounds of calls, outputs, and the end of the run."""
    for step in history.steps.values():
        if step.get("status") in ("failed", "expired") and history.status not in TERMINAL:
            history.run = {**history.run, "status": step["status"], "last_error": step.get("last_error")}
        calls = (step.get("step_details") or {}).get("tool_calls") or []
        functions = [call for call in calls if call.get("type") == "function"]
        if not functions:
            continue
        known = next((one for one in history.rounds if one.ids & {call["id"] for call in functions}), None)
        if known is None:
            known = Round(functions)
            history.rounds.append(known)
        for call in functions:
            output = (call.get("function") or {}).get("output")
            if isinstance(output, str):
                known.outputs.setdefault(call["id"], output)


def _run_id(thing: Object) -> str:
    """The id of the run that an object is, or belongs to; empty for one of a kind that tells nothing of runs."""
    kind = thing["object"]
    id = thing.get("id" if kind == "thread.run" else "run_id") if kind in _OF_RUNS else None
    return id if isinstance(id, str) else ""


def _object(value: Any) -> Object:
    """What a recording has in the place of an object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def _objects(values: Any) -> list[Object]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
