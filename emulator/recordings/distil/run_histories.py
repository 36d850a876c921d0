"""What a recording shows of each run: its life from the request that created it to the last that was seen of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.base.json_types import Object
from emulator.base.operations import CREATE_RUN
from emulator.recordings.distil.api_calls import Seen
from emulator.scenarios.conditions import Situation
from emulator.scenarios.model import TERMINAL

#: Where something stands in a run: by the world's clock, then by where it was seen.
Place = tuple[float, int, int]

#: The status of a run that no answer has shown.
LOST: Final = "lost"
_LIVE: Final = frozenset({"queued", "in_progress"})
#: What the service says of a run that is under way.
_ACTIVE: Final = ("is active", "already has an active run", "with status 'queued'", "with status 'in_progress'")
#: How a refusal tells which status a run has.
_STATUS: Final = re.compile(r"status ['\"](\w+)['\"]")
_LOOKS: Final = frozenset({"get_run", "list_runs", "list_run_steps", "get_run_step", "list_messages", "get_message"})


@dataclass(slots=True)
class Round:
    """Function calls that a run asked for together, and what the client submitted."""

    calls: list[Object]
    outputs: dict[str, str] = field(default_factory=dict)
    #: When the run went on, by the world's clock; infinite if it never did.
    resumed_at: float = float("inf")
    submitted: bool = False

    @property
    def ids(self) -> set[str]:
        return {call["id"] for call in self.calls}


@dataclass(slots=True)
class Story:
    """One run, as the recording shows it."""

    id: str
    thread_id: str
    seen: Seen
    run: Object
    #: The run as it was created.
    first: Object
    situation: Situation | None = None
    steps: dict[str, Object] = field(default_factory=dict)
    messages: dict[str, Object] = field(default_factory=dict)
    #: The pieces in which a message's text (by its id) and a call's code (by its id) were streamed.
    pieces: dict[str, list[str]] = field(default_factory=dict)
    place: dict[str, Place] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)
    #: Requests that looked at the run while it was under way, as leg and path.
    live: list[tuple[int, str]] = field(default_factory=list)
    #: How many looks of a leg came before a request that was refused because the run was under way.
    refused_after: int = 0
    cancelled: bool = False
    #: How many looks of its leg came before the request that cancelled it.
    cancelled_after: int = 0
    #: Its stream, or a list of its steps, was seen to the end: what it does not show was not done.
    whole: bool = False
    legs: int = 1
    #: What goes on since it was created or outputs were submitted was asked for as a stream.
    streams: bool = False

    @property
    def status(self) -> str:
        return str(self.run.get("status"))

    @property
    def looks_of_leg(self) -> int:
        """How many looks have found it under way since it was created or went on."""
        return sum(leg == self.legs for leg, _ in self.live)

    @property
    def looks_while_live(self) -> int:
        """How many looks have to find the run under way, for the recorded answers to be right; polls count once."""
        by_leg: dict[int, set[str]] = {}
        for leg, path in self.live:
            by_leg.setdefault(leg, set()).add(path)
        return max([self.refused_after, *map(len, by_leg.values())])


class Stories:
    """Gathers the stories of all runs from exchanges, one after another."""

    def __init__(self) -> None:
        self.by_id: dict[str, Story] = {}
        #: Those of each thread, in their order.
        self.by_thread: dict[str, list[Story]] = {}
        self._calls: dict[tuple[str, Any], str] = {}
        #: Requests that created a run which no answer has shown yet, by thread; and ids of runs that others created.
        self._lost: dict[str, list[Seen]] = {}
        self._others: set[str] = set()

    def gather(self, seen: Seen) -> Story | None:
        """Takes in what an exchange shows. Answers the story that it began, if it did."""
        begun = self._begin(seen) if seen.operation in CREATE_RUN and seen.done else None
        if begun is None:
            self._find_lost(seen)
        for place, thing in enumerate(seen.objects()):
            self._take(seen, thing, place)
        for name, data in seen.events:
            if name.endswith(".delta") and isinstance(data, dict):
                self._take_delta(begun or self.by_id.get(seen.path.get("run_id", "")), data)
        self._note_request(seen)
        self._note_whole(seen, begun)
        return begun

    def _note_whole(self, seen: Seen, begun: Story | None) -> None:
        story = begun or self.by_id.get(seen.path.get("run_id", ""))
        if story and story.status in TERMINAL and seen.fine:
            story.whole = story.whole or bool(seen.events) or seen.operation == "list_run_steps"

    def _begin(self, seen: Seen) -> Story | None:
        run = next((one for one in seen.objects() if one["object"] == "thread.run" and "thread_id" in one), None)
        if run is None:
            self._lost.setdefault(seen.path.get("thread_id", ""), []).append(seen)
            return None
        return self._add(seen, run) if run["id"] not in self.by_id else None

    def _add(self, seen: Seen, run: Object) -> Story:
        story = self.by_id[run["id"]] = Story(run["id"], run["thread_id"], seen, run, run, streams=seen.streamed)
        self.by_thread.setdefault(story.thread_id, []).append(story)
        return story

    def _find_lost(self, seen: Seen) -> None:
        """The first look that shows something of another run tells what an answer that was lost did not."""
        unknown: dict[str, Object] = {}
        for one in seen.objects():
            id = one.get("id" if one["object"] == "thread.run" else "run_id")
            if isinstance(id, str) and id not in self.by_id and id not in self._others:
                unknown[id] = one
        self._others |= unknown.keys()
        for id, shown in reversed(unknown.items()):  # the newest first
            if lost := self._lost.get(shown.get("thread_id", "")):
                is_run = shown["object"] == "thread.run"
                self._add(lost.pop(), shown if is_run else {"id": id, "thread_id": shown["thread_id"], "status": LOST})

    def add_lost(self) -> None:
        """Runs of which nothing was ever shown."""
        for thread_id, seens in self._lost.items():
            for seen in seens:
                self._add(seen, {"id": f"lost run {seen.order + 1}", "thread_id": thread_id, "status": LOST})

    def _take(self, seen: Seen, thing: Object, place: int) -> None:
        kind = thing["object"]
        story = self.by_id.get(thing.get("id" if kind == "thread.run" else "run_id") or "")
        if story is None or seen.status >= 400:
            return
        if kind == "thread.run":
            self._take_run(story, seen, thing)
        elif kind in ("thread.run.step", "thread.message"):
            found = story.steps if kind == "thread.run.step" else story.messages
            known = found.get(thing["id"], {})
            # JSON shows a message without the status that its events told
            found[thing["id"]] = {**known, **thing} if known.get("status") and "status" not in thing else thing
            at = float(thing.get("created_at") or 0)
            story.place.setdefault(thing["id"], (at, seen.order, place))

    def _take_run(self, story: Story, seen: Seen, run: Object) -> None:
        if story.status not in TERMINAL or run["status"] in TERMINAL:
            story.run = run
        asked = ((run.get("required_action") or {}).get("submit_tool_outputs") or {}).get("tool_calls")
        if asked and not any({call["id"] for call in asked} == known.ids for known in story.rounds):
            story.rounds.append(Round(asked))
        last = story.rounds[-1] if story.rounds else None
        if last and last.submitted and run.get("started_at") and run["status"] not in ("queued", "cancelling"):
            last.resumed_at = min(last.resumed_at, float(run["started_at"]))
        if run["status"] in _LIVE and seen.operation in _LOOKS:
            story.live.append((story.legs, seen.exchange.path))

    def _take_delta(self, story: Story | None, data: Object) -> None:
        """Pieces of texts and code."""
        if story is None:
            return
        delta = data.get("delta") or {}
        for part in delta.get("content") or []:
            text = (part.get("text") or {}).get("value")
            if isinstance(text, str):
                story.pieces.setdefault(data["id"], []).append(text)
        for call in (delta.get("step_details") or {}).get("tool_calls") or []:
            key = (data["id"], call.get("index"))
            if call.get("id"):
                self._calls[key] = call["id"]
            if piece := (call.get("code_interpreter") or {}).get("input"):
                story.pieces.setdefault(self._calls.get(key, ""), []).append(piece)

    def _note_request(self, seen: Seen) -> None:
        """What a request did to a run, or tells of it."""
        story = self.by_id.get(seen.path.get("run_id", ""))
        if story and seen.fine and seen.operation == "submit_tool_outputs_to_run":
            self._submit(story, seen.body.get("tool_outputs") or [])
            story.streams = seen.streamed
        elif story and seen.fine and seen.operation == "cancel_run":
            story.cancelled, story.cancelled_after = True, story.looks_of_leg
        refusal = str(seen.error().get("message") or "")
        told = _STATUS.search(refusal)
        if story and told and told[1] in TERMINAL and story.status not in TERMINAL:
            story.run = {**story.run, "status": told[1], "required_action": None}
        if any(words in refusal for words in _ACTIVE):
            for one in self._latest(seen):
                one.refused_after = max(one.refused_after, one.looks_of_leg)
        self._note_early_look(seen)

    def _note_early_look(self, seen: Seen) -> None:
        """A list that shows nothing of a run yet was a look at a run under way; one that is streamed needs no looks."""
        if not seen.fine or seen.operation not in ("list_messages", "list_run_steps"):
            return
        for story in self._latest(seen):
            shown = any(one.get("run_id") == story.id for one in seen.objects())
            if shown or story.status not in _LIVE:
                continue
            if story.streams:
                story.whole = True
            else:
                story.live.append((story.legs, seen.exchange.path))

    def _latest(self, seen: Seen) -> list[Story]:
        """The newest run of the thread that a request is about, if there is one."""
        return self.by_thread.get(seen.path.get("thread_id", ""), [])[-1:]

    def _submit(self, story: Story, outputs: Iterable[Object]) -> None:
        said = {one.get("tool_call_id", ""): str(one.get("output") or "") for one in outputs}
        open_round = next((one for one in reversed(story.rounds) if one.ids & set(said)), None)
        if open_round is not None:
            open_round.outputs |= said
            open_round.submitted = True
            story.legs += 1


def finish(story: Story) -> None:
    """Rounds that only run steps show, outputs that only they tell, and an end that nobody else saw."""
    for step in story.steps.values():
        if step.get("status") in ("failed", "expired") and story.status not in TERMINAL:
            story.run = {**story.run, "status": step["status"], "last_error": step.get("last_error")}
        calls = (step.get("step_details") or {}).get("tool_calls") or []
        functions = [call for call in calls if call.get("type") == "function"]
        if not functions:
            continue
        known = next((one for one in story.rounds if one.ids & {call["id"] for call in functions}), None)
        if known is None:
            known = Round(functions)
            story.rounds.append(known)
        for call in functions:
            output = (call.get("function") or {}).get("output")
            if isinstance(output, str):
                known.outputs.setdefault(call["id"], output)
