"""The end of a session: what its tests told about the emulator, also those of xdist's workers."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.testing.sunset_report import told


def summarize(terminal: pytest.TerminalReporter, reports: list[Any], sunset: str | None) -> None:
    """How many tests still depend on the removed API, and which asked for the real service and were refused."""
    ends = {report.nodeid: report.assistants_emulator for report in reports if hasattr(report, "assistants_emulator")}
    dependents = {test: end["removed"] for test, end in sorted(ends.items()) if end["removed"]}
    refused = {test: end["refused"] for test, end in sorted(ends.items()) if end["refused"]}
    lines = [f"{test} asked for {', '.join(dict.fromkeys(hosts))} and was refused" for test, hosts in refused.items()]
    if dependents:
        tests = len({report.nodeid for report in reports})
        lines += told(dependents, tests, listed=sunset is not None)
    if lines:
        terminal.section("assistants emulator summary", sep="-")
        for line in lines:
            terminal.write_line(line)
