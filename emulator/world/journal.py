"""The journal: requests and responses, one entry each. The newest entries stay, the others are counted."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from emulator.base.clock import milliseconds
from emulator.base.limits import JOURNAL_BYTES, JOURNAL_ENTRIES, MAX_BODY_DEPTH
from emulator.world.state.changes import Changes

#: Bytes of bodies.
_LARGE: Final = 64 * 1024


def nested_beyond(limit: int, raw: bytes, value: Any) -> bool:
    """True for JSON with more levels than that; ``raw`` tells cheaply that it has not."""
    if raw.count(b"{") + raw.count(b"[") <= limit:
        return False
    level = [value]
    for _ in range(limit + 1):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
        ]
        if not level:
            return False
    return True


class Entry:
    """One request and its response.

    ``moved``: a poll that changed its run. ``repeats``: how many polls like this one followed and changed nothing.
    ``seq``: its number in its world; ``changed``: that of its last change. ``ms`` and ``done_ms``: the real time of its
    beginning and of its response, in milliseconds since the epoch.
    """

    __slots__ = (
        "answer", "body", "changed", "done_ms", "fault", "headers", "kept", "method", "moved", "ms", "operation",
        "path", "query", "repeats", "replaced", "run_id", "seq", "status", "thread_id", "time", "turn",
    )  # fmt: skip

    def __init__(self, method: str, path: str, query: bytes, headers: list[tuple[bytes, bytes]], time: float) -> None:
        self.method, self.path, self.query, self.headers, self.time = method, path, query, headers, time
        self.operation: str | None = None
        self.body = b""
        self.status = 0
        self.answer = b""
        self.thread_id: str | None = None
        self.run_id: str | None = None
        self.turn: str | None = None
        self.fault: str | None = None
        self.moved = False
        self.repeats = 0
        #: The client gets another answer than the API's own.
        self.replaced = False
        self.ms = self.done_ms = milliseconds()
        self.seq = self.changed = 0
        #: It is in the journal now.
        self.kept = False

    @property
    def size(self) -> int:
        return len(self.body) + len(self.answer)

    def repeats_of(self, other: Entry) -> bool:
        """True if it changed nothing, and asked and came out as ``other`` did."""
        return (
            not self.moved
            and self.method == other.method
            and self.path == other.path
            and self.query == other.query
            and self.status == other.status
            and self.fault == other.fault
            and self.answer == other.answer
        )

    def as_json(self, *, parse: bool = True) -> dict[str, Any]:
        """The entry as ``/_emulator/requests`` has it, without secrets; ``parse=False`` leaves the bodies out."""
        return {
            "operation": self.operation,
            "method": self.method,
            "path": self.path,
            "query": _query(self.query),
            "headers": {
                name: _shown(name, value.decode("latin-1"))
                for name, value in ((name.decode("latin-1"), value) for name, value in self.headers)
            },
            "json": _json(self.body) if parse else None,
            "status": self.status,
            "answer": _answer(self.answer) if parse else None,
            "thread_id": self.thread_id,
            "run_id": self.run_id,
            "turn": self.turn,
            "fault": self.fault,
            "time": int(self.time),
            "moved": self.moved,
            "repeats": self.repeats,
            "seq": self.seq,
        }


class Journal:
    """The requests of one world, oldest first."""

    def __init__(
        self, changes: Changes | None = None, *, limit: int = JOURNAL_ENTRIES, bytes_limit: int = JOURNAL_BYTES
    ) -> None:
        self._changes = changes or Changes()
        self._entries: deque[Entry] = deque()
        self._limit, self._bytes_limit = limit, bytes_limit
        self._bytes = 0
        self.dropped = 0
        #: Requests by operation, repetitions and dropped entries too. ``Worlds`` lets it outlive a reset.
        self.counts: Counter[str | None] = Counter()
        #: The requests before those of this world, that led to its baseline.
        self.of_baseline: tuple[Entry, ...] = ()
        #: The newest entry of each thread: what a poll has to equal to be a repetition of it.
        self._newest: dict[str | None, Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def is_large(self) -> bool:
        """It keeps too much for a world that holds nothing else."""
        return self._bytes > _LARGE

    def add(self, entry: Entry) -> None:
        """Adds a request that has its response, or one more repetition of the one before on that thread."""
        self.counts[entry.operation] += 1
        newest = self._newest.get(entry.thread_id) if entry.method == "GET" else None
        if newest is not None and entry.repeats_of(newest):
            newest.repeats += 1
            newest.changed, newest.done_ms = self._changes.mark(), milliseconds()
            return
        self._newest[entry.thread_id] = entry
        entry.kept = True
        entry.seq = entry.changed = self._changes.mark()
        entry.done_ms = milliseconds()
        self._entries.append(entry)
        self._bytes += entry.size
        while len(self._entries) > self._limit or self._bytes > self._bytes_limit:
            self._drop_oldest()

    def copy(self) -> Journal:
        """A journal that gets no more entries."""
        other = Journal(self._changes)
        other._entries, other.of_baseline = self._entries.copy(), self.of_baseline
        other.dropped, other.counts = self.dropped, self.counts
        return other

    def answered(self, entry: Entry, answer: bytes) -> None:
        """The response of an entry has come to its end: the frames of a stream, unless a fault has replaced them."""
        if entry.replaced:
            return
        if entry.kept:
            self._bytes += len(answer) - len(entry.answer)
        entry.answer = answer
        entry.changed, entry.done_ms = self._changes.mark(), milliseconds()

    def replaced(self, entry: Entry, status: int, answer: bytes | None) -> None:
        """A fault sends another response than the API's own: the entry shows what the client gets."""
        entry.status = status
        if answer is not None:
            self.answered(entry, answer)
            entry.replaced = True

    def _drop_oldest(self) -> None:
        oldest = self._entries.popleft()
        oldest.kept = False
        self._bytes -= oldest.size
        self.dropped += 1
        if self._newest.get(oldest.thread_id) is oldest:
            del self._newest[oldest.thread_id]

    def let_go(self) -> Iterator[None]:
        """Frees the entries piece by piece; nobody asks for them any more."""
        self._newest.clear()
        while self._entries:
            self._entries.pop()
            yield

    def entry(self, seq: int) -> Entry | None:
        """The entry of that number; None if there is none, or it was dropped."""
        place = bisect_left(self._entries, seq, key=lambda entry: entry.seq)
        return self._entries[place] if place < len(self._entries) and self._entries[place].seq == seq else None

    def ids(self) -> frozenset[str]:
        """The threads, runs, conversations and responses that requests have met."""
        met = [entry for entry in self._entries if entry.status < 400]
        return frozenset(id for entry in met for id in (entry.thread_id, entry.run_id) if id)

    def requests(
        self,
        operation: str | None = None,
        thread_id: str | None = None,
        run_id: str | None = None,
        *,
        baseline: bool = False,
    ) -> list[Entry]:
        """The entries that fit all that is given; ``baseline``: those that led to the world's baseline instead."""
        return [
            entry
            for entry in (self.of_baseline if baseline else self._entries)
            if (operation is None or entry.operation == operation)
            and (thread_id is None or entry.thread_id == thread_id)
            and (run_id is None or entry.run_id == run_id)
        ]


#: Stands for what should not leave the machine, and nobody needs in a report.
_SECRET = "…"


def _shown(name: str, value: str) -> str:
    from emulator.base.secrets.names import is_secret_header

    return _SECRET if is_secret_header(name) else value


def _query(query: bytes) -> dict[str, Any]:
    from emulator.base.secrets.names import is_secret_parameter

    pairs: dict[str, Any] = {}
    for key, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        value = _SECRET if is_secret_parameter(key) else value
        pairs[key] = (
            [*pairs[key], value] if key.endswith("[]") and key in pairs else [value] if key.endswith("[]") else value
        )
    return pairs


def _json(body: bytes) -> Any:
    if not body:
        return None
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")
    return body.decode("utf-8", "replace") if nested_beyond(MAX_BODY_DEPTH, body, value) else value


def _answer(answer: bytes) -> Any:
    """JSON as a value, an event stream as a list of ``{event, data}``, anything else as text."""
    if not answer.startswith(b"event: "):
        return _json(answer)
    events = []
    for frame in answer.decode("utf-8", "replace").split("\n\n"):
        name, _, data = frame.partition("\ndata: ")
        if name:
            events.append({"event": name.removeprefix("event: "), "data": _json(data.encode())})
    return events
