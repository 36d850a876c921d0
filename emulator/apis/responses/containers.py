"""Containers, in which code runs: their files, and when they expire (docs/wire.md, Responses §2)."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from emulator.apis.responses.wire import response_in_order
from emulator.base.json_types import Object
from emulator.world.state.collection import Collection
from emulator.world.state.contents import Content
from emulator.world.state.missing import Kind
from emulator.world.state.state import State

CONTAINER: Final = Kind("container", "container", "cntr")
CONTAINER_FILE: Final = Kind("container.file", "container file", "cfile")

#: Where a container has its files.
FOLDER: Final = "/mnt/data/"
_EXPIRES_AFTER: Final = {"anchor": "last_active_at", "minutes": 20}
_MEMORY: Final = "1g"
_NO_NETWORK: Final = {"type": "disabled"}


class ContainerFile(NamedTuple):
    """A file in a container."""

    object: Object
    content: Content

    @property
    def name(self) -> str:
        """Its name without the folder."""
        return str(self.object["path"]).removeprefix(FOLDER)


class Container:
    """A container and its files. It expires when it has been idle for too long."""

    __slots__ = ("_active_at", "_object", "files")

    def __init__(self, object: Object) -> None:
        self._object = object
        self._active_at: float = object["created_at"]
        self.files: Collection[ContainerFile] = Collection(CONTAINER_FILE)

    @property
    def id(self) -> str:
        return str(self._object["id"])

    @property
    def name(self) -> str:
        return str(self._object["name"])

    def has_expired(self, now: float) -> bool:
        """True when nobody has used it for its idle minutes at ``now`` (seconds since the epoch)."""
        idle: int = 60 * self._object["expires_after"]["minutes"]
        return now >= self._active_at + idle

    def touch(self, now: float) -> None:
        """It is used now; one that has expired stays so."""
        if not self.has_expired(now):
            self._active_at = now

    def expire(self) -> None:
        """It has been idle for as long as it may."""
        self._active_at -= 60 * self._object["expires_after"]["minutes"]

    def view(self, now: float) -> Object:
        """The object as it is shown. ``last_active_at`` is the time of looking (recorded)."""
        status = "expired" if self.has_expired(now) else "running"
        return {**self._object, "status": status, "last_active_at": int(now)}

    def copy(self) -> Container:
        """A container that changes independently."""
        other = Container(self._object)
        other._active_at, other.files = self._active_at, self.files.copy()
        return other


def new_container(world: State, family: str, asked: Mapping[str, Any], name: str, id: str = "") -> Container:
    """A container of that family. ``asked``: the parameters of a request or of a tool; ``id``: one that is given."""
    return Container(
        response_in_order(
            {
                "id": id or world.ids.make_root("container", family, world.now),
                "object": "container",
                "created_at": world.now,
                "status": "running",
                "expires_after": asked.get("expires_after") or _EXPIRES_AFTER,
                "last_active_at": world.now,
                "memory_limit": asked.get("memory_limit") or _MEMORY,
                "name": name,
                "network_policy": _shown_policy(asked.get("network_policy")),
            }
        )
    )


def _shown_policy(asked: Object | None) -> Object:
    """A network policy without its secrets."""
    return {key: value for key, value in (asked or _NO_NETWORK).items() if key != "domain_secrets"}


def put_file(
    world: State, container: Container, name: str, content: Content, source: str, id: str = ""
) -> ContainerFile:
    """Puts a file into a container. ``source``: ``user`` or ``assistant``; ``id``: one that is given."""
    made: Object = {
        "id": id or world.ids.make_timed("container.file", world.now, container.id),
        "object": "container.file",
        "created_at": world.now,
        "bytes": content.size,
        "container_id": container.id,
        "path": FOLDER + name,
        "source": source,
    }
    stored = ContainerFile(made, content)
    container.files.put(made["id"], stored)
    return stored


def put_account_file(world: State, container: Container, id: str) -> ContainerFile:
    """Puts a file of the account into a container, under its id and name. Raises Missing."""
    name = world.store.files.find(id, "file_ids")["filename"]
    return put_file(world, container, f"{id}-{name}", world.store.contents[id], "user")


def media_type(name: str) -> str:
    """The content type of a file, by its name."""
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{guessed}; charset=utf-8" if guessed.startswith("text/") else guessed


def disposition(name: str) -> str:
    """The header that says how a download is called: plainly by its ending, and in full (recorded)."""
    ending = PurePosixPath(name).suffix
    plain = ending if ending[1:].isascii() and ending[1:].isalnum() else ""
    return f"attachment; filename=\"file{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
