"""Three emulators behind nginx, with the configuration of ``deploy/`` and ports that are free."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.bench.servers import EMULATOR, Process, free_port
from tests.support import ROOT

CONFIGURATION = ROOT / "deploy" / "nginx.conf"
#: The ports that are written there: the balancer's and the emulators'.
_BALANCER, _EMULATORS = "8700", ("8787", "8788", "8789")
_INSTALL = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "nginx"]
#: Seconds for nginx to listen.
_PATIENCE = 20.0


def find_nginx() -> str:
    """The path of nginx, which is installed if it is not there; skips the test where that cannot be."""
    sbin = f"{os.environ.get('PATH', '')}:/usr/sbin"
    found = shutil.which("nginx", path=sbin)
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "--quiet"], check=False, capture_output=True)
        subprocess.run(_INSTALL, check=False, capture_output=True)
        found = shutil.which("nginx", path=sbin)
    if found is None:
        pytest.skip("nginx is not installed, and only root can install it, with apt-get")
    return found


def serve(port: int = 0) -> Process:
    return Process([EMULATOR, "serve", "--port", str(port)])


class Nginx:
    """nginx in the foreground, with a prefix of its own, in front of emulators at these ports."""

    def __init__(self, prefix: Path, ports: Sequence[int]) -> None:
        self.port, self._ports, self._file = free_port(), ports, prefix / "nginx.conf"
        self.configure()
        command = [find_nginx(), "-p", str(prefix), "-c", str(self._file), "-e", "stderr", "-g", "daemon off;"]
        with (prefix / "nginx.log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        self.await_listening()

    def configure(self, *, down: Collection[int] = ()) -> None:
        """Writes the configuration; emulators at the ports ``down`` are marked so."""
        text = CONFIGURATION.read_text().replace(f"127.0.0.1:{_BALANCER} ", f"127.0.0.1:{self.port} ")
        for written, port in zip(_EMULATORS, self._ports, strict=True):
            mark = " down" if port in down else ""
            text, times = re.subn(rf"127\.0\.0\.1:{written} max_fails=0", f"127.0.0.1:{port} max_fails=0{mark}", text)
            assert times == 1, f"port {written} is {times} times in {CONFIGURATION}"
        self._file.write_text(text)

    def reload(self) -> None:
        self._process.send_signal(signal.SIGHUP)

    def await_listening(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert self._process.poll() is None, self._file.with_name("nginx.log").read_text()
                assert time.monotonic() < deadline, "nginx does not listen"
                time.sleep(0.02)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)


@dataclass(slots=True)
class Cluster:
    """``port``: the balancer's."""

    nginx: Nginx
    emulators: list[Process] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.nginx.port

    @property
    def ports(self) -> list[int]:
        return [emulator.port for emulator in self.emulators]

    def kill(self, number: int) -> None:
        """An emulator is gone, without a farewell."""
        os.kill(self.emulators[number].pid, signal.SIGKILL)
        self.emulators[number].close()

    def restart(self, number: int) -> None:
        self.emulators[number] = serve(self.emulators[number].port)


@contextmanager
def running(prefix: Path) -> Iterator[Cluster]:
    find_nginx()
    with ExitStack() as stack:
        emulators = [serve() for _ in _EMULATORS]
        nginx = Nginx(prefix, [emulator.port for emulator in emulators])
        stack.callback(nginx.stop)
        cluster = Cluster(nginx, emulators)
        try:
            yield cluster
        finally:
            for emulator in cluster.emulators:
                emulator.close()
