"""The pytest plugin, or a sentence if another package hides it: a hook of ours never ends a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from assistants_emulator import why_hidden

if TYPE_CHECKING:
    import pytest

_WHY = why_hidden()
_NAME: Final = "emulator.pytest_plugin"

if _WHY is None:

    def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
        """Registers the plugin. With ``pytest_plugins``, pytest would read the entry points of all packages again."""
        from emulator import pytest_plugin

        if not pluginmanager.has_plugin(_NAME):
            pluginmanager.register(pytest_plugin, _NAME)

else:

    def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
        """Says so at the end; tests that use the fixtures fail, because there are none."""
        terminalreporter.write_line(str(_WHY), red=True)
