"""The section of the plugin in pytest's terminal summary, also for the tests of xdist's workers."""

from __future__ import annotations

import copy
import re
from typing import Any, Final

import pytest

from emulator.testing.cassette_use import summary_lines as cassette_lines
from emulator.testing.loose_ends import is_strict, of_session
from emulator.testing.review import is_wanted, review_lines
from emulator.testing.sunset_report import sunset_lines

#: What the SDK says at each call of the removed API, and the filters that hide it.
_DEPRECATED: Final = re.compile(r"DeprecationWarning: (The Assistants API is deprecated|deprecated$)", re.MULTILINE)
_FILTERS: Final = (
    'filterwarnings = ["ignore:The Assistants API is deprecated:DeprecationWarning", '
    '"ignore:deprecated$:DeprecationWarning"]'
)


def fold_deprecations(stats: dict[str, list[Any]]) -> None:
    """One warning in place of all that the SDK gives because the API is deprecated."""
    warnings = stats.get("warnings", [])
    found = [one for one in warnings if _DEPRECATED.search(one.message)]
    if found:
        folded = copy.copy(found[0])
        folded.nodeid = folded.fslocation = None
        folded.message = (
            f"the SDK warned {'once' if len(found) == 1 else f'{len(found)} times'} that the Assistants API is "
            f"deprecated; to hide that, put this into pytest's settings: {_FILTERS}"
        )
        stats["warnings"] = [one for one in warnings if one not in found] + [folded]


def finish(session: pytest.Session, reports: list[Any]) -> None:
    """Fails a strict session whose tests together left loose ends, if none of them failed; folds warnings."""
    terminal: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    fold_deprecations(terminal.stats)
    ends = _ends(reports).values()
    if session.exitstatus == pytest.ExitCode.OK and is_strict(session.config) and of_session(ends):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _ends(reports: list[Any]) -> dict[str, dict[str, Any]]:
    """What the last report of each test carries."""
    return {report.nodeid: report.assistants_emulator for report in reports if hasattr(report, "assistants_emulator")}


def summarize(terminal: pytest.TerminalReporter, reports: list[Any], config: pytest.Config) -> None:
    """Lists tests that tried to connect to the real service, those that depend on the removed API, habits, and cost."""
    ends = _ends(reports)
    dependents = {test: end["removed"] for test, end in sorted(ends.items()) if end["removed"]}
    refused = {test: end["refused"] for test, end in sorted(ends.items()) if end["refused"]}
    lines = [f"{test}: refused a connection to {', '.join(dict.fromkeys(hosts))}" for test, hosts in refused.items()]
    if dependents:
        tests = len({report.nodeid for report in reports})
        lines += sunset_lines(dependents, tests, listed=config.option.assistants_emulator_sunset is not None)
    lines += cassette_lines(reports)
    lines += of_session(ends.values())
    if is_wanted(config):
        lines += review_lines(ends, config)
    if lines:
        terminal.section("assistants emulator summary", sep="-")
        for line in lines:
            terminal.write_line(line)
