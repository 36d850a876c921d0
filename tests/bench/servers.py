"""The servers that are measured, each in a process of its own, and what such a process has used."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.bench.report import MeasurementFailed

ROOT = Path(__file__).parent.parent.parent
PYTHON = sys.executable
EMULATOR = str(Path(sys.executable).with_name("assistants-emulator"))


#: The longest that a server may take to start.
_PATIENCE = 30.0
_POLL = 0.001


def cpu_of(pid: int) -> float:
    """Seconds of processor time that a process has used, in user and kernel; nan where the system does not tell."""
    try:
        return time.clock_gettime((~pid << 3) | 2)  # Linux: a process's own processor clock, in nanoseconds
    except OSError:
        return float("nan")


def children_cpu() -> float:
    """Seconds of processor time that ended children have used; by the wall where the system does not tell."""
    try:
        import resource
    except ImportError:
        return time.perf_counter()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def surroundings(**more: str) -> dict[str, str]:
    """The environment, but for what keeps Python from keeping what it compiles: installed packages are compiled."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | more


class Process:
    """A server: one that says ``listening on http://127.0.0.1:PORT`` on its first line, or listens at a given port."""

    def __init__(self, command: Sequence[str], given: str = "", port: int = 0) -> None:
        said = subprocess.DEVNULL if port else subprocess.PIPE
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=surroundings(),
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(given)
        self._process.stdin.close()
        self.pid = self._process.pid
        self.port = port or self._said()
        if not self.port or not self._listens():
            self.close()
            raise MeasurementFailed(f"{' '.join(command)} did not start")

    def _said(self) -> int:
        """The port of its first line; 0 if that is another line."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return int(line.split("/")[2].rpartition(":")[2]) if line.startswith("listening on http://") else 0

    def _listens(self) -> bool:
        begin = time.perf_counter()
        while self._process.poll() is None and time.perf_counter() - begin < _PATIENCE:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=_PATIENCE).close()
                return True
            except OSError:
                time.sleep(_POLL)
        return False

    def cpu(self) -> float:
        return cpu_of(self.pid)

    def resident(self) -> int:
        """Bytes of memory in use; 0 where the system does not tell."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return 0
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))

    def close(self) -> None:
        self._process.terminate()
        if self._process.stdout:
            self._process.stdout.close()
        self._process.wait()


@contextmanager
def emulator(*arguments: str) -> Iterator[Process]:
    """``assistants-emulator serve``."""
    with closing(Process([EMULATOR, "serve", "--port", "0", *arguments])) as process:
        yield process


@contextmanager
def bare(spec: dict[str, Any]) -> Iterator[Process]:
    """A bare Starlette application (``bare``): ``spec`` says what it answers."""
    with closing(Process([PYTHON, "-m", "tests.bench.bare"], json.dumps(spec))) as process:
        yield process


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
