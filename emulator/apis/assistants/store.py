"""The objects of the Assistants API in one world: assistants, and threads with what belongs to them."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, Final

from emulator.apis.assistants.messages import StoredMessage
from emulator.apis.assistants.objects import Assistant, Message, Run, RunStep, ThreadObject, text_of
from emulator.world.state.collection import Collection
from emulator.world.state.missing import Kind, Missing
from emulator.world.state.state import State

ASSISTANT: Final = Kind("assistant", "assistant", "asst")
THREAD: Final = Kind("thread", "thread", "thread")
MESSAGE: Final = Kind("thread.message", "message", "msg")
RUN: Final = Kind("thread.run", "run", "run")
RUN_STEP: Final = Kind("thread.run.step", "run step", "step")


class Thread:
    """A thread with all that belongs to it. ``steps``: the run steps of each run, by the run's id."""

    __slots__ = ("_asked", "active_run", "messages", "object", "runs", "steps")

    def __init__(self, object: ThreadObject) -> None:
        self.object = object
        self.messages: Collection[StoredMessage] = Collection(MESSAGE)
        self.runs: Collection[Run] = Collection(RUN)
        self.steps: dict[str, Collection[RunStep]] = {}
        #: The id of the run that is not at its end yet: at most one a thread.
        self.active_run: str | None = None
        #: The user's message that came last, and its text: the next run is to answer it.
        self._asked: tuple[StoredMessage, str] | None = None

    @property
    def id(self) -> str:
        return self.object["id"]

    def put_message(self, message: Message) -> StoredMessage:
        """Stores a message, and returns it as it is stored."""
        stored = StoredMessage(message)
        if stored.is_from_user:
            self._asked = stored, text_of(message)
        self.messages.put(message["id"], stored)
        return stored

    def put_run(self, run: Run) -> None:
        self.runs.put(run["id"], run)
        if run["id"] not in self.steps:
            self.steps[run["id"]] = Collection(RUN_STEP)

    def has_user_message(self) -> bool:
        return any(stored.is_from_user for stored in self.messages)

    def last_user_text(self) -> str:
        """All text of the newest message of a user; parts are joined by line breaks."""
        stored = next((one for _, one in self.messages.newest_first() if one.is_from_user), None)
        if self._asked and self._asked[0] is stored:
            return self._asked[1]
        return "" if stored is None else stored.text()

    def copy(self) -> Thread:
        """A thread that changes independently."""
        other = Thread(self.object)
        other.messages, other.runs = self.messages.copy(), self.runs.copy()
        other.steps = {run_id: steps.copy() for run_id, steps in self.steps.items()}
        other.active_run = self.active_run
        return other


class AssistantsStore:
    """All assistants and threads of one world."""

    def __init__(self) -> None:
        self.assistants: Collection[Assistant] = Collection(ASSISTANT)
        self.threads: dict[str, Thread] = {}
        #: The sampling parameters that a client has set for an assistant, by its id.
        self._sampling: dict[str, Set[str]] = {}

    def put_assistant(self, assistant: Assistant, sampling: Set[str]) -> None:
        """Stores an assistant. ``sampling``: the sampling parameters that a client has set for it."""
        self.assistants.put(assistant["id"], assistant)
        self._sampling[assistant["id"]] = sampling

    def sampling_of(self, assistant_id: str) -> Set[str]:
        """The sampling parameters of an assistant that a client has set."""
        return self._sampling.get(assistant_id, frozenset())

    def remove_assistant(self, id: str) -> None:
        """Takes out an assistant that is there."""
        self.assistants.remove(id)
        self._sampling.pop(id, None)

    def thread(self, id: str) -> Thread:
        """A thread by its id. Raises Missing."""
        found = self.threads.get(id)
        if found is None:
            raise Missing(THREAD, id, "thread_id")
        return found

    def is_empty(self) -> bool:
        return not (self.threads or self.assistants)

    def copy(self) -> AssistantsStore:
        other = AssistantsStore()
        other.assistants, other._sampling = self.assistants.copy(), dict(self._sampling)
        other.threads = {id: thread.copy() for id, thread in self.threads.items()}
        return other

    def remove_vector_store(self, id: str) -> None:
        """Assistants and threads that name a vector store lose it."""
        for assistant in list(self.assistants):
            if left := _resources_without(assistant["tool_resources"], id):
                self.assistants.put(assistant["id"], {**assistant, "tool_resources": left})
        for thread in self.threads.values():
            if left := _resources_without(thread.object["tool_resources"], id):
                thread.object = {**thread.object, "tool_resources": left}


def _resources_without(resources: dict[str, Any], store_id: str) -> dict[str, Any] | None:
    """``tool_resources`` that name a vector store, without it; None for those that do not name it."""
    ids = resources.get("file_search", {}).get("vector_store_ids", [])
    if store_id not in ids:
        return None
    return {**resources, "file_search": {"vector_store_ids": [one for one in ids if one != store_id]}}


def objects_of(world: State) -> AssistantsStore:
    """The world's assistants and threads."""
    return world.store.of(AssistantsStore)
