"""The objects from before a recording, as ``given``: the API's creation parameters, and explicit ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.apis.http import validation
from emulator.base.json_types import Object
from emulator.recordings.distil.api_calls import texts_under
from emulator.recordings.distil.files import Inventory
from emulator.recordings.distil.given_form import (
    BODIES,
    MAX_STORED,
    active_run,
    creation_parameters,
    given_message,
    given_run,
    given_step,
    is_whole_step,
    of_its_run,
    valid_parameters,
    without_defaults,
)
from emulator.recordings.distil.history import History, KnownObject
from emulator.recordings.distil.known_objects import created_at
from emulator.scenarios.model import ACTIVE
from emulator.scenarios.unrecorded import UNKNOWN_QUESTION

#: What a container has by default.
_OF_CONTAINERS: Final = (None, {"anchor": "last_active_at", "minutes": 20}, "1g")
#: Objects of a kind that only lists show: if there are more, they are left out.
MAX_LISTED: Final = 50


@dataclass(slots=True)
class GivenObjects:
    """The data of ``given``, and what it could not take."""

    data: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def collect_given(history: History, inventory: Inventory) -> GivenObjects:
    """Collects the objects from before the recording; files come first, as the others refer to them."""
    collector = _Collector(history)
    # built in the opposite order: an object adds what it refers to
    collector.reference("assistant", _all_runs(history), "assistant_id")
    assistants = {one.id: _assistant_object(one, history) for one in collector.required("assistant")}
    given_assistants = [collector.parameters("assistant", one) for one in assistants.values()]
    threads = [collector.thread(one, assistants) for one in collector.required("thread")]
    collector.reference("vector_store", [given_assistants, threads], "vector_store_ids")
    stores = [collector.store(one) for one in collector.required("vector_store")]
    collector.reference("file", [given_assistants, threads, stores], "file_id", "file_ids")
    files = [inventory.given(one.id) for one in collector.required("file")]
    found = {"files": files, "vector_stores": stores, "assistants": given_assistants, "threads": threads}
    found["containers"] = [collector.container(one, inventory) for one in collector.required("container")]
    found["conversations"] = [collector.conversation(one) for one in collector.required("conversation")]
    found["responses"] = history.earlier_responses
    collector.left_out += history.notes
    data: dict[str, Any] = {kind: items for kind, items in collector.without_duplicates(found).items() if items}
    data |= {"unknown_models": list(history.unknown_models)} if history.unknown_models else {}
    return GivenObjects(data, collector.left_out)


def _all_runs(history: History) -> list[Object]:
    return [run for id in history.threads for run in history.runs_at_rest(id)]


def _assistant_object(known: KnownObject, history: History) -> Object:
    """The assistant as a response shows it, else as its runs show it."""
    runs = (run for thread in history.threads.values() for run in thread.runs.values())
    run: Object = next((one for one in runs if one.get("assistant_id") == known.id), {})
    in_runs = {key: run[key] for key in ("model", "instructions", "tools") if run.get(key)}
    return known.first_seen or {"id": known.id, "model": "gpt-4o", **in_runs}


class _Collector:
    """Turns known objects into given ones, and lists what has to be left out."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.left_out: list[str] = []

    def reference(self, kind: str, data: Any, *keys: str) -> None:
        """Marks the objects as required to whose ids given objects refer."""
        for id in texts_under(data, *keys):
            self._history.object_of(kind, id).referenced = True

    def required(self, kind: str) -> list[KnownObject]:
        """The objects that requests name, from the oldest to the newest; up to MAX_LISTED others from lists too."""
        before = self._history.present_before(kind)
        required = [one for one in before if one.referenced or one.first_seen is None]
        if len(before) - len(required) > MAX_LISTED:
            kinds = kind.replace("_", " ") + "s"
            self.left_out.append(f"{len(before) - len(required)} {kinds} that lists showed and no request named")
            before = required
        return sorted(before, key=lambda one: float((one.first_seen or {}).get("created_at") or 0))

    def without_duplicates(self, found: dict[str, list[Object]]) -> dict[str, list[Object]]:
        """Keeps the first object of each id."""
        taken: set[str] = set()

        def is_new(one: Object) -> bool:
            id = one.get("id", "")
            if id and id in taken:
                self.left_out.append(f"{id}, an id that another given object has")
                return False
            taken.add(id)
            return True

        for kind, items in found.items():
            found[kind] = [item for item in items if is_new(item)]
            for item in found[kind]:
                item |= {key: [one for one in item[key] if is_new(one)] for key in ("messages", "runs") if key in item}
        return found

    def parameters(self, kind: str, thing: Object) -> Object:
        """The creation parameters that the API accepts, without references to what recorded requests created."""
        body = creation_parameters(kind, thing)
        if "tool_resources" in body:
            body["tool_resources"] = self._present_before(body["tool_resources"])
        valid = self._valid(BODIES[kind][0], without_defaults(body))
        return {"id": valid["id"], "model": "gpt-4o", **valid} if kind == "assistant" else valid

    def _present_before(self, resources: Object) -> Object:
        kinds = {"file_ids": "file", "vector_store_ids": "vector_store"}
        return {
            tool: {
                key: [id for id in ids if not self._history.object_of(kinds[key], id).created]
                for key, ids in held.items()
                if key in kinds
            }
            for tool, held in resources.items()
            if held
        }

    def _valid(self, operation: str, item: Object) -> Object:
        """The parameters that the API accepts; the others are listed as left out."""
        body, wrong = valid_parameters(operation, item)
        self.left_out += [f"{item['id']}: its {key}, which is not of the API's form" for key in wrong]
        return body

    def store(self, known: KnownObject) -> Object:
        """A vector store with the files that existed before."""
        store_files = self._history.store_files.get(known.id, {})
        files = [id for id in store_files if self._is_file_from_before(id)]
        total = ((known.first_seen or {}).get("file_counts") or {}).get("total")
        if isinstance(total, int) and total > len(files) and not store_files:
            self.left_out.append(f"the {total} files of vector store {known.id}, which are counted but not listed")
        if len(files) > MAX_STORED:
            self.left_out.append(f"{len(files) - MAX_STORED} of the {len(files)} files of vector store {known.id}")
            files = files[:MAX_STORED]
        body = self.parameters("vector_store", known.first_seen or {"id": known.id})
        stated = _stated(known.first_seen or {}, len(files))
        held: Object = {"file_ids": files} if files else {}
        attributes = {id: shown for id in files if (shown := store_files[id].get("attributes"))}
        return {**body, **held, **({"attributes": attributes} if attributes else {}), **stated}

    def _is_file_from_before(self, id: str) -> bool:
        known = self._history.find("file", id)
        return known is not None and not known.created

    def thread(self, known: KnownObject, assistants: dict[str, Object]) -> Object:
        """A thread with its messages, and with its runs that are at rest."""
        before = [
            one for one in self._history.thread(known.id).before() if one.get("run_id") not in self._history.runs.by_id
        ]
        messages = [
            self._valid("create_message", given_message(one)) | of_its_run(one)
            for one in before
            if one.get("content") and self._is_accepted(one)
        ]
        later_runs = self._history.runs.by_thread.get(known.id)
        if not messages and later_runs and not (later_runs[0].situation and later_runs[0].situation.message):
            messages = [{"role": "user", "content": UNKNOWN_QUESTION}]
            self.left_out.append(f"the messages of thread {known.id}, which the recording does not show")
        runs = list(self._runs(known.id, assistants))
        thread = self.parameters("thread", known.first_seen or {"id": known.id})
        return {**thread, **({"messages": messages} if messages else {}), **({"runs": runs} if runs else {})}

    def container(self, known: KnownObject, inventory: Inventory) -> Object:
        """A container with the files that it had before."""
        first = known.first_seen or {}
        shown = {key: first[key] for key in ("expires_after", "memory_limit") if first.get(key) not in _OF_CONTAINERS}
        body = self._valid("create_container", {"id": known.id, "name": str(first.get("name") or known.id), **shown})
        held = self._history.container_files.get(known.id, {})
        files = [inventory.in_container(one) for id, one in held.items() if id not in self._history.other_created_ids]
        status = {"status": "expired"} if first.get("status") == "expired" else {}
        return {**body, **status, **({"files": files} if files else {})}

    def conversation(self, known: KnownObject) -> Object:
        """A conversation with the items that it had before."""
        metadata = (known.first_seen or {}).get("metadata")
        items = []
        for item in self._history.conversation_items.get(known.id, []):
            sent = {key: value for key, value in item.items() if key != "status"}
            if validation.validator("bodies", "create_conversation_items")({"items": [sent]}):
                items.append(sent)
            else:
                self.left_out.append(f"{item.get('id')}: an item that no request could add to a conversation")
        return {"id": known.id, **({"metadata": metadata} if metadata else {}), **({"items": items} if items else {})}

    def _is_accepted(self, message: Object) -> bool:
        """True if the API accepts the message as it is."""
        body = {key: value for key, value in given_message(message).items() if key in ("role", "content")}
        if validation.validator("bodies", "create_message")(body):
            return True
        self.left_out.append(f"{message['id']}: a message that the API does not accept")
        return False

    def _runs(self, thread_id: str, assistants: dict[str, Object]) -> Iterator[Object]:
        """The runs at rest, and the one that stays active; nothing can go on with one that gets outputs."""
        history = self._history
        at_rest = {run["id"] for run in history.runs_at_rest(thread_id)} - history.cancelled
        stays_active = next((run["id"] for run in history.runs_before(thread_id) if self._stays_active(run)), None)
        for run in history.runs_before(thread_id):
            if run["id"] == stays_active:
                is_cancelled = run["id"] in history.cancelled
                assistant = assistants.get(run["assistant_id"], {})
                parameters, outcome = active_run(run, assistant, is_cancelled=is_cancelled)
                if not is_cancelled:
                    self.left_out.append(f"run {run['id']}: what became of it; it stays {run['status']} here")
                yield self._valid("create_run", parameters) | outcome | self._steps(thread_id, run["id"])
            elif run["id"] in at_rest:
                if run["id"] in self._history.thread(thread_id).runs_first_seen_active:
                    ended = f"here it is {run['status']} from the start"
                    self.left_out.append(f"run {run['id']}: it was active when the recording began; {ended}")
                parameters, outcome = given_run(run, assistants.get(run["assistant_id"], {}))
                yield self._valid("create_run", parameters) | outcome | self._steps(thread_id, run["id"])
            else:
                status = f"was {run['status']} when last seen"
                self.left_out.append(f"run {run['id']}: it was created before the recording began, and {status}")

    def _stays_active(self, run: Object) -> bool:
        """True for a run that is active as far as the recording goes, or until a request of it cancels it.

        Where requests add messages or runs to its thread, it has come to its end unseen.
        """
        id, history = run["id"], self._history
        goes_on = bool(history.runs.by_thread.get(run["thread_id"]) or history.thread(run["thread_id"]).created)
        is_whole = run["status"] != "requires_action" or bool(run.get("required_action"))
        is_active = id in history.cancelled or (run["status"] in ACTIVE and is_whole and not goes_on)
        return is_active and id not in history.resumed and bool(run.get("assistant_id"))

    def _steps(self, thread_id: str, run_id: str) -> Object:
        """The run steps of a run that are at their ends, in the order in which they began."""
        seen = self._history.thread(thread_id).steps.get(run_id, {}).values()
        steps = [given_step(one) for one in sorted(seen, key=created_at) if is_whole_step(one)]
        return {"steps": steps} if steps else {}


def _stated(store: Object, held: int) -> Object:
    """The counts and the size that a store showed, where its files would not lead to them."""
    counts = {key: value for key, value in (store.get("file_counts") or {}).items() if isinstance(value, int) and value}
    used = store.get("usage_bytes")
    stated: Object = {"file_counts": counts} if counts and counts != {"completed": held, "total": held} else {}
    return {**stated, **({"usage_bytes": used} if isinstance(used, int) and used and not held else {})}
