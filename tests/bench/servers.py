"""The servers that are measured, each in a process of its own, and what such a process has used."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.report import MeasurementFailed

ROOT = Path(__file__).parent.parent.parent
PYTHON = sys.executable
EMULATOR = str(Path(sys.executable).with_name("assistants-emulator"))


class Process:
    """A server that says ``listening on http://127.0.0.1:PORT`` on its first line."""

    def __init__(self, command: Sequence[str], given: str = "") -> None:
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(given)
        self._process.stdin.close()
        line = self._process.stdout.readline()
        if not line.startswith("listening on http://"):
            self.stop()
            raise MeasurementFailed(f"{' '.join(command)} did not start")
        self.pid = self._process.pid
        self.port = int(line.split("/")[2].rpartition(":")[2])

    def cpu(self) -> float:
        """Seconds of processor time used so far, in user and kernel; nan where the system does not tell."""
        try:
            return time.clock_gettime((~self.pid << 3) | 2)  # Linux: a process's own processor clock, in nanoseconds
        except OSError:
            return float("nan")

    def resident(self) -> int:
        """Bytes of memory in use; 0 where the system does not tell."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return 0
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))

    def stop(self) -> None:
        self._process.terminate()
        if self._process.stdout:
            self._process.stdout.close()
        self._process.wait()


@contextmanager
def emulator(*arguments: str) -> Iterator[Process]:
    """``assistants-emulator serve``."""
    process = Process([EMULATOR, "serve", "--port", "0", *arguments])
    try:
        yield process
    finally:
        process.stop()


@contextmanager
def bare(spec: dict[str, Any]) -> Iterator[Process]:
    """A bare Starlette application (``bare``): ``spec`` says what it answers."""
    process = Process([PYTHON, "-m", "tests.bench.bare"], json.dumps(spec))
    try:
        yield process
    finally:
        process.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
