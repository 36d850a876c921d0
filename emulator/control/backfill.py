"""The report on a backfill: how conversations differ from the threads that a script made them of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from emulator.base.json_types import Object
from emulator.base.text import plural, shorten

#: Characters of a text, and items of a list, that are shown.
_WIDTH, _MANY = 60, 12


@dataclass(frozen=True, slots=True)
class BackfillDifference:
    """A difference between a thread and its conversation.

    ``message``: the id of the first message that it is about, None if it is about none; ``number`` counts that from 1.
    ``expected`` is in the thread and ``got`` in the conversation: for ``order`` the numbers of the messages, for
    ``count`` how many there are, else the value of the message. ``missing`` and ``extra`` (of ``count``): ids of
    messages without a counterpart. A thread with several conversations is a ``count`` without a message; ``extra`` has
    the ids of all but the first.
    """

    kind: Literal["order", "count", "role", "text", "images", "attachments"]
    message: str | None
    number: int | None
    expected: Any
    got: Any
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The difference in words, without its kind."""
        if self.kind == "order":
            turned = " (reversed)" if self.got == self.expected[::-1] else ""
            return f"messages {_numbers(self.expected)} arrive as {_numbers(self.got)}{turned}"
        if self.kind == "count":
            return self._count()
        place = f"message {self.number} ({self.message})"
        return f"{place}: {_shown(self.expected)}, the conversation has {_shown(self.got)}"

    def _count(self) -> str:
        if self.message is None:
            return f"{self.got} conversations of one thread; the others are {_listed(self.extra)}"
        got = f"the conversation has {self.got}" if self.got else "none arrived"
        words = f"{plural(self.expected, 'message')}, {got}"
        missing = f"; missing: {_listed(self.missing)}" if self.missing else ""
        return words + missing + (f"; added: {_listed(self.extra)}" if self.extra else "")


@dataclass(frozen=True, slots=True)
class MovedThread:
    """A thread and its conversation, None if there is none. ``notes``: what a conversation cannot carry."""

    thread: str
    conversation: str | None
    joined_by: Literal["metadata", "texts"] | None
    differences: tuple[BackfillDifference, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BackfillReport:
    """All threads of a world. ``unjoined``: the conversations of no thread, each with the thread that it names.

    ``ok``: no thread has a difference. ``str(report)`` is the report as text.
    """

    ok: bool
    threads: tuple[MovedThread, ...]
    unjoined: tuple[tuple[str, str | None], ...] = ()

    @classmethod
    def from_json(cls, data: Object) -> BackfillReport:
        """The report from the response of ``GET /_emulator/backfill``."""
        return cls(
            ok=data["ok"],
            threads=tuple(map(_thread, data["threads"])),
            unjoined=tuple((one["conversation"], one["names"]) for one in data["unjoined"]),
        )

    def __str__(self) -> str:
        """A line with the result, then the threads with differences or notes, then what belongs to no thread."""
        return "\n".join([self._summary(), *self._thread_lines(), *self._unjoined_lines()])

    def _summary(self) -> str:
        if not self.threads:
            return "backfill: there are no threads"
        differ = sum(bool(one.differences) for one in self.threads)
        same = len(self.threads) - differ
        return f"backfill: {plural(len(self.threads), 'thread')}: {same} the same, {differ} different"

    def _thread_lines(self) -> Iterator[str]:
        for one in self.threads:
            if not one.differences and not one.notes:
                continue
            joined = " (joined by texts)" if one.joined_by == "texts" else ""
            yield f"  {one.thread}: {one.conversation or 'no conversation'}{joined}"
            yield from (f"    {difference.kind:<12} {difference}" for difference in one.differences[:_MANY])
            if one.differences[_MANY:]:
                yield f"    {'…':<12} {plural(len(one.differences) - _MANY, 'more difference')}"
            yield from (f"    {'note':<12} {note}" for note in one.notes)

    def _unjoined_lines(self) -> Iterator[str]:
        for conversation, thread in self.unjoined:
            why = (
                f"it names {thread}, which does not exist"
                if thread
                else "it names no thread, and has the texts of none"
            )
            yield f"  {conversation} belongs to no thread: {why}"


def _thread(data: Object) -> MovedThread:
    differences = tuple(
        BackfillDifference(**{**one, "missing": tuple(one.get("missing", ())), "extra": tuple(one.get("extra", ()))})
        for one in data["differences"]
    )
    return MovedThread(**{**data, "differences": differences, "notes": tuple(data["notes"])})


def _numbers(numbers: list[int]) -> str:
    more = " …" if len(numbers) > _MANY else ""
    return " ".join(map(str, numbers[:_MANY])) + more


def _listed(ids: tuple[str, ...]) -> str:
    more = f" and {len(ids) - _MANY} more" if len(ids) > _MANY else ""
    return ", ".join(ids[:_MANY]) + more


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(shorten(one, _WIDTH) for one in value) or "none"
    return shorten(repr(value), _WIDTH)
