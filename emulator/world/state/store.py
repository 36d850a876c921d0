"""All objects of one world, where they belong.

Messages are kept as the pretty-printed bytes that a list shows: a tenth of the memory of dicts, no work for the garbage
collector, and a page of them is a join.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.apis.assistants import views
from emulator.apis.http.errors import no_such_file, not_found
from emulator.base.json_types import Object
from emulator.world.state.collection import Collection
from emulator.world.state.contents import Content
from emulator.world.state.vector_stores import VectorStore


class Thread:
    """A thread with all that belongs to it. ``steps``: the run steps of each run, by the run's id."""

    __slots__ = ("active_run", "messages", "object", "runs", "steps")

    def __init__(self, object: Object) -> None:
        self.object = object
        self.messages: Collection[bytes] = Collection("thread.message")
        self.runs: Collection[Object] = Collection("thread.run")
        self.steps: dict[str, Collection[Object]] = {}
        #: The id of the run that is not at its end yet: at most one a thread.
        self.active_run: str | None = None

    def message(self, id: str) -> Object:
        """A stored message as a dict."""
        return views.message_from_row(self.messages.find(id, "message_id"))

    def put_message(self, message: Object) -> bytes:
        """Stores a message, and answers it as it is stored."""
        row = views.message_row(message)
        self.messages.put(message["id"], row)
        return row

    def put_run(self, run: Object) -> None:
        self.runs.put(run["id"], run)
        self.steps.setdefault(run["id"], Collection("thread.run.step"))

    def has_user_message(self) -> bool:
        return any(map(views.row_is_from_user, self.messages))

    def last_user_text(self) -> str:
        """All text of the newest message of a user; parts are joined by line breaks."""
        for _, row in self.messages.newest_first():
            if views.row_is_from_user(row):
                return "\n".join(views.texts_in_row(row))
        return ""

    def copy(self) -> Thread:
        other = Thread(self.object)
        other.messages, other.runs = self.messages.copy(), self.runs.copy()
        other.steps = {run_id: steps.copy() for run_id, steps in self.steps.items()}
        other.active_run = self.active_run
        return other


@dataclass(slots=True)
class Upload:
    """A file that arrives in parts."""

    object: Object
    parts: dict[str, Content] = field(default_factory=dict)
    expires_after: Object | None = None


class Store:
    """All objects of one world."""

    def __init__(self) -> None:
        self.assistants: Collection[Object] = Collection("assistant")
        self.threads: dict[str, Thread] = {}
        self.files: Collection[Object] = Collection("file")
        self.contents: dict[str, Content] = {}
        self.uploads: dict[str, Upload] = {}
        self.vector_stores: Collection[VectorStore] = Collection("vector_store")
        #: Fine-tuned models: any that somebody names is there until it is deleted.
        self.deleted_models: set[str] = set()

    def thread(self, id: str) -> Thread:
        """The thread, or the service's error."""
        found = self.threads.get(id)
        if found is None:
            raise not_found("thread", id, "thread_id")
        return found

    def is_empty(self) -> bool:
        return not (self.threads or self.assistants or self.files or self.uploads or self.vector_stores)

    def copy(self) -> Store:
        other = Store()
        other.assistants = self.assistants.copy()
        other.threads = {id: thread.copy() for id, thread in self.threads.items()}
        other.files, other.contents = self.files.copy(), self.contents.copy()
        other.uploads = {id: Upload(one.object, dict(one.parts), one.expires_after) for id, one in self.uploads.items()}
        for store in self.vector_stores:
            other.vector_stores.put(store.id, store.copy())
        other.deleted_models = set(self.deleted_models)
        return other

    # ---- Files ----

    def put_file(self, file: Object, content: Content) -> None:
        self.files.put(file["id"], file)
        self.contents[file["id"]] = content

    def file(self, id: str, now: float) -> Object:
        """A file that is there and has not expired, or the error that file routes answer."""
        found = self.files.get(id)
        if found is None or _is_over(found, now):
            raise no_such_file(id)
        return found

    def find_file(self, name: str) -> Object | None:
        """A file by its id, or the newest of that name."""
        by_id = self.files.get(name)
        if by_id is not None:
            return by_id
        return next((file for _, file in self.files.newest_first() if file["filename"] == name), None)

    def remove_file(self, id: str) -> None:
        """Deletes a file; it leaves its stores."""
        self.files.remove(id)
        del self.contents[id]
        for store in self.vector_stores:
            store.remove(id)

    # ---- Vector stores ----

    def vector_store(self, id: str, now: float) -> VectorStore:
        """A vector store as a request names it: expired, if its time is over."""
        store = self.vector_stores.find(id, "vector_store_id")
        if _is_over(store.object, now):
            store.object = {**store.object, "status": "expired"}
        return store

    def remove_vector_store(self, id: str) -> None:
        """Deletes a store; assistants and threads lose it (recorded)."""
        self.vector_stores.remove(id)
        for assistant in list(self.assistants):
            self.assistants.put(assistant["id"], _without_store(assistant, id))
        for thread in self.threads.values():
            thread.object = _without_store(thread.object, id)


def _is_over(thing: Object, now: float) -> bool:
    expires_at = thing["expires_at"]
    return expires_at is not None and now >= expires_at


def _without_store(holder: Object, id: str) -> Object:
    resources = holder["tool_resources"]
    ids = resources.get("file_search", {}).get("vector_store_ids", [])
    if id not in ids:
        return holder
    left = {"vector_store_ids": [one for one in ids if one != id]}
    return {**holder, "tool_resources": {**resources, "file_search": left}}
