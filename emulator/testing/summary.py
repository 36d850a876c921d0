"""The section of the plugin in pytest's terminal summary, also for the tests of xdist's workers."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.testing.sunset_report import sunset_lines


def summarize(terminal: pytest.TerminalReporter, reports: list[Any], sunset: str | None) -> None:
    """Lists the tests that tried to connect to the real service, and counts those that depend on the removed API."""
    ends = {report.nodeid: report.assistants_emulator for report in reports if hasattr(report, "assistants_emulator")}
    dependents = {test: end["removed"] for test, end in sorted(ends.items()) if end["removed"]}
    refused = {test: end["refused"] for test, end in sorted(ends.items()) if end["refused"]}
    lines = [f"{test}: refused a connection to {', '.join(dict.fromkeys(hosts))}" for test, hosts in refused.items()]
    if dependents:
        tests = len({report.nodeid for report in reports})
        lines += sunset_lines(dependents, tests, listed=sunset is not None)
    if lines:
        terminal.section("assistants emulator summary", sep="-")
        for line in lines:
            terminal.write_line(line)
