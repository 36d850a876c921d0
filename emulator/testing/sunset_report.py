"""Finds the tests that still depend on the removed API, by the operations that they send.

The requests of a wide fixture, or of a module while it is imported, count for every test that needs them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.base.operations import REMOVED
from emulator.base.problems import EmulatorError
from emulator.control.client import Control
from emulator.testing.pytest_internals import fixture_definitions

#: The number of requests by operation.
RequestCounts = Counter[str]
#: A sender on behalf of tests: one of their fixtures, or a collector above them.
Sender = pytest.FixtureDef[Any] | pytest.Collector


class Dependence:
    """Counts the requests of tests, fixtures and modules."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._known: Counter[str] = Counter()
        self._own: RequestCounts = RequestCounts()
        self._for_others: dict[Sender, RequestCounts] = {}
        #: The number of requests before the running test.
        self._before = 0

    def begin(self) -> None:
        """A test begins."""
        self._own = RequestCounts()
        self._before = self._known.total()

    def count(self) -> bool:
        """Counts the requests since the last call for the running test. True if there were any."""
        new = self._new_requests()
        self._own += _removed(new)
        return bool(new)

    def count_for(self, sender: Sender) -> bool:
        """Counts the requests since the last call for that fixture or module. True if there were any."""
        new = self._new_requests()
        if removed := _removed(new):
            self._for_others[sender] = self._for_others.get(sender, RequestCounts()) + removed
        return bool(new)

    def _new_requests(self) -> Counter[str]:
        try:
            now = Counter(self._control.state()["asked"])
        except EmulatorError:  # the server is gone; the tests that need it will fail
            return Counter()
        new, self._known = now - self._known, now
        return new

    @property
    def requests(self) -> int:
        """The number of requests that the running test has sent, of any operation."""
        return self._known.total() - self._before

    def of(self, item: pytest.Item) -> list[str]:
        """The removed operations that the running test depends on, a line for each sender."""
        lines = [_listed(self._own)] if self._own else []
        for sender in senders(item):
            if counts := self._for_others.get(sender):
                lines.append(f"{_name(sender)}: {_listed(counts)}")
        return lines


def senders(item: pytest.Item) -> Iterator[Sender]:
    """The senders that a test needs: its collectors, from the session down, and its fixtures."""
    yield from (node for node in item.listchain() if isinstance(node, pytest.Collector))
    for definitions in fixture_definitions(item).values():
        yield from definitions


def _name(sender: Sender) -> str:
    if isinstance(sender, pytest.FixtureDef):
        return f"fixture {sender.argname}"
    return f"import of {sender.nodeid}" if sender.nodeid not in ("", ".") else "import of a conftest.py"


def _removed(counts: RequestCounts) -> RequestCounts:
    return RequestCounts({operation: times for operation, times in counts.items() if operation in REMOVED})


def _listed(counts: RequestCounts) -> str:
    """The operations in the order of their first requests."""
    return ", ".join(f"{operation} ×{times}" if times > 1 else operation for operation, times in counts.items())


def sunset_lines(dependents: dict[str, list[str]], tests: int, *, listed: bool) -> list[str]:
    """The number of tests that depend on the removed API, and the tests themselves if ``listed``.

    ``dependents``: the lines of ``Dependence.of`` by test. ``tests``: the number of all tests.
    """
    lines = []
    if listed:
        for test, senders_of_test in dependents.items():
            lines += [test, *(f"    {line}" for line in senders_of_test)]
    verb = "tests still depends" if len(dependents) == 1 else "tests still depend"
    hint = "" if listed else "; --assistants-sunset=report lists them"
    return [*lines, f"{len(dependents)} of {tests} {verb} on the removed Assistants API{hint}"]
