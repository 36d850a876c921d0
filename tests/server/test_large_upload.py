"""The largest file that is taken, through a server of its own: it must never be in memory as a whole."""

from __future__ import annotations

import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support import ROOT

pytestmark = [
    pytest.mark.clients,  # takes seconds and half a gigabyte of disk
    pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="reads memory from /proc"),
]

MB = 1024 * 1024
LIMIT = 512 * MB
ABOVE_IDLE = 100 * MB
PIECE = bytes(range(256)) * 4096
HEAD = (
    b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n'
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n"
)
TAIL = b"\r\n--x--\r\n"


@dataclass
class Server:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    client: httpx.Client

    def memory(self, key: str) -> int:
        """``VmRSS`` (now) or ``VmHWM`` (the peak since ``forget_peak``), in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith(key))
        return int(line.split()[1]) * 1024

    def forget_peak(self) -> None:
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def temporary_files(self) -> int:
        found = 0
        for entry in Path(f"/proc/{self.process.pid}/fd").iterdir():
            found += "(deleted)" in str(entry.readlink())
        return found


@pytest.fixture
def server() -> Iterator[Server]:
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("listening on ").strip()
        try:
            with httpx.Client(base_url=url, headers={"Authorization": "Bearer sk-x"}, timeout=20) as client:
                yield Server(process, client)
        finally:
            process.terminate()
            process.wait(10)


def _body(size: int) -> Iterator[bytes]:
    yield HEAD
    for start in range(0, size, len(PIECE)):
        yield PIECE[: size - start]
    yield TAIL


def _send(server: Server, size: int) -> httpx.Response:
    length = str(len(HEAD) + size + len(TAIL))
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": length}
    return server.client.post("/files", content=_body(size), headers=headers)


def test_512_mb_go_through_a_temporary_file(server: Server) -> None:
    """One byte more is refused: ``routes/test_files`` has both sides of the limit, made smaller."""
    begun = time.monotonic()
    assert server.client.get("/files").status_code == 200
    before, idle = server.temporary_files(), server.memory("VmRSS")
    server.forget_peak()

    made = _send(server, LIMIT)

    assert (made.status_code, made.json()["bytes"]) == (200, LIMIT)
    assert server.temporary_files() == before + 1
    received = sent = 0
    with server.client.stream("GET", f"/files/{made.json()['id']}/content") as download:
        for piece in download.iter_raw():
            received = zlib.crc32(piece, received)
    for _ in range(LIMIT // len(PIECE)):
        sent = zlib.crc32(PIECE, sent)
    assert received == sent

    above, taken = server.memory("VmHWM") - idle, time.monotonic() - begun
    print(f"{above / MB:.1f} MiB above idle, {taken:.1f} s")
    assert above < ABOVE_IDLE
    assert taken < 20
    assert server.client.delete(f"/files/{made.json()['id']}").status_code == 200
    assert server.temporary_files() == before
