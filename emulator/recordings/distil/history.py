"""What a recording tells of the world: which objects its requests made, which were there before, and what each was.

An object was there before if a request that was not refused names it, or an answer shows it, and no request made it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, cast

from emulator.apis.assistants import objects
from emulator.apis.assistants.turns import situation_of
from emulator.base.json_types import Object
from emulator.base.operations import CREATE_RUN
from emulator.recordings.distil.api_calls import MAKES, Seen, named
from emulator.recordings.distil.run_histories import Stories, Story, finish
from emulator.scenarios.conditions import Situation
from emulator.scenarios.model import TERMINAL

#: By the kind of an object in answers: what it is called here.
_KINDS: Final = {"assistant": "assistant", "thread": "thread", "file": "file", "vector_store": "vector_store"}
#: How a citation names its file (docs/wire.md §2: ``【4:0†favorite_foods.txt】``).
_CITED: Final = re.compile("†([^】]+)】")
_STATUS_OF_FILES: Final = ("failed", "cancelled")


@dataclass(slots=True)
class Known:
    """An object of the account. ``first``: as an answer first showed it; None if none did."""

    id: str
    kind: str
    made: bool = False
    #: A request named it by its id: it was not only seen in a list.
    named: bool = False
    first: Object | None = None


@dataclass(slots=True)
class ThreadPast:
    """The messages of a thread, oldest first, and which of them were there before the recording began."""

    messages: dict[str, Object] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    runs: dict[str, Object] = field(default_factory=dict)
    #: Those that were under way when they were first seen.
    runs_seen_live: set[str] = field(default_factory=set)
    #: The user's last message, as a request sent it or an answer showed it.
    last_user: Object | None = None
    #: Messages that requests sent along with a run: no answer told their ids.
    sent_along: list[Object] = field(default_factory=list)
    started: int = 0

    def says(self, message: Object, *, along: bool = False) -> None:
        """A message that a request sent with something else; ``along``: with a run."""
        if message.get("role") == "user":
            self.last_user = cast("Object", objects.message("", 0, "", message))
        if along:
            self.sent_along.append(cast("Object", objects.message("", 0, "", message)))

    def user_before(self, instant: float) -> Object | None:
        """The user's last message up to then, of those that answers showed."""
        users = [one for one in self.messages.values() if one.get("role") == "user" and _at(one) <= instant]
        return sorted(users, key=_at)[-1] if users else None

    def before(self) -> list[Object]:
        """The messages that were there before the recording began, or that runs before it wrote; oldest first."""
        unmade = sorted((one for id, one in self.messages.items() if id not in self.made), key=_at)
        for sent in reversed(self.sent_along):
            same = (one for one in reversed(unmade) if _is_as_sent(one, sent))
            if (found := next(same, None)) is not None:
                unmade.remove(found)
        return unmade


def _at(thing: Object) -> float:
    return float(thing.get("created_at") or 0)


def _is_as_sent(message: Object, sent: Object) -> bool:
    if message.get("run_id") or message.get("role") != sent["role"]:
        return False
    return text_in(message) == text_in(sent)


class History:
    """Reads exchanges in their order; what it has read is in its attributes."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Known] = {}
        self.threads: dict[str, ThreadPast] = {}
        self.stories = Stories()
        #: What files held, by id: from downloads and uploads.
        self.contents: dict[str, bytes] = {}
        #: Files in vector stores, by store, and how indexing them ended when it did not succeed.
        self.stored: dict[str, dict[str, Object]] = {}
        #: The situation of each request that was to create a run, by its order.
        self.situations: dict[int, Situation] = {}
        self.results: dict[str, Object] = {}
        #: Names of files as citations write them, by id.
        self.cited: dict[str, str] = {}
        #: Ids of what requests made of kinds that are not followed: uploads, their parts, batches.
        self.made_otherwise: set[str] = set()

    def read(self, seens: Iterable[Seen]) -> History:
        for seen in seens:
            if seen.operation is not None:
                self._read_one(seen)
        self.stories.add_lost()
        for story in self.stories.by_id.values():
            finish(story)
        by_order = {story.seen.order: story for story in self.stories.by_id.values()}
        at_rest = {id: len(self.runs_at_rest(id)) for id in self.threads}
        for order, situation in self.situations.items():
            self._complete(order, by_order.get(order), at_rest.get(situation.thread["id"], 0))
        for order, story in by_order.items():
            story.situation = self.situations.get(order)
        return self

    # ---- Who is who ----

    def of_kind(self, kind: str) -> list[Known]:
        """Everything of a kind that was there before, in the order in which it came up."""
        return [one for one in self.known.values() if one.kind == kind and not one.made]

    def knows(self, kind: str, id: str) -> Known | None:
        return self.known.get((kind, id))

    def filename(self, id: str) -> str | None:
        """A file's name, as its object or a search result tells it."""
        known = self.knows("file", id)
        if known and known.first and known.first.get("filename"):
            return str(known.first["filename"])
        return str(self.results[id]["file_name"]) if id in self.results else self.cited.get(id)

    def past(self, thread_id: str) -> ThreadPast:
        return self.threads.setdefault(thread_id, ThreadPast())

    # ---- Reading ----

    def _read_one(self, seen: Seen) -> None:
        if seen.operation in CREATE_RUN:
            self._note_situation(seen)
        if seen.status < 400:
            self._note_made(seen)
            self._note_named(seen)
            for thing in seen.objects():
                self._note_shown(seen, thing)
            self._note_contents(seen)
        elif seen.status != 404 and not seen.failed:
            self._note_asked(seen)
        story = self.stories.gather(seen)
        if story is not None and seen.operation == "create_thread_and_run":
            self.meet("thread", story.thread_id).made = True
        if seen.operation in CREATE_RUN and seen.done:
            self.past(seen.path.get("thread_id") or (story.thread_id if story else "")).started += 1

    def meet(self, kind: str, id: str) -> Known:
        return self.known.setdefault((kind, id), Known(id, kind))

    def _note_made(self, seen: Seen) -> None:
        """The object that a request made, and those that came into being with it."""
        kind = MAKES.get(seen.operation or "")
        answer: Object = seen.answer if isinstance(seen.answer, dict) else {}
        asked = set(named(seen.body, "vector_store_ids"))
        for id in named(answer.get("tool_resources"), "vector_store_ids"):
            if id not in asked and kind in ("assistant", "thread"):
                self.meet("vector_store", id).made = True
        if answer.get("object") == "upload" and answer.get("file"):
            self.meet("file", answer["file"]["id"]).made = True
        for name, data in seen.events:
            if name == "thread.created" and isinstance(data, dict) and data.get("object") == "thread":
                self.meet("thread", data["id"]).made = True
        if kind in _KINDS and isinstance(answer.get("id"), str):
            self.meet(kind or "", answer["id"]).made = True
        elif isinstance(answer.get("id"), str) and answer["id"] not in seen.path.values():
            self.made_otherwise.add(answer["id"])
        if seen.operation == "create_thread" and answer.get("object") == "thread":
            for message in seen.body.get("messages") or []:
                self.past(answer["id"]).says(message)

    def _note_named(self, seen: Seen) -> None:
        """Objects that a request names, and files that its answer does."""
        self._note_asked(seen)
        for id in named(seen.answer, "file_id"):
            self.meet("file", id)
        for _, data in seen.events:
            for id in named(data, "file_id"):
                self.meet("file", id)

    def _note_asked(self, seen: Seen) -> None:
        for key, kind in (("assistant_id", "assistant"), ("file_id", "file"), ("vector_store_id", "vector_store")):
            for id in named(seen.body, key, f"{key}s"):
                self.meet(kind, id).named = True
        for parameter, id in seen.path.items():
            if id and (named_kind := _KINDS.get(parameter.removesuffix("_id"))):
                self.meet(named_kind, id).named = True

    def _note_shown(self, seen: Seen, thing: Object) -> None:
        kind = _KINDS.get(thing["object"])
        id = thing.get("id")
        if not isinstance(id, str):
            return
        if kind and "deleted" not in thing:
            known = self.meet(kind, id)
            known.first = known.first or thing
        if thing["object"] == "upload" and thing.get("file"):
            self._note_shown(seen, thing["file"])
        if thing["object"] == "thread.message" and "thread_id" in thing:
            self._note_message(seen, thing)
        if thing["object"] == "thread.run" and "thread_id" in thing:
            self._note_run(thing)
        if thing["object"] == "vector_store.file" and "vector_store_id" in thing:
            files = self.stored.setdefault(thing["vector_store_id"], {})
            files[id] = thing
            self.meet("file", id)
        if thing["object"] == "thread.run.step":
            self.results |= {
                result["file_id"]: result
                for call in (thing.get("step_details") or {}).get("tool_calls") or []
                for result in (call.get("file_search") or {}).get("results") or []
                if "file_id" in result and "file_name" in result
            }

    def _note_message(self, seen: Seen, message: Object) -> None:
        past = self.past(message["thread_id"])
        if seen.operation == "create_message":
            past.made.add(message["id"])
            if message.get("role") == "user":
                past.last_user = message
        past.messages.setdefault(message["id"], message)
        for part in message.get("content") or []:
            for one in (part.get("text") or {}).get("annotations") or []:
                if "file_citation" in one and (name := _CITED.search(one["text"])):
                    self.cited.setdefault(one["file_citation"]["file_id"], name[1])

    def _note_run(self, run: Object) -> None:
        past = self.past(run["thread_id"])
        if run["id"] not in past.runs and run["status"] not in TERMINAL:
            past.runs_seen_live.add(run["id"])
        past.runs[run["id"]] = run
        if run.get("assistant_id"):
            self.meet("assistant", run["assistant_id"])

    def _note_contents(self, seen: Seen) -> None:
        """What a file holds, if the recording has it."""
        if seen.operation == "download_file" and seen.exchange.answer_body is not None:
            self.contents.setdefault(seen.path["file_id"], seen.exchange.answer_body)
        if seen.operation == "create_file" and isinstance(seen.answer, dict):
            for part in seen.exchange.form or ():
                if part.filename is not None and part.content is not None:
                    self.contents.setdefault(str(seen.answer.get("id")), part.content)

    # ---- Situations ----

    def _note_situation(self, seen: Seen) -> None:
        """What the run is created on, before it is; ``_complete`` adds what later answers tell."""
        run = next((one for one in seen.objects() if one["object"] == "thread.run" and "model" in one), None) or {}
        new_thread = seen.body.get("thread") or {}
        thread_id = seen.path.get("thread_id") or run.get("thread_id", "")
        assistant_id = str(seen.body.get("assistant_id") or run.get("assistant_id") or "")
        known = self.knows("assistant", assistant_id)
        assistant: Object = {"id": assistant_id, "name": None, **((known and known.first) or {})}
        in_force = {key: run.get(key) or seen.body.get(key) for key in ("instructions", "model", "tools", "metadata")}
        past = self.past(thread_id) if thread_id else ThreadPast()
        for message in new_thread.get("messages") or seen.body.get("additional_messages") or []:
            past.says(message, along=seen.fine)
        words = past.last_user or past.user_before(float("inf"))
        self.situations[seen.order] = situation_of(
            text_in(words),
            {
                "instructions": in_force["instructions"] or (None if run else assistant.get("instructions")),
                "model": in_force["model"] or assistant.get("model") or "",
                "tools": in_force["tools"] or ([] if run else assistant.get("tools")) or [],
                "metadata": in_force["metadata"] or {},
            },
            assistant,
            {"id": thread_id, "metadata": new_thread.get("metadata") or {}},
            past.started + 1,
        )

    def _complete(self, order: int, story: Story | None, at_rest: int) -> None:
        """What all answers together tell of a situation: names, metadata, words that were shown later."""
        situation = self.situations[order]
        assistant = self.knows("assistant", situation.assistant["id"])
        thread = self.knows("thread", situation.thread["id"])
        shown = None
        if story and not situation.message:
            shown = self.past(story.thread_id).user_before(_at(story.first))
        self.situations[order] = situation._replace(
            message=situation.message or text_in(shown),
            assistant={**situation.assistant, **((assistant and assistant.first) or {})},
            thread={**situation.thread, "metadata": _metadata(thread) or situation.thread["metadata"]},
            run=situation.run + at_rest,
        )

    # ---- What is left to others ----

    def failures(self) -> Iterator[Object]:
        """Files that could not be indexed."""
        for files in self.stored.values():
            yield from (one for one in files.values() if one.get("status") in _STATUS_OF_FILES)

    def runs_before(self, thread_id: str) -> list[Object]:
        """Runs of a thread that were created before the recording began."""
        past = self.threads.get(thread_id)
        return [run for id, run in past.runs.items() if id not in self.stories.by_id] if past else []

    def runs_at_rest(self, thread_id: str) -> list[Object]:
        """Those of them that were over, when last seen: they can be given."""
        return [run for run in self.runs_before(thread_id) if run["status"] in TERMINAL and run.get("assistant_id")]

    def made_ids(self) -> Iterator[str]:
        """Ids of everything that was made while the recording ran."""
        yield from (known.id for known in self.known.values() if known.made)
        yield from self.stories.by_id
        for id, past in self.threads.items():
            yield from past.messages if self.meet("thread", id).made else past.made
        for story in self.stories.by_id.values():
            yield from [*story.steps, *story.messages]
            yield from (call["id"] for one in story.rounds for call in one.calls)
        yield from self.made_otherwise

    def all_stories(self) -> list[Story]:
        """In the order in which the runs were created."""
        return sorted(self.stories.by_id.values(), key=lambda story: story.seen.order)


def text_in(message: Object | None) -> str:
    """All text of a message; none of none."""
    return objects.text_of(message) if message and message.get("content") else ""


def _metadata(known: Known | None) -> Object:
    return (known.first.get("metadata") or {}) if known and known.first else {}
