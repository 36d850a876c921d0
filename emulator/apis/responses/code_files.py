"""The container in which a response's code runs, and the files in it, as annotations and outputs show them."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Iterable

from emulator.apis.files import errors as file_errors
from emulator.apis.responses import errors
from emulator.apis.responses.containers import Container, new_container, put_account_file, put_file
from emulator.apis.responses.store import StoredResponse, responses_of
from emulator.base.json_types import Object
from emulator.scenarios.steps.actions import Annotation, FileRef
from emulator.world.state.contents import Content
from emulator.world.state.state import State


def check_containers(world: State, tools: Iterable[Object]) -> None:
    """Raises ApiError for a tool whose container, or a file for it, is not there, or has expired."""
    for number, tool in enumerate(tools):
        named = tool.get("container")
        if tool["type"] != "code_interpreter" or named is None:
            continue
        if not isinstance(named, str):
            check_files(world, named.get("file_ids") or (), f"tools[{number}].container.file_ids")
            continue
        container = responses_of(world).containers.get(named)
        if container is None:
            raise errors.container_not_found()
        if container.has_expired(world.clock.now()):
            raise errors.container_expired(named, f"tools[{number}].container")


def check_files(world: State, ids: Iterable[str], param: str) -> None:
    """Raises ApiError for a file that the account does not have. ``param`` names the parameter that held the ids."""
    for id in ids:
        if world.store.live_file(id, world.clock.now()) is None:
            raise file_errors.unknown_file(id, param)


class CodeFiles:
    """``stored``: the response that is being written."""

    __slots__ = ("_container", "_made", "_made_up", "_world", "stored")

    def __init__(self, world: State, stored: StoredResponse) -> None:
        self._world, self.stored = world, stored
        self._container: tuple[str, Container] | None = None
        #: The files that code has made in this turn.
        self._made: list[FileRef] = []
        self._made_up: dict[str, str] = {}

    def container(self) -> str:
        """The id of the container in which the response's code runs."""
        return self._current().id

    def _current(self) -> Container:
        """The container: the one that the tool names, that of earlier code if it is still there, or a new one."""
        stored, now = self.stored, self._world.clock.now()
        if self._container is None or self._container[0] != stored.id:
            self._container = stored.id, self._named() or self._earlier(stored) or self._new(stored)
        container = self._container[1]
        container.touch(now)
        return container

    def _tool(self) -> Object:
        tools = self.stored.object["tools"]
        return next((tool for tool in tools if tool["type"] == "code_interpreter"), {"container": {}})

    def _named(self) -> Container | None:
        named = self._tool()["container"]
        return responses_of(self._world).containers.get(named) if isinstance(named, str) else None

    def _earlier(self, stored: StoredResponse) -> Container | None:
        containers, now = responses_of(self._world).containers, self._world.clock.now()
        ids = [item["container_id"] for item in reversed(stored.input) if item.get("container_id")]
        found = [container for id in ids if (container := containers.get(id)) and not container.has_expired(now)]
        return found[0] if found else None

    def _new(self, stored: StoredResponse) -> Container:
        asked = self._tool()["container"]
        asked = asked if isinstance(asked, dict) else {}
        container = new_container(self._world, stored.family, asked, "auto")
        responses_of(self._world).containers.put(container.id, container)
        for id in asked.get("file_ids") or ():
            if id in self._world.store.files:  # it may have been deleted since
                put_account_file(self._world, container, id)
        return container

    def make(self, filename: str, content: bytes) -> FileRef:
        """A file that code makes: in the container, and not among the account's files."""
        made = put_file(self._world, self._current(), filename, Content.of(content), "assistant")
        self._made.append(FileRef(made.object["id"], filename))
        return self._made[-1]

    def find(self, name: str) -> FileRef | None:
        """A file by id or name: one that the turn has made, one of the account, or one that is in a container."""
        if found := next((file for file in reversed(self._made) if name in file), None):
            return found
        if stored := self._world.store.find_file(name):
            return FileRef(stored["id"], stored["filename"])
        containers = responses_of(self._world).containers
        earlier = (
            FileRef(id, file.name) for _, one in containers.newest_first() for id, file in one.files.newest_first()
        )
        return next((file for file in earlier if name in file), None)

    def read(self, id: str) -> bytes:
        """The bytes of a file, of a container or of the account; none of one that nobody has."""
        containers = responses_of(self._world).containers
        made = next((file for one in containers if (file := one.files.get(id))), None)
        content = made.content if made else self._world.store.contents.get(id)
        return b"" if content is None else content.read()

    def annotation(self, annotation: Annotation) -> Object:
        """A citation of a file by its position, or the span of a file that code made."""
        file = annotation.file
        if annotation.kind == "citation":
            id = file.id or self._made_up_id("file", file.filename)
            return {"type": "file_citation", "file_id": id, "filename": file.filename, "index": annotation.start}
        return {
            "type": "container_file_citation",
            "container_id": self.container(),
            "end_index": annotation.end,
            "file_id": file.id or self._made_up_id("container.file", file.filename),
            "filename": file.filename,
            "start_index": annotation.start,
        }

    def _made_up_id(self, kind: str, filename: str) -> str:
        """The id of a file that is cited and that nobody has: the same for the same name."""
        ids, parent = self._world.ids, f"{self.stored.id} {filename}"
        if parent not in self._made_up:
            timed = kind == "container.file"
            made = ids.make_timed(kind, self._world.now, parent) if timed else ids.make(kind, parent)
            self._made_up[parent] = made
        return self._made_up[parent]

    def image(self, file: FileRef) -> Object:
        """An image that code shows: the data itself, not a file's id."""
        kind = mimetypes.guess_type(file.filename)[0] or "image/png"
        return {"type": "image", "url": f"data:{kind};base64,{base64.b64encode(self.read(file.id)).decode()}"}
