"""What a step yields: the vocabulary between steps (what happens) and performer (when, and with what effect).

Plain values without ids to look up, times or I/O, so that a step is tested by ``list(say(...))``.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from emulator.base.json_types import Object

#: Nobody writes to it.
NO_CHANGES: Final[dict[str, Any]] = {}


class Create(NamedTuple):
    """A message or run step comes into being. Streams carry it twice: as ``created`` and as ``in_progress``."""

    thing: Object


class Delta(NamedTuple):
    """A piece of a message or run step that only streams carry. ``content`` is the API's ``delta`` value."""

    kind: str
    id: str
    content: dict[str, Any]


class Update(NamedTuple):
    """What has been streamed so far is now to be seen in the stored object too. No event."""

    kind: str
    id: str
    changes: dict[str, Any]


class Move(NamedTuple):
    """An object takes a status, with other changes beside it. ``id`` is empty for the run itself."""

    kind: str
    status: str
    id: str = ""
    changes: dict[str, Any] = NO_CHANGES


class Require(NamedTuple):
    """The run stops until outputs for these tool calls are submitted."""

    step_id: str
    tool_calls: list[dict[str, Any]]


class Wait(NamedTuple):
    """Seconds pass on the world's clock. ``to_expiry``: as many as the run has left to live."""

    seconds: float
    to_expiry: bool = False


class Hold(NamedTuple):
    """The run stands at a gate until somebody releases it."""

    label: str


Event = Create | Delta | Update | Move
Item = Event | Require | Wait | Hold
