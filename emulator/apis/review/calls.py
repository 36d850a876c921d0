"""The requests of a journal as a reviewer reads them: parsed, without those that the service refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from emulator.base.json_types import Object
from emulator.world.journal import Entry
from emulator.world.world import World


@dataclass(slots=True, frozen=True)
class Call:
    """A request. ``times``: how many it stands for, repetitions included."""

    seq: int
    operation: str
    status: int
    body: Object
    answer: Object
    thread_id: str | None
    run_id: str | None
    times: int
    streamed: bool

    @property
    def id(self) -> str:
        """The id of the object in the response; empty if there is none."""
        id = self.answer.get("id")
        return id if isinstance(id, str) else ""


class Calls:
    """All requests of a world that its journal still has, oldest first."""

    def __init__(self, world: World) -> None:
        self.world = world

    @cached_property
    def all(self) -> list[Call]:
        return [_call(entry) for entry in self.world.journal.requests() if entry.operation]

    def of(self, *operations: str) -> Iterator[Call]:
        """The accepted requests for these operations."""
        return (one for one in self.all if one.operation in operations and one.status < 400)

    def refused(self, *operations: str) -> Iterator[Call]:
        return (one for one in self.all if one.operation in operations and one.status >= 400)


def _call(entry: Entry) -> Call:
    streamed = entry.answer.startswith(b"event: ")
    return Call(
        seq=entry.seq,
        operation=entry.operation or "",
        status=entry.status,
        body=_object(entry.body),
        answer={} if streamed else _object(entry.answer),
        thread_id=entry.thread_id,
        run_id=entry.run_id,
        times=1 + entry.repeats,
        streamed=streamed,
    )


def _object(raw: bytes) -> Object:
    try:
        value: Any = orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}
