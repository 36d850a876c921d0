"""What is known of an object, and of a thread, while a recording is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from emulator.apis.assistants import objects
from emulator.base.json_types import Object


@dataclass(slots=True)
class KnownObject:
    """An object of the account. ``first_seen``: the object in the first response that shows it, or None."""

    id: str
    kind: str
    created: bool = False
    #: A request names its id; otherwise only responses show it.
    referenced: bool = False
    first_seen: Object | None = None


@dataclass(slots=True)
class ThreadHistory:
    """The messages of a thread from the oldest to the newest, and its runs; ``created``: ids of messages posted."""

    messages: dict[str, Object] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)
    runs: dict[str, Object] = field(default_factory=dict)
    #: The run steps of each run, by the run's id.
    steps: dict[str, dict[str, Object]] = field(default_factory=dict)
    #: Ids of runs that were active in the first response that shows them.
    runs_first_seen_active: set[str] = field(default_factory=set)
    #: The latest message of the user, from a request or a response.
    last_user_message: Object | None = None
    #: Messages that requests sent together with a run; no response shows their ids.
    sent_with_run: list[Object] = field(default_factory=list)
    started: int = 0

    def note_sent(self, message: Object, *, with_run: bool = False) -> None:
        """Notes a message that a request sent together with a new thread, or with a run."""
        if message.get("role") == "user":
            self.last_user_message = cast("Object", objects.message("", 0, "", message))
        if with_run:
            self.sent_with_run.append(cast("Object", objects.message("", 0, "", message)))

    def user_message_before(self, instant: float) -> Object | None:
        """The latest message of the user up to an instant (in seconds), of those that responses show."""
        users = [one for one in self.messages.values() if one.get("role") == "user" and created_at(one) <= instant]
        return sorted(users, key=created_at)[-1] if users else None

    def before(self) -> list[Object]:
        """The messages from before the recording, and those of runs from before it, from the oldest to the newest."""
        found = sorted((one for id, one in self.messages.items() if id not in self.created), key=created_at)
        for sent in reversed(self.sent_with_run):
            same = (one for one in reversed(found) if _is_as_sent(one, sent))
            if (match := next(same, None)) is not None:
                found.remove(match)
        return found


def created_at(thing: Object) -> float:
    return float(thing.get("created_at") or 0)


def _is_as_sent(message: Object, sent: Object) -> bool:
    if message.get("run_id") or message.get("role") != sent["role"]:
        return False
    return text_in(message) == text_in(sent)


def text_in(message: Object | None) -> str:
    """All text of a message; empty for None."""
    return objects.text_of(message) if message and message.get("content") else ""
