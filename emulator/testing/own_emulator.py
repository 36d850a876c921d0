"""The emulator that the plugin starts."""

from __future__ import annotations

from emulator.base.problems import EmulatorError
from emulator.server.emulator import Emulator


class OwnEmulator(Emulator):
    """Serves all tests of a process, so no test can stop it."""

    def stop(self) -> None:
        """Raises EmulatorError."""
        raise EmulatorError(
            "a test cannot stop the fixture's emulator, because later tests use it; "
            'to simulate an outage, inject({"operation": "*", "kind": "disconnect"})'
        )

    def end(self) -> None:
        """Stops the server at the end of the session."""
        super().stop()
