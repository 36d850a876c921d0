"""Compares a thread with its conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from emulator.apis.backfill.pairing import Pairing, pair
from emulator.apis.backfill.records import ChatRecord
from emulator.base.json_types import Object

Kind = Literal["order", "count", "role", "text", "images", "attachments"]

#: The differences of two messages, by the attribute that differs.
_ATTRIBUTES: Final[tuple[Kind, ...]] = ("role", "text", "images", "attachments")
#: Those of the assistant's messages: a conversation takes nothing but text in them.
_TEXT_ONLY: Final[tuple[Kind, ...]] = ("role", "text")


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference between a thread and its conversation.

    ``message``: the id of the first message that it is about, None if it is about none; ``number`` counts that from 1.
    ``expected`` is in the thread and ``got`` in the conversation: numbers of messages in their order, how many there
    are, or the value of the message. ``missing`` and ``extra``: ids of messages without a counterpart.
    """

    kind: Kind
    message: str | None
    number: int | None
    expected: Any
    got: Any
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    def as_json(self) -> Object:
        shown: Object = {
            "kind": self.kind,
            "message": self.message,
            "number": self.number,
            "expected": self.expected,
            "got": self.got,
        }
        return {**shown, "missing": self.missing, "extra": self.extra} if self.kind == "count" else shown


def compare(thread: ChatRecord, conversation: ChatRecord) -> list[Difference]:
    """All differences: of the order, of the count, then of each message."""
    pairing = pair(thread.messages, conversation.messages)
    found = [*_order(thread, pairing), *_count(thread, conversation, pairing)]
    for place, other in pairing.pairs:
        old, new = thread.messages[place], conversation.messages[other]
        for kind in _TEXT_ONLY if old.role == new.role == "assistant" else _ATTRIBUTES:
            expected, got = getattr(old, kind), getattr(new, kind)
            if expected != got:
                found.append(Difference(kind, old.id, place + 1, expected, got))
    return found


def missing_conversation(thread: ChatRecord) -> list[Difference]:
    """The difference of a thread without a conversation; none if it has no messages."""
    every = Pairing(missing=list(range(len(thread.messages))))
    return _count(thread, ChatRecord("", {}, ()), every)


def second_conversation(conversations: list[ChatRecord]) -> Difference:
    """The difference of a thread with several conversations."""
    return Difference("count", None, None, 1, len(conversations), extra=tuple(one.id for one in conversations[1:]))


def notes(thread: ChatRecord) -> list[str]:
    """Notes on the files that a conversation cannot carry: those of tools, and those that the assistant shows."""
    of_tools = [
        f"file {file} is only in {place}, which a conversation does not carry: each request has to name it"
        for file, place in thread.tool_files
    ]
    of_assistant = [
        f"message {message.id} of the assistant has {', '.join(message.images + message.attachments)}: "
        "in a conversation such a message has only text"
        for message in thread.messages
        if message.role == "assistant" and (message.images or message.attachments)
    ]
    return of_tools + of_assistant


def _order(thread: ChatRecord, pairing: Pairing) -> list[Difference]:
    if not pairing.is_reordered:
        return []
    arrived = [place + 1 for place, _ in sorted(pairing.pairs, key=lambda one: one[1])]
    expected = sorted(arrived)
    number = next(one for one, other in zip(expected, arrived, strict=True) if one != other)
    return [Difference("order", thread.messages[number - 1].id, number, expected, arrived)]


def _count(thread: ChatRecord, conversation: ChatRecord, pairing: Pairing) -> list[Difference]:
    missing = tuple(thread.messages[place].id for place in pairing.missing)
    extra = tuple(conversation.messages[place].id for place in pairing.extra)
    if not missing and not extra:
        return []
    counts = len(thread.messages), len(conversation.messages)
    number = pairing.missing[0] + 1 if missing else None
    return [Difference("count", (missing or extra)[0], number, *counts, missing, extra)]
