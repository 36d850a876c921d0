"""The laws of the oracle: what every response has to obey, given all that came before it in the world of its key."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from emulator.base.operations import Operation
from tests.support import Reply

#: Which statuses may follow one, at once or after others that nobody saw.
_NEXT: Final[dict[str, dict[str, str]]] = {
    "thread.run": {
        "queued": "in_progress cancelling expired",
        "in_progress": "requires_action completed failed incomplete cancelling expired",
        "requires_action": "queued cancelling expired",
        "cancelling": "cancelled requires_action completed failed incomplete expired",
    },
    "thread.run.step": {"in_progress": "completed failed cancelled expired"},
    "thread.message": {"in_progress": "completed incomplete"},
    "response": {"queued": "in_progress cancelled", "in_progress": "completed failed incomplete cancelled"},
    "upload": {"pending": "completed cancelled expired"},
    "vector_store": {"in_progress": "completed expired", "completed": "in_progress expired"},
    "vector_store.file": {"in_progress": "completed failed cancelled"},
    "vector_store.file_batch": {"in_progress": "completed failed cancelled"},
}


def _reachable(table: dict[str, str]) -> dict[str, set[str]]:
    reached: dict[str, set[str]] = {}
    for status in {*table, *" ".join(table.values()).split()}:
        seen, waiting = {status}, [status]
        while waiting:
            more = set(table.get(waiting.pop(), "").split()) - seen
            seen |= more
            waiting += more
        reached[status] = seen
    return reached


REACHABLE: Final = {kind: _reachable(table) for kind, table in _NEXT.items()}

#: What an operation makes: the parameter that stands for its id elsewhere, and the list that it is then in, if any.
_MAKES: Final = {
    "create_assistant": ("assistant_id", "/assistants"),
    "create_thread": ("thread_id", ""),
    "create_message": ("message_id", "/threads/{thread_id}/messages"),
    "create_run": ("run_id", "/threads/{thread_id}/runs"),
    "create_file": ("file_id", "/files"),
    "create_upload": ("upload_id", ""),
    "add_upload_part": ("part_id", ""),
    "create_vector_store": ("vector_store_id", "/vector_stores"),
    "create_vector_store_file_batch": ("batch_id", ""),
    "create_response": ("response_id", ""),
    "create_conversation": ("conversation_id", ""),
    "create_container": ("container_id", "/containers"),
    "create_container_file": ("file_id", "/containers/{container_id}/files"),
}
#: What an operation lists, by the parameter that stands for it elsewhere.
_LISTS: Final = {
    "list_run_steps": "step_id",
    "list_messages": "message_id",
    "create_conversation_items": "item_id",
    "list_conversation_items": "item_id",
    "list_vector_store_files": "file_id",
}


class Broken(AssertionError):
    """A response, or what the emulator says of itself, breaks a law."""


@dataclass
class Model:
    """What the oracle knows of the world of one key."""

    key: str
    #: By parameter, the ids of an object and of those that it is in.
    ids: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    #: By the path of a list, what was made and not deleted.
    members: dict[str, set[str]] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    #: By run, the calls that it waits for.
    calls: dict[str, list[str]] = field(default_factory=dict)
    #: By response, the calls whose outputs may continue it.
    waiting: dict[str, list[str]] = field(default_factory=dict)
    sent: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def token(self) -> str:
        """A word that only this key sends."""
        return f"token-{self.key.removeprefix('sk-')}"

    # ---- The laws ----

    def read(self, operation: Operation, ids: dict[str, str], reply: Reply, foreign: list[str]) -> None:
        """One response. Raises Broken if it cannot be."""
        if reply.status >= 500:
            raise Broken(f"{operation.name} is a {reply.status}: {reply.body[:300]!r}")
        if leaked := [token for token in foreign if token.encode() in reply.body]:
            raise Broken(f"{operation.name} shows {self.key} what others sent: {leaked}")
        if reply.status != 200:
            return
        if operation.method == "GET" and (dead := self.gone & set(ids.values())):
            raise Broken(f"{operation.name} shows what was deleted: {sorted(dead)}")
        if operation.name in (
            "create_vector_store_file",
            "create_vector_store_file_batch",
        ):  # to attach a file again indexes it again
            self.statuses = {name: status for name, status in self.statuses.items() if "vector_store.file " not in name}
        values = list(_values(reply))
        for value in values:
            for thing in _things(value):
                self._follow(operation, thing)
        first = values[0] if values else {}
        self._learn(operation, ids, first)
        if operation.method == "DELETE":
            self._delete(operation, ids, first)

    def _follow(self, operation: Operation, thing: dict[str, Any]) -> None:
        """Its status is one that may follow the last that was seen."""
        kind, status = thing["object"], thing["status"]
        name = f"{kind} {thing['id']} {thing.get('vector_store_id', '')}"
        before = self.statuses.get(name, status)
        if status not in REACHABLE[kind].get(before, {before}):
            raise Broken(f"{operation.name} shows {name}: {before} became {status}")
        self.statuses[name] = status
        if kind == "response":
            output = thing.get("output") or []
            calls = [one["call_id"] for one in output if one.get("type") == "function_call"]
            if calls and status == "completed":
                self.waiting[thing["id"]] = calls
        action = thing.get("required_action") or {}
        if kind == "thread.run":
            self.calls[thing["id"]] = [one["id"] for one in action.get("submit_tool_outputs", {}).get("tool_calls", [])]

    def _learn(self, operation: Operation, ids: dict[str, str], first: Any) -> None:
        if operation.name == "create_thread_and_run":
            run = next(_things(first), first)
            if "thread_id" in run:
                self._make({}, "thread_id", "", run["thread_id"])
                self._make({"thread_id": run["thread_id"]}, "run_id", f"/threads/{run['thread_id']}/runs", run["id"])
        if operation.name in _MAKES:
            parameter, path = _MAKES[operation.name]
            made = next(_things(first), first) if "id" not in first else first
            self._make(ids, parameter, path.format(**ids), made["id"])
        if operation.name == "create_vector_store_file":
            self.ids.setdefault("file_id", []).append({**ids, "file_id": first["id"]})
        if operation.name in _LISTS:
            parameter = _LISTS[operation.name]
            listed = [one["id"] for one in first["data"] if one.get("id")]
            if len(set(listed)) < len(listed):
                raise Broken(f"{operation.name} lists an object twice: {listed}")
            self.ids.setdefault(parameter, []).extend({**ids, parameter: one} for one in listed[:3])

    def _make(self, ids: dict[str, str], parameter: str, path: str, id: str) -> None:
        if id in self.made:
            raise Broken(f"the id {id} was made before")
        self.made.add(id)
        self.ids.setdefault(parameter, []).append({**ids, parameter: id})
        if path:
            self.members.setdefault(path, set()).add(id)

    def _delete(self, operation: Operation, ids: dict[str, str], said: dict[str, Any]) -> None:
        names = re.findall(r"\{(\w+)\}", operation.path)
        id = ids[names[-1]]
        self.statuses = {name: status for name, status in self.statuses.items() if id not in name}
        for path in [path for path in self.members if f"/{id}/" in path]:
            del self.members[path]
        if len(names) == 1 and said.get("deleted"):
            self.gone.add(id)
        if operation.name in ("delete_message", "delete_container_file"):
            self.gone.add(id)
        for path, members in self.members.items():
            if operation.path.rpartition("/")[0].format(**ids) == path:
                members.discard(id)

    def check_list(self, path: str, listed: list[str]) -> None:
        """Page by page, a list has each object that was made and not deleted, once."""
        if len(listed) != len(set(listed)):
            raise Broken(f"{path} lists an object twice: {listed}")
        if missing := self.members[path] - set(listed):
            raise Broken(f"{path} does not list {sorted(missing)}")
        if back := self.gone & set(listed):
            raise Broken(f"{path} lists what was deleted: {sorted(back)}")
        if path == "/assistants" and (more := set(listed) - self.members[path]):  # other lists have what runs made
            raise Broken(f"{path} lists what nobody made: {sorted(more)}")

    def check_journal(self, entries: list[dict[str, Any]]) -> None:
        """It has what was sent, in order. Polls that repeat the request before on their thread are one entry."""
        kept = [(one["method"], one["path"], one["status"]) for one in entries]
        repeated = Counter(dict.fromkeys(kept, 0))
        for line, one in zip(kept, entries, strict=True):
            repeated[line] += 1 + one["repeats"]
        if repeated != Counter(self.sent):
            raise Broken(
                f"the journal is not what was sent: {(repeated - Counter(self.sent)) or 'something is missing'}"
            )
        sent = iter(self.sent)
        if late := next((line for line in kept if line not in sent), None):
            raise Broken(f"the journal has another order: {late}")


def _values(reply: Reply) -> Iterator[Any]:
    """The JSON of a response, or of each event of a stream."""
    if reply.headers.get("content-type", "").startswith("text/event-stream"):
        for event in reply.events:
            if event.data != "[DONE]":
                yield orjson.loads(event.data)
    elif reply.headers.get("content-type", "").startswith("application/json"):
        yield reply.json


def _things(value: Any) -> Iterator[dict[str, Any]]:
    """The objects with a status inside a value, outer ones first."""
    if isinstance(value, dict):
        if value.get("object") in REACHABLE and "id" in value and "status" in value:
            yield value
        for one in value.values():
            yield from _things(one)
    elif isinstance(value, list):
        for one in value:
            yield from _things(one)
