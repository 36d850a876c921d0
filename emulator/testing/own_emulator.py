"""The emulator that the plugin starts."""

from __future__ import annotations

from emulator.base.problems import EmulatorError
from emulator.server.emulator import Emulator
from emulator.server.many_loops import ManyLoopsApplication


class OwnEmulator(Emulator):
    """Serves all tests of a process, so no test can stop it; its clients may belong to many event loops."""

    _application = ManyLoopsApplication

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
