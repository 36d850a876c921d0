"""What a step yields: the vocabulary between steps (what happens) and performer (when, and with what effect).

Plain values without ids to look up, times or I/O, so that a step is tested by ``list(say(...))``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from emulator.lifecycle import Object


@dataclass(frozen=True, slots=True)
class Create:
    """A message or run step comes into being. Streams carry it twice: as ``created`` and as ``in_progress``."""

    thing: Object


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a message or run step that only streams carry. ``content`` is the API's ``delta`` value."""

    kind: str
    id: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Update:
    """What has been streamed so far is now to be seen in the stored object too. No event."""

    kind: str
    id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Move:
    """An object takes a status, with other changes beside it. ``id`` is empty for the run itself."""

    kind: str
    status: str
    id: str = ""
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Require:
    """The run stops until outputs for these tool calls are submitted."""

    step_id: str
    tool_calls: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds pass on the world's clock. ``to_expiry``: as many as the run has left to live."""

    seconds: float
    to_expiry: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """The run stands at a gate until somebody releases it."""

    label: str


Event = Create | Delta | Update | Move
Item = Event | Require | Wait | Hold
