"""A recorder in this process, on a real socket, in front of whatever a test puts there."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from emulator.recordings.exchange import Exchange, Recording
from emulator.recordings.own_format import read
from emulator.recordings.record.recorder import Recorder
from emulator.recordings.record.upstream import Upstream
from emulator.recordings.recording_file import RecordingFile
from emulator.recordings.redaction.redactor import Redactor
from emulator.server.uvicorn_server import AppServer, bind
from tests.recording.upstreams import PATIENCE


class Proxy:
    """Started when it is made. ``reports``: what it has told its user."""

    def __init__(
        self,
        upstream: str,
        path: Path,
        *,
        files: bool = False,
        redact: tuple[str, ...] = (),
        timeout: float = PATIENCE,
        insecure: bool = False,
    ) -> None:
        self.path = path
        self.reports: list[str] = []
        reached = Upstream(upstream, timeout=timeout, insecure=insecure)
        file = RecordingFile(path, reached.url, files=files)
        self._changed = threading.Condition()
        self.recorder = Recorder(
            reached, file, Redactor(redact), keep_files=files, changed=self._notice, report=self.reports.append
        )
        self._server = AppServer(self.recorder, bind("127.0.0.1", 0), self.recorder.end)
        self.url = self._server.url
        self.port = int(self.url.rpartition(":")[2])
        self._thread: threading.Thread | None = threading.Thread(target=self._server.serve_until_stopped)
        self._thread.start()
        self._server.ready.wait()

    def stop(self) -> Recording:
        """Ends it; what it has recorded."""
        if self._thread:
            self._server.stop()
            self._thread.join(PATIENCE)
            assert not self._thread.is_alive()
            self._thread = None
            self.recorder.close()
        return read(self.path.read_bytes(), str(self.path))

    def settle(self) -> None:
        """Waits until nothing is under way."""
        with self._changed:
            assert self._changed.wait_for(lambda: not self.recorder.under_way, PATIENCE)

    def _notice(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def only(self) -> Exchange:
        """The one exchange that it has recorded."""
        (exchange,) = self.stop().exchanges
        return exchange

    def lines(self) -> list[dict[str, Any]]:
        """The lines of the file without the header, as they are now."""
        return [json.loads(line) for line in self.path.read_bytes().splitlines()[1:]]


Record = Callable[..., Proxy]


@contextmanager
def recorders(folder: Path) -> Iterator[Record]:
    """Starts recorders in front of the upstreams of these URLs, and stops them at its end."""
    with ExitStack() as running:

        def start(upstream: str, **options: Any) -> Proxy:
            proxy = Proxy(upstream, folder / "tape.jsonl", **options)
            running.callback(proxy.stop)
            return proxy

        yield start
