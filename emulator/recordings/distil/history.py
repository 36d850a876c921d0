"""The history of the account in a recording: which objects its requests created, and which existed before.

An object existed before if an accepted request names it, or a response shows it, and no request created it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from emulator.apis.assistants.situations import situation_of
from emulator.base.json_types import Object
from emulator.base.operations import CREATE_RUN
from emulator.recordings.distil.api_calls import CREATES, DOWNLOADS, RESUMES_RUN, ApiCall, texts_under
from emulator.recordings.distil.earlier_responses import earlier_responses
from emulator.recordings.distil.known_objects import KnownObject, ThreadHistory, created_at, text_in
from emulator.recordings.distil.response_objects import named_files, note_conversation
from emulator.recordings.distil.response_turns import ResponseTurn, ResponseTurns, conversation_of
from emulator.recordings.distil.run_histories import RunHistories, RunHistory, complete_from_steps
from emulator.recordings.distil.shown import found_files, present_beside_missing
from emulator.scenarios.conditions import Situation
from emulator.scenarios.model import TERMINAL

__all__ = ["History", "KnownObject", "text_in"]

#: The kinds of objects that are followed, by their ``object`` in responses.
_KINDS: Final = {"assistant": "assistant", "thread": "thread", "file": "file", "vector_store": "vector_store",
                 "conversation": "conversation", "container": "container"}  # fmt: skip
#: The name of a file in a citation (docs/wire.md §2: ``【4:0†favorite_foods.txt】``).
_CITED: Final = re.compile("†([^】]+)】")
#: What the ids of containers begin with, and of their files, which are not among the account's files.
CONTAINER, CONTAINER_FILE = "cntr_", "cfile_"
_UNINDEXED: Final = ("failed", "cancelled")


class History:
    """Reads API calls in their order; the attributes hold the result."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], KnownObject] = {}
        self.threads: dict[str, ThreadHistory] = {}
        self.runs = RunHistories()
        self.responses = ResponseTurns()
        #: The contents of files by id, from downloads and uploads.
        self.contents: dict[str, bytes] = {}
        #: The vector store files by store and file id.
        self.store_files: dict[str, dict[str, Object]] = {}
        #: The situation of each request to create a run, by the order of the API call.
        self.situations: dict[int, Situation] = {}
        #: The latest search result of a file, by file id.
        self.search_results: dict[str, Object] = {}
        #: The names of files in citations, by file id.
        self.cited_names: dict[str, str] = {}
        #: Models that the service does not know.
        self.unknown_models: dict[str, None] = {}
        #: The items of a conversation from before the recording, oldest first, by its id.
        self.conversation_items: dict[str, list[Object]] = {}
        #: The files of containers, by the ids of a container and of a file.
        self.container_files: dict[str, dict[str, Object]] = {}
        #: Ids of runs that a recorded request cancels, or gives outputs.
        self.cancelled: set[str] = set()
        self.resumed: set[str] = set()
        #: The responses from before the recording, as given ones, and notes on what they lack.
        self.earlier_responses: list[Object] = []
        self.notes: list[str] = []
        #: Ids of created objects of other kinds: uploads, their parts, batches.
        self.other_created_ids: set[str] = set()

    def read(self, api_calls: Sequence[ApiCall]) -> History:
        self.responses.read(api_calls)
        self.situations |= self.responses.situations
        self.earlier_responses, self.notes = earlier_responses(api_calls, self.responses.by_response)
        for api_call in api_calls:
            if api_call.operation is not None:
                self._read_one(api_call)
        self._note_files_of_responses()
        for id in self.responses.created_ids():
            if (known := self.find("container", id)) and not known.referenced:
                known.created = True
        self.runs.add_lost()
        for run_history in self.runs.by_id.values():
            complete_from_steps(run_history)
        by_order = {run_history.created_by.order: run_history for run_history in self.runs.by_id.values()}
        at_rest = {id: len(self.runs_at_rest(id)) for id in self.threads}
        for order, situation in list(self.situations.items()):
            if order in self.responses.situations:
                continue
            self._complete(order, by_order.get(order), at_rest.get(situation.thread["id"], 0))
        for order, run_history in by_order.items():
            run_history.situation = self.situations.get(order)
        return self

    # ---- Objects ----

    def present_before(self, kind: str) -> list[KnownObject]:
        """The objects of a kind from before the recording, in the order in which they first appear."""
        return [one for one in self.known.values() if one.kind == kind and not one.created]

    def find(self, kind: str, id: str) -> KnownObject | None:
        return self.known.get((kind, id))

    def filename(self, id: str) -> str | None:
        """The name of a file, from its object, a search result or a citation; None if no response shows it."""
        known = self.find("file", id)
        if known and known.first_seen and known.first_seen.get("filename"):
            return str(known.first_seen["filename"])
        return str(self.search_results[id]["file_name"]) if id in self.search_results else self.cited_names.get(id)

    def thread(self, thread_id: str) -> ThreadHistory:
        return self.threads.setdefault(thread_id, ThreadHistory())

    # ---- Reading ----

    def _read_one(self, api_call: ApiCall) -> None:
        if api_call.operation in CREATE_RUN:
            self._note_situation(api_call)
        note_conversation(self.conversation_items, api_call)
        if api_call.error().get("code") == "model_not_found" and isinstance(api_call.body.get("model"), str):
            self.unknown_models[api_call.body["model"]] = None
        if api_call.status < 400:
            self._note_created(api_call)
            self._note_names(api_call)
            for thing in api_call.objects():
                self._note_object(api_call, thing)
            self._note_contents(api_call)
            self._note_found(api_call)
        elif api_call.status != 404 and not api_call.server_failed:
            self._note_references(api_call)
        for parameter, id in present_beside_missing(api_call).items():
            if kind := _KINDS.get(parameter.removesuffix("_id")):
                self.object_of(kind, id).referenced = True
        if api_call.succeeded and api_call.operation in RESUMES_RUN:
            ids = self.cancelled if api_call.operation == "cancel_run" else self.resumed
            ids.add(api_call.parameters.get("run_id", ""))
        run_history = self.runs.add(api_call)
        if run_history is not None and api_call.operation == "create_thread_and_run":
            self.object_of("thread", run_history.thread_id).created = True
        if api_call.operation in CREATE_RUN and api_call.took_effect:
            thread_id = api_call.parameters.get("thread_id") or (run_history.thread_id if run_history else "")
            self.thread(thread_id).started += 1

    def object_of(self, kind: str, id: str) -> KnownObject:
        return self.known.setdefault((kind, id), KnownObject(id, kind))

    def _note_created(self, api_call: ApiCall) -> None:
        """Notes the object that a request created, and those that were created with it."""
        kind = CREATES.get(api_call.operation or "")
        response: Object = api_call.response if isinstance(api_call.response, dict) else {}
        requested = set(texts_under(api_call.body, "vector_store_ids"))
        for id in texts_under(response.get("tool_resources"), "vector_store_ids"):
            if id not in requested and kind in ("assistant", "thread"):
                self.object_of("vector_store", id).created = True
        if response.get("object") == "upload" and response.get("file"):
            self.object_of("file", response["file"]["id"]).created = True
        for name, data in api_call.events:
            if name == "thread.created" and isinstance(data, dict) and data.get("object") == "thread":
                self.object_of("thread", data["id"]).created = True
        if kind in _KINDS and isinstance(response.get("id"), str):
            self.object_of(kind or "", response["id"]).created = True
        elif isinstance(response.get("id"), str) and response["id"] not in api_call.parameters.values():
            self.other_created_ids.add(response["id"])
        if api_call.operation == "create_thread" and response.get("object") == "thread":
            for message in api_call.body.get("messages") or []:
                self.thread(response["id"]).note_sent(message)

    def _note_names(self, api_call: ApiCall) -> None:
        """Notes the objects that a request names, and the files that its response names."""
        self._note_references(api_call)
        for data in (api_call.response, *(data for _, data in api_call.events)):
            for id in texts_under(data, "file_id"):
                if not id.startswith(CONTAINER_FILE):
                    self.object_of("file", id)

    def _note_references(self, api_call: ApiCall) -> None:
        for key, kind in (("assistant_id", "assistant"), ("file_id", "file"), ("vector_store_id", "vector_store")):
            for id in texts_under(api_call.body, key, f"{key}s"):
                if not id.startswith(CONTAINER_FILE):
                    self.object_of(kind, id).referenced = True
        if named := conversation_of(api_call.body):
            self.object_of("conversation", named).referenced = True
        for id in texts_under(api_call.body, "container"):
            if id.startswith(CONTAINER):
                self.object_of("container", id).referenced = True
        for parameter, id in api_call.parameters.items():
            if id and not id.startswith(CONTAINER_FILE) and (named_kind := _KINDS.get(parameter.removesuffix("_id"))):
                self.object_of(named_kind, id).referenced = True

    def _note_object(self, api_call: ApiCall, thing: Object) -> None:
        kind = _KINDS.get(thing["object"])
        id = thing.get("id")
        if not isinstance(id, str):
            return
        if kind and "deleted" not in thing:
            known = self.object_of(kind, id)
            known.first_seen = known.first_seen or thing
        if thing["object"] == "upload" and thing.get("file"):
            self._note_object(api_call, thing["file"])
        if thing["object"] == "container.file" and _names(thing, "container_id") and "deleted" not in thing:
            self.container_files.setdefault(thing["container_id"], {}).setdefault(id, thing)
        if thing["object"] == "thread.message" and "thread_id" in thing:
            self._note_message(api_call, thing)
        if thing["object"] == "thread.run" and _names(thing, "thread_id"):
            self._note_run(thing)
        if thing["object"] == "vector_store.file" and _names(thing, "vector_store_id"):
            files = self.store_files.setdefault(thing["vector_store_id"], {})
            files[id] = thing
            self.object_of("file", id)
        if thing["object"] == "thread.run.step":
            if _names(thing, "run_id", "thread_id"):
                self.thread(thing["thread_id"]).steps.setdefault(thing["run_id"], {})[id] = thing
            self.search_results |= {
                result["file_id"]: result
                for call in (thing.get("step_details") or {}).get("tool_calls") or []
                for result in (call.get("file_search") or {}).get("results") or []
                if "file_id" in result and "file_name" in result
            }

    def _note_message(self, api_call: ApiCall, message: Object) -> None:
        thread_history = self.thread(message["thread_id"])
        if api_call.operation == "create_message":
            thread_history.created.add(message["id"])
            if message.get("role") == "user":
                thread_history.last_user_message = message
        thread_history.messages.setdefault(message["id"], message)
        for part in message.get("content") or []:
            for one in (part.get("text") or {}).get("annotations") or []:
                if "file_citation" in one and (name := _CITED.search(one["text"])):
                    self.cited_names.setdefault(one["file_citation"]["file_id"], name[1])

    def _note_run(self, run: Object) -> None:
        thread_history = self.thread(run["thread_id"])
        if run["id"] not in thread_history.runs and run["status"] not in TERMINAL:
            thread_history.runs_first_seen_active.add(run["id"])
        thread_history.runs[run["id"]] = run
        if run.get("assistant_id"):
            self.object_of("assistant", run["assistant_id"])

    def _note_contents(self, api_call: ApiCall) -> None:
        """Notes the contents of a file, if the recording has them."""
        if api_call.operation in DOWNLOADS and api_call.exchange.response_body is not None:
            self.contents.setdefault(api_call.parameters["file_id"], api_call.exchange.response_body)
        if api_call.operation == "create_file" and isinstance(api_call.response, dict):
            for part in api_call.exchange.form or ():
                if part.filename is not None and part.content is not None:
                    self.contents.setdefault(str(api_call.response.get("id")), part.content)

    def _note_found(self, api_call: ApiCall) -> None:
        for store_id, id, name, passages, attributes in found_files(api_call):
            self.search_results.setdefault(id, {"file_id": id, "file_name": name, "content": passages})
            stored = {"id": id, "vector_store_id": store_id, "status": "completed", "attributes": attributes}
            self.store_files.setdefault(store_id, {}).setdefault(id, stored)
            self.object_of("file", id)

    def _note_files_of_responses(self) -> None:
        """Notes the names of files in search results and citations, and what the results have of their contents."""
        for id, name, passage in named_files(self.responses.turns):
            if passage is None:
                self.cited_names.setdefault(id, name)
            else:
                content = [{"type": "text", "text": passage}]
                self.search_results.setdefault(id, {"file_id": id, "file_name": name, "content": content})

    # ---- Situations ----

    def _note_situation(self, api_call: ApiCall) -> None:
        """Notes the situation in which a run is created; ``_complete`` adds what later responses show."""
        run = next((one for one in api_call.objects() if one["object"] == "thread.run" and "model" in one), None) or {}
        new_thread = api_call.body.get("thread") or {}
        thread_id = api_call.parameters.get("thread_id") or run.get("thread_id", "")
        assistant_id = str(api_call.body.get("assistant_id") or run.get("assistant_id") or "")
        known = self.find("assistant", assistant_id)
        assistant: Object = {"id": assistant_id, "name": None, **((known and known.first_seen) or {})}
        keys = ("instructions", "model", "tools", "metadata")
        in_force = {key: run.get(key) or api_call.body.get(key) for key in keys}
        thread_history = self.thread(thread_id) if thread_id else ThreadHistory()
        for message in new_thread.get("messages") or api_call.body.get("additional_messages") or []:
            thread_history.note_sent(message, with_run=api_call.succeeded)
        message = thread_history.last_user_message or thread_history.user_message_before(float("inf"))
        self.situations[api_call.order] = situation_of(
            text_in(message),
            {
                "instructions": in_force["instructions"] or (None if run else assistant.get("instructions")),
                "model": in_force["model"] or assistant.get("model") or "",
                "tools": in_force["tools"] or ([] if run else assistant.get("tools")) or [],
                "metadata": in_force["metadata"] or {},
            },
            assistant,
            {"id": thread_id, "metadata": new_thread.get("metadata") or {}},
            thread_history.started + 1,
        )

    def _complete(self, order: int, run_history: RunHistory | None, at_rest: int) -> None:
        """Completes a situation from all responses: names, metadata, and a message that a later response shows."""
        situation = self.situations[order]
        assistant = self.find("assistant", situation.assistant["id"])
        thread = self.find("thread", situation.thread["id"])
        latest = None
        if run_history and not situation.message:
            latest = self.thread(run_history.thread_id).user_message_before(created_at(run_history.as_created))
        self.situations[order] = situation._replace(
            message=situation.message or text_in(latest),
            assistant={**situation.assistant, **((assistant and assistant.first_seen) or {})},
            thread={**situation.thread, "metadata": _metadata(thread) or situation.thread["metadata"]},
            run=situation.run + at_rest,
        )

    # ---- Results ----

    def failures(self) -> Iterator[Object]:
        """Vector store files whose indexing failed or was cancelled."""
        for files in self.store_files.values():
            yield from (one for one in files.values() if one.get("status") in _UNINDEXED)

    def runs_before(self, thread_id: str) -> list[Object]:
        """The runs of a thread that were created before the recording began."""
        thread_history = self.threads.get(thread_id)
        return [run for id, run in thread_history.runs.items() if id not in self.runs.by_id] if thread_history else []

    def runs_at_rest(self, thread_id: str) -> list[Object]:
        """Those of ``runs_before`` whose latest status is terminal: a scenario can give them."""
        return [run for run in self.runs_before(thread_id) if run["status"] in TERMINAL and run.get("assistant_id")]

    def created_ids(self) -> Iterator[str]:
        """The ids of everything that was created while the recording ran."""
        yield from (known.id for known in self.known.values() if known.created)
        yield from self.runs.by_id
        for id, thread_history in self.threads.items():
            yield from thread_history.messages if self.object_of("thread", id).created else thread_history.created
        for run_history in self.runs.by_id.values():
            yield from [*run_history.steps, *run_history.messages]
            yield from (call["id"] for one in run_history.rounds for call in one.calls)
        yield from self.other_created_ids
        yield from self.responses.created_ids()

    def all_turns(self) -> list[RunHistory | ResponseTurn]:
        """The runs, and the turns of responses, in the order in which they began."""
        return sorted([*self.runs.by_id.values(), *self.responses.turns], key=lambda one: one.created_by.order)


def _metadata(known: KnownObject | None) -> Object:
    return (known.first_seen.get("metadata") or {}) if known and known.first_seen else {}


def _names(thing: Object, *keys: str) -> bool:
    """True for an object that names others by these keys. A recording may hold anything in their place."""
    return all(isinstance(thing.get(key), str) and thing[key] for key in keys)
