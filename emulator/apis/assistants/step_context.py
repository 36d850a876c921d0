"""What the steps of a turn see of the run that plays it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from emulator.apis.assistants.objects import Assistant, Run
from emulator.apis.assistants.situations import tools_of
from emulator.apis.assistants.store import Thread
from emulator.apis.files import objects as file_objects
from emulator.engine.searching import search_stores
from emulator.sandbox.fake import Fake
from emulator.scenarios.model import Turn
from emulator.scenarios.steps.actions import FileRef, SearchResult
from emulator.scenarios.steps.context import StepContext
from emulator.scenarios.steps.tool import Tool
from emulator.world.state.contents import Content
from emulator.world.state.state import State
from emulator.world.state.vector_stores import VectorStore


class RunContext(StepContext):
    """A run as its steps see it. ``stores``: what it searches. ``file_kind``: of the ids of files that it makes."""

    def __init__(
        self,
        world: State,
        thread: Thread,
        run: Run,
        assistant: Assistant,
        stores: Sequence[VectorStore],
        file_kind: str,
        turn: Turn,
        message: str,
    ) -> None:
        super().__init__(message, turn.contents)
        self._world, self._thread, self._run, self._assistant = world, thread, run, assistant
        self._stores, self._file_kind, self._turn = stores, file_kind, turn

    def tools(self) -> list[Tool]:
        return tools_of(self._run)

    def objects(self) -> dict[str, Any]:
        run = self._thread.runs.get(self._run["id"]) or self._run
        return {"assistant": self._assistant, "thread": self._thread.object, "run": run}

    def new_fake(self) -> Fake:
        return Fake(partial(self._world.ids.stream, "fake", self._run["id"]), self._run["created_at"])

    def find_file(self, name: str) -> FileRef | None:
        file = self._world.store.find_file(name)
        return None if file is None else FileRef(file["id"], file["filename"])

    def file_names(self) -> list[str]:
        return [file["filename"] for file in self._world.store.files]

    def store_file(self, filename: str, content: bytes) -> FileRef:
        world, id = self._world, self._world.ids.make(self._file_kind, self._run["id"])
        made = file_objects.file(id, world.now, filename, "assistants_output", len(content))
        world.store.put_file(made, Content.of(content))
        return FileRef(id, filename)

    def read_file(self, file_id: str) -> bytes:
        return self._world.store.contents[file_id].read()

    def search(self, query: str) -> list[SearchResult]:
        return search_stores(self._world, self._run["id"], self._turn, self._stores, query)

    def store_ids(self) -> list[str]:
        return [store.id for store in self._stores]
