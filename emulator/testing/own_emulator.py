"""The emulator that the plugin starts."""

from __future__ import annotations

from typing import Any

from emulator.base.problems import EmulatorError
from emulator.server.emulator import Emulator


class OwnEmulator(Emulator):
    """Serves all tests of a process, so no test can stop it; its clients may belong to many event loops."""

    def __init__(self, *scenarios: Any, **options: Any) -> None:
        super().__init__(*scenarios, **options)
        self._worlds.set_many_loops(self.api_key, True)

    def read_ahead(self) -> None:
        """Loads what templates read from files, which are not there in a test with another file system."""
        from emulator.sandbox.fake import Fake

        server = self._own_server()
        if server is not None:
            server.run_in_server(lambda: Fake(0).name)

    def stop(self) -> None:
        """Raises EmulatorError."""
        raise EmulatorError(
            "a test cannot stop the fixture's emulator, because later tests use it; "
            'to simulate an outage, inject({"operation": "*", "kind": "disconnect"})'
        )

    def end(self) -> None:
        """Stops the server at the end of the session."""
        super().stop()
