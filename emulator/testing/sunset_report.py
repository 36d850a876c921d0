"""Which tests still depend on the removed API: who sent its operations, and what the end of the session says of it.

What a wide fixture sends, or a module when it is imported, counts for every test that needs that fixture or module.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.base.operations import REMOVED
from emulator.base.problems import EmulatorError
from emulator.control.client import Control

Asked = Counter[str]
#: What sends on behalf of tests: a fixture of theirs, or a collector above them.
Sender = pytest.FixtureDef[Any] | pytest.Collector


class Dependence:
    """Takes note of what is asked, and for whom."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._known: Counter[str] = Counter()
        self._own: Asked = Asked()
        self._for_others: dict[Sender, Asked] = {}
        #: How many requests there were when the test began.
        self._before = 0

    def begin(self) -> None:
        """A test begins."""
        self._own = Asked()
        self._before = self._known.total()

    def look(self) -> bool:
        """What was asked since the last look was the running test's. True if there was anything."""
        news = self._news()
        self._own += _removed(news)
        return bool(news)

    def look_for(self, sender: Sender) -> bool:
        """What was asked since the last look was that fixture's or module's. True if there was anything."""
        news = self._news()
        if removed := _removed(news):
            self._for_others[sender] = self._for_others.get(sender, Asked()) + removed
        return bool(news)

    def _news(self) -> Counter[str]:
        try:
            now = Counter(self._control.state()["asked"])
        except EmulatorError:  # it has gone, as those who need it will be told
            return Counter()
        news, self._known = now - self._known, now
        return news

    @property
    def requests(self) -> int:
        """How many requests the running test has sent, of any operation."""
        return self._known.total() - self._before

    def of(self, item: pytest.Item) -> list[str]:
        """What makes the running test depend on the removed API, in words; nothing if it does not."""
        words = [_listed(self._own)] if self._own else []
        for sender in senders(item):
            if asked := self._for_others.get(sender):
                words.append(f"{_name(sender)}: {_listed(asked)}")
        return words


def senders(item: pytest.Item) -> Iterator[Sender]:
    """What a test needs: its collectors, from the session down, and its fixtures."""
    yield from (node for node in item.listchain() if isinstance(node, pytest.Collector))
    info = getattr(item, "_fixtureinfo", None)
    for definitions in info.name2fixturedefs.values() if info else ():
        yield from definitions


def _name(sender: Sender) -> str:
    if isinstance(sender, pytest.FixtureDef):
        return f"fixture {sender.argname}"
    return f"import of {sender.nodeid}" if sender.nodeid not in ("", ".") else "import of a conftest.py"


def _removed(asked: Counter[str]) -> Asked:
    return Asked({operation: times for operation, times in asked.items() if operation in REMOVED})


def _listed(asked: Asked) -> str:
    """In the order in which they were first asked."""
    return ", ".join(f"{operation} ×{times}" if times > 1 else operation for operation, times in asked.items())


def told(dependents: dict[str, list[str]], tests: int, *, listed: bool) -> list[str]:
    """How many of a session's tests depend on the removed API, and which, if they are to be ``listed``."""
    lines = []
    if listed:
        for test, words in dependents.items():
            lines += [test, *(f"    {line}" for line in words)]
    verb = "tests still depends" if len(dependents) == 1 else "tests still depend"
    how = "" if listed else "; --assistants-sunset=report lists them"
    return [*lines, f"{len(dependents)} of {tests} {verb} on the removed Assistants API{how}"]
