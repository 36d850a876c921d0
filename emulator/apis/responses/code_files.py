"""The container in which a response's code runs, and the files in it, as annotations and outputs show them."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Callable

from emulator.apis.files import objects as file_objects
from emulator.apis.responses.store import StoredResponse, responses_of
from emulator.base.json_types import Object
from emulator.scenarios.steps.actions import Annotation, FileRef
from emulator.world.state.contents import Content
from emulator.world.state.state import State


class CodeFiles:
    """``stored``: the response that is being written."""

    __slots__ = ("_container", "_made", "_made_up", "_stored", "_world")

    def __init__(self, world: State, stored: Callable[[], StoredResponse]) -> None:
        self._world, self._stored = world, stored
        self._container = "", ""
        #: The files that code has made in this turn.
        self._made: list[FileRef] = []
        self._made_up: dict[str, str] = {}

    def container(self) -> str:
        """The id of the container: a named one, that of earlier code, or one of the response's own."""
        stored = self._stored()
        if self._container[0] != stored.id:
            tool = next((tool for tool in stored.object["tools"] if tool["type"] == "code_interpreter"), {})
            named = tool.get("container")
            earlier = next((one["container_id"] for one in stored.input if one.get("container_id")), "")
            made = earlier or self._world.ids.make_root("container", stored.family, self._world.now)
            self._container = stored.id, named if isinstance(named, str) else made
        return self._container[1]

    def make(self, filename: str, content: bytes) -> FileRef:
        """A file that code makes: in the container, and not among the account's files."""
        id = self._world.ids.make_timed("container.file", self._world.now, self.container())
        made = file_objects.file(id, self._world.now, filename, "assistants_output", len(content))
        responses_of(self._world).container_files[id] = made, Content.of(content)
        self._made.append(FileRef(id, filename))
        return self._made[-1]

    def find(self, name: str) -> FileRef | None:
        """A file by id or name: one that the turn has made, one of the account, or one that an earlier turn made."""
        if found := next((file for file in reversed(self._made) if name in file), None):
            return found
        if stored := self._world.store.find_file(name):
            return FileRef(stored["id"], stored["filename"])
        made = responses_of(self._world).container_files.items()
        earlier = (FileRef(id, file["filename"]) for id, (file, _) in reversed(made))
        return next((file for file in earlier if name in file), None)

    def read(self, id: str) -> bytes:
        """The bytes of a file, of a container or of the account; none of one that nobody has."""
        made = responses_of(self._world).container_files.get(id)
        content = made[1] if made else self._world.store.contents.get(id)
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
        ids, parent = self._world.ids, f"{self._stored().id} {filename}"
        if parent not in self._made_up:
            timed = kind == "container.file"
            made = ids.make_timed(kind, self._world.now, parent) if timed else ids.make(kind, parent)
            self._made_up[parent] = made
        return self._made_up[parent]

    def image(self, file: FileRef) -> Object:
        """An image that code shows: the data itself, not a file's id."""
        kind = mimetypes.guess_type(file.filename)[0] or "image/png"
        return {"type": "image", "url": f"data:{kind};base64,{base64.b64encode(self.read(file.id)).decode()}"}
