"""A recorder in a thread of its own, in front of whatever a test has."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emulator.recordings.record.recorder import Recorder
from emulator.recordings.record.upstream import Upstream
from emulator.recordings.recording_file import RecordingFile
from emulator.recordings.redaction.redactor import Redactor
from emulator.server.uvicorn_server import AppServer, bind


@contextmanager
def recording(upstream: str, file: Path, listening: socket.socket | None = None) -> Iterator[str]:
    """The recorder's base URL; when this is left the file is complete. ``listening``: by default on a free port."""
    reached = Upstream(upstream)
    recorder = Recorder(reached, RecordingFile(file, reached.url), Redactor())
    server = AppServer(recorder, listening or bind("127.0.0.1", 0), recorder.end)
    thread = threading.Thread(target=server.serve_until_stopped)
    thread.start()
    server.ready.wait()
    try:
        yield f"{server.url}/v1"
    finally:
        server.stop()
        thread.join()
        recorder.close()
