"""The books of a world: what its clients sent and saw, held against what the emulator says that it was asked.

Each request carries a number of its own, so that the journal's entries can be told apart.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.base.operations import OPERATIONS as ROUTES

#: The header with a request's number.
SERIAL: Final = "x-soak"
_serials = itertools.count(1)

_PATTERNS: Final = [
    (route.method, re.compile("/v1" + re.sub(r"\{\w+\}", "[^/]+", route.path)), route.name)
    for route in sorted(ROUTES, key=lambda route: "{" in route.path)  # /threads/runs before /threads/{thread_id}
]


def operation_of(method: str, path: str) -> str:
    """The operation's name; ``unknown`` for a path or method that leads to none."""
    plain = path.partition("?")[0]
    return next((name for m, pattern, name in _PATTERNS if m == method and pattern.fullmatch(plain)), "unknown")


@dataclass(slots=True)
class Sent:
    """A request that was sent whole. ``saw``: its answer's status, 0 for none; ``whole``: all of the answer came.

    ``sure``: the server has certainly had it, as it began to answer or the connection was closed in order.
    """

    operation: str
    saw: int = 0
    whole: bool = False
    sure: bool = False
    broken: str = ""


@dataclass(slots=True)
class Books:
    """One world's requests since the last audit."""

    sent: dict[str, Sent] = field(default_factory=dict)
    was_reset: bool = False
    #: ``asked`` of the emulator at the last audit: it outlives resets.
    before: Counter[str] = field(default_factory=Counter)

    def open(self, method: str, path: str) -> tuple[str, Sent]:
        """A request that is about to be sent: its number, and its line in the books."""
        serial = str(next(_serials))
        sent = self.sent[serial] = Sent(operation_of(method, path))
        return serial, sent

    def strike(self, serial: str) -> None:
        """The request was not sent whole after all."""
        del self.sent[serial]

    def audit(self, asked: dict[str, int], journal: dict[str, Any]) -> list[str]:
        """What does not balance; the books begin anew."""
        found = self._totals(asked)
        if not self.was_reset:
            found += self._entries(journal["requests"], journal["dropped"], sum(asked.values()))
            found += self._broken(journal["requests"], journal["dropped"])
        self.sent, self.was_reset, self.before = {}, False, Counter(asked)
        return found

    def _totals(self, asked: dict[str, int]) -> list[str]:
        now = Counter(asked)
        found = []
        for operation in {*now, *(sent.operation for sent in self.sent.values())}:
            lines = [sent for sent in self.sent.values() if sent.operation == operation]
            least, most = sum(sent.sure for sent in lines), len(lines)
            counted = now[operation] - self.before[operation]
            if not least <= counted <= most:
                found.append(f"{operation}: the emulator counts {counted}, its clients sent {least} to {most}")
        return found

    def _entries(self, entries: Sequence[dict[str, Any]], dropped: int, total: int) -> list[str]:
        found, seen = [], Counter[str](entry["headers"].get(SERIAL, "none") for entry in entries)
        for entry in entries:
            serial = entry["headers"].get(SERIAL, "none")
            sent = self.sent.get(serial)
            if sent is None or seen[serial] != 1:
                found.append(f"request {serial} ({entry['path']}) is {seen[serial]} times in the journal, and not sent")
            elif sent.saw and (sent.operation, sent.saw) != (entry["operation"] or "unknown", entry["status"]):
                found.append(f"request {serial}: {sent} is {entry['operation']} {entry['status']} in the journal")
        repeats = sum(entry["repeats"] for entry in entries)
        absent = sum(sent.sure for serial, sent in self.sent.items() if serial not in seen)
        if not dropped and absent > repeats:
            found.append(f"{absent} requests are not in the journal, which has {repeats} repetitions")
        if not dropped and len(entries) + repeats != total - sum(self.before.values()):
            found.append(f"{len(entries)} entries and {repeats} repetitions for {total} requests")
        return found

    def _broken(self, entries: Sequence[dict[str, Any]], dropped: int) -> list[str]:
        """Answers that were not whole or not well-formed, and no fault that explains it."""
        faults = {entry["headers"].get(SERIAL): entry["fault"] for entry in entries}
        hidden = dropped or any(entry["fault"] and entry["repeats"] for entry in entries)
        return [
            f"request {serial}: {sent} was {sent.broken}, without a fault"
            for serial, sent in self.sent.items()
            if sent.broken and not faults.get(serial, hidden or not sent.sure)
        ]
