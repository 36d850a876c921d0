"""What goes wrong in a hook fails the test that the hook was called for, and the session goes on.

It imports only pytest, so that it also tells of an emulator that cannot be imported.
"""

from __future__ import annotations

import traceback
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

_KEY: Final = pytest.StashKey[list[str]]()
_NAME: Final = "assistants_emulator_failures"


@contextmanager
def failing(item: pytest.Item) -> Iterator[None]:
    """An exception in the block fails the test at its next phase."""
    try:
        yield
    except Exception as error:
        fail_later(item, error)


def fail_later(item: pytest.Item, error: Exception) -> None:
    """Fails the test at its next phase."""
    plugins = item.config.pluginmanager
    if not plugins.has_plugin(_NAME):
        plugins.register(_FailureHooks(), _NAME)
    item.stash.setdefault(_KEY, []).append(in_words(error))


def fail_report(report: Any, error: Exception) -> None:
    """Fails a report of a test or of a collection; one that failed before keeps its own error, and shows both."""
    if report.outcome == "failed":
        report.sections.append(("assistants emulator", in_words(error)))
    else:
        report.outcome, report.longrepr = "failed", in_words(error)


def in_words(error: Exception) -> str:
    """The failure of a hook, with its traceback."""
    trace = "".join(traceback.format_exception(error)).rstrip()
    return f"the pytest plugin of the assistants emulator failed in a hook:\n{trace}"


class _FailureHooks:
    """Registered when something has gone wrong."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if failures := item.stash.get(_KEY, []):
            item.stash[_KEY] = []
            raise pytest.fail.Exception("\n".join(failures), pytrace=False)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.passed and (failures := item.stash.get(_KEY, [])):
            item.stash[_KEY] = []
            report.outcome, report.longrepr = "failed", "\n".join(failures)
        return report
