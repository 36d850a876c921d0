"""The pytest plugin, or a sentence if another package hides it: a hook of ours never ends a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistants_emulator import why_hidden

if TYPE_CHECKING:
    import pytest

_WHY = why_hidden()

if _WHY is None:
    pytest_plugins = ("emulator.pytest_plugin",)
else:

    def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
        """Says so at the end; tests that use the fixtures fail, because there are none."""
        terminalreporter.write_line(str(_WHY), red=True)
