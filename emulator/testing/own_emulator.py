"""The emulator that the plugin starts."""

from __future__ import annotations

from emulator.base.problems import EmulatorError
from emulator.server.emulator import Emulator


class OwnEmulator(Emulator):
    """Serves all tests of a process, so none of them can stop it."""

    def stop(self) -> None:
        """Raises EmulatorError."""
        raise EmulatorError(
            "the fixture's emulator serves the tests to come and cannot be stopped; "
            'for an outage, inject({"operation": "*", "kind": "disconnect"})'
        )

    def end(self) -> None:
        super().stop()
