"""The server that is soaked: a process of its own, and what it holds at an instant."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.support import ROOT

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Holding:
    """What a server holds. ``resident``: MiB; ``files``: temporary ones, which have no name."""

    resident: float
    fds: int
    sockets: int
    files: int
    threads: int
    tasks: int
    connections: int
    worlds_alive: int
    #: Milliseconds of the processor that the loop was kept at once, in the round.
    loop: float = 0

    def as_json(self) -> dict[str, float]:
        return {name: getattr(self, name) for name in self.__slots__}


class Subject:
    """``serve`` on a free port of 127.0.0.1. Linux only: it is measured by /proc."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.served", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if found is None:
            raise RuntimeError(f"the server did not start: {line!r}")
        self.port, self.url = int(found[1]), found[0]
        self._proc = Path(f"/proc/{self._process.pid}")

    def ask(self, question: str = "look") -> dict[str, Any]:
        """What it tells of itself; ``round`` counts its worlds, too, and lets its watchdog begin anew."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(question, file=self._process.stdin, flush=True)
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told

    def holding(self) -> Holding:
        status = (self._proc / "status").read_text()
        told = self.ask("round")
        links = [_link(entry) for entry in (self._proc / "fd").iterdir()]
        return Holding(
            resident=round(int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024, 1),  # type: ignore[index]
            fds=len(links),
            sockets=sum(link.startswith("socket:") for link in links),
            files=sum(link.endswith("(deleted)") for link in links),
            threads=int(re.search(r"Threads:\s+(\d+)", status)[1]),  # type: ignore[index]
            tasks=told["tasks"],
            connections=told["connections"],
            worlds_alive=told["worlds_alive"],
            loop=told["loop"],
        )

    def stop(self) -> int:
        """Stops it as a user does; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        return self._process.returncode


def _link(entry: Path) -> str:
    try:
        return os.readlink(entry)
    except OSError:
        return ""  # closed in between
