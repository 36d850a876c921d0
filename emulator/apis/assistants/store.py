"""The objects of the Assistants API in one world: assistants, and threads with what belongs to them."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any, Final

from emulator.apis.assistants.messages import StoredMessage
from emulator.apis.assistants.objects import Assistant, Message, Run, RunStep, ThreadObject, texts_of
from emulator.world.state.collection import Collection, Listing
from emulator.world.state.missing import Kind, Missing
from emulator.world.state.state import State

ASSISTANT: Final = Kind("assistant", "assistant", "asst")
THREAD: Final = Kind("thread", "thread", "thread")
MESSAGE: Final = Kind("thread.message", "message", "msg")
RUN: Final = Kind("thread.run", "run", "run")
RUN_STEP: Final = Kind("thread.run.step", "run step", "step")

#: Messages that are freed together.
_LARGE: Final = 500


class ThreadState:
    """What a thread holds. Once a copy of the thread has it too, it does not change any more.

    ``steps``: the run steps of each run that has any, by the run's id. ``active_run``: the id of the run that is not at
    its end yet, at most one a thread. ``asked``: the user's message that came last, with its id and its text, which the
    next run is to answer; empty if there is none. ``tokens``: the estimate for the texts of all messages.
    """

    __slots__ = ("active_run", "asked", "is_shared", "messages", "object", "runs", "steps", "tokens")

    def __init__(self, object: ThreadObject) -> None:
        self.object = object
        self.messages: Collection[StoredMessage] = Collection(MESSAGE)
        self.runs: Collection[Run] = Collection(RUN)
        self.steps: dict[str, Collection[RunStep]] = {}
        self.active_run: str | None = None
        self.asked: tuple[str, StoredMessage | None, str] = "", None, ""
        self.tokens = 0
        self.is_shared = False

    def copy(self) -> ThreadState:
        """One that changes independently."""
        other = ThreadState(self.object)
        other.messages, other.runs = self.messages.copy(), self.runs.copy()
        other.steps = {run_id: steps.copy() for run_id, steps in self.steps.items()}
        other.active_run, other.asked, other.tokens = self.active_run, self.asked, self.tokens
        return other


class Thread:
    """A thread with all that belongs to it. It changes by its methods and setters alone."""

    __slots__ = ("id", "state")

    def __init__(self, object: ThreadObject) -> None:
        self.id, self.state = object["id"], ThreadState(object)

    @classmethod
    def of(cls, state: ThreadState) -> Thread:
        """A thread that begins with what a copy of it holds."""
        thread = cls.__new__(cls)
        thread.id, thread.state = state.object["id"], state
        return thread

    @property
    def object(self) -> ThreadObject:
        return self.state.object

    @object.setter
    def object(self, object: ThreadObject) -> None:
        self._own().object = object

    @property
    def messages(self) -> Listing[StoredMessage]:
        return self.state.messages

    @property
    def runs(self) -> Listing[Run]:
        return self.state.runs

    def steps_of(self, run_id: str) -> Listing[RunStep]:
        """The run steps of a run that is there: none of one that is only queued."""
        return self.state.steps.get(run_id) or Collection(RUN_STEP)

    @property
    def active_run(self) -> str | None:
        """The id of the run that is not at its end yet: at most one a thread."""
        return self.state.active_run

    @active_run.setter
    def active_run(self, id: str | None) -> None:
        self._own().active_run = id

    def put_message(self, message: Message) -> StoredMessage:
        """Stores a message, and returns it as it is stored."""
        state, id, texts = self._own(), message["id"], texts_of(message)
        stored = StoredMessage(message, texts)
        before = state.messages.put(id, stored)
        if stored.is_from_user and (before is None or id == state.asked[0]):
            state.asked = id, stored, "\n".join(texts)
        state.tokens += stored.tokens - (before.tokens if before else 0)
        return stored

    def remove_message(self, id: str) -> None:
        """Takes out a message. Raises Missing."""
        stored = self.messages.find(id, "message_id")
        state = self._own()
        state.tokens -= stored.tokens
        state.messages.remove(id)
        if stored is state.asked[1]:  # the one before it is the newest now
            newest = next(((id, one) for id, one in state.messages.newest_first() if one.is_from_user), None)
            state.asked = (*newest, newest[1].text()) if newest else ("", None, "")

    def start_run(self, run: Run) -> None:
        """Stores a run, which is the thread's active one from now on."""
        state = self._own()
        state.active_run = run["id"]
        state.runs.put(run["id"], run)

    def put_run(self, run: Run) -> None:
        self._own().runs.put(run["id"], run)

    def put_step(self, step: RunStep) -> None:
        """Stores a run step of a run that is there."""
        steps, run_id = self._own().steps, step["run_id"]
        if run_id not in steps:
            steps[run_id] = Collection(RUN_STEP)
        steps[run_id].put(step["id"], step)

    @property
    def tokens(self) -> int:
        """The estimate for the texts of all messages."""
        return self.state.tokens

    def has_user_message(self) -> bool:
        return self.state.asked[1] is not None

    def last_user_text(self) -> str:
        """All text of the newest message of a user; parts are joined by line breaks."""
        return self.state.asked[2]

    def shared(self) -> ThreadState:
        """What it holds now, for a copy of the store."""
        self.state.is_shared = True
        return self.state

    def let_go(self) -> Iterator[None]:
        """Frees the messages piece by piece; nobody asks for the thread any more."""
        yield from self._own().messages.let_go()

    def _own(self) -> ThreadState:
        """What it holds, to be changed: its own, if a copy of the store has the same."""
        state = self.state
        if state.is_shared:
            state = self.state = state.copy()
        return state


class Threads:
    """Threads by their ids, oldest first.

    A copy has the states of the threads, and makes a thread of one when somebody asks for it: so it costs about a
    tenth of a microsecond a thread.
    """

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows: dict[str, Thread | ThreadState] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __contains__(self, id: object) -> bool:
        return id in self.rows

    def __getitem__(self, id: str) -> Thread:
        found = self.rows[id]
        if isinstance(found, ThreadState):
            found = self.rows[id] = Thread.of(found)
        return found

    def get(self, id: str) -> Thread | None:
        return self[id] if id in self.rows else None

    def values(self) -> Iterator[Thread]:
        return (self[id] for id in self.rows)

    def states(self) -> Iterator[tuple[str, ThreadState]]:
        """What all threads hold, by their ids; to be read only."""
        return ((id, row.state if isinstance(row, Thread) else row) for id, row in self.rows.items())

    def put(self, thread: Thread) -> None:
        self.rows[thread.id] = thread

    def remove(self, id: str) -> None:
        """Takes out a thread that is there."""
        del self.rows[id]

    def let_go(self) -> Iterator[None]:
        """Frees the threads piece by piece; nobody asks for them any more."""
        while self.rows:
            _, row = self.rows.popitem()
            if isinstance(row, Thread) and len(row.messages) > _LARGE:
                yield from row.let_go()
            yield

    def copy(self) -> Threads:
        """Threads that change independently."""
        other = Threads()
        other.rows = {id: row.shared() if isinstance(row, Thread) else row for id, row in self.rows.items()}
        return other


class AssistantsStore:
    """All assistants and threads of one world."""

    def __init__(self) -> None:
        self.assistants: Collection[Assistant] = Collection(ASSISTANT)
        self.threads = Threads()
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
        found = self.threads.rows.get(id)
        if isinstance(found, Thread):
            return found
        if found is None:
            raise Missing(THREAD, id, "thread_id")
        return self.threads[id]

    def is_empty(self) -> bool:
        return not (self.threads or self.assistants)

    def let_go(self) -> Iterator[None]:
        """Frees the objects piece by piece; nobody asks for them any more."""
        yield from self.assistants.let_go()
        yield from self.threads.let_go()

    def copy(self) -> AssistantsStore:
        other = AssistantsStore()
        other.assistants, other._sampling = self.assistants.copy(), dict(self._sampling)
        other.threads = self.threads.copy()
        return other

    def remove_vector_store(self, id: str) -> None:
        """Assistants and threads that name a vector store lose it."""
        for assistant in list(self.assistants):
            if left := _resources_without(assistant["tool_resources"], id):
                self.assistants.put(assistant["id"], {**assistant, "tool_resources": left})
        for thread_id, state in self.threads.states():
            if left := _resources_without(state.object["tool_resources"], id):
                self.threads[thread_id].object = {**state.object, "tool_resources": left}


def _resources_without(resources: dict[str, Any], store_id: str) -> dict[str, Any] | None:
    """``tool_resources`` that name a vector store, without it; None for those that do not name it."""
    ids = resources["file_search"].get("vector_store_ids", []) if "file_search" in resources else ()
    if store_id not in ids:
        return None
    return {**resources, "file_search": {"vector_store_ids": [one for one in ids if one != store_id]}}


def objects_of(world: State) -> AssistantsStore:
    """The world's assistants and threads."""
    found: AssistantsStore = world.store.parts[AssistantsStore]
    return found
