"""Raw requests over TCP against ``serve``: every connection ends in time, with responses that are HTTP and no 5xx."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

import orjson

from tests.fuzz.campaign import CACHE, Report
from tests.fuzz.raw_requests import PLANTED, Connection, connection
from tests.fuzz.seeds import ROOT
from tests.fuzz.talking import WORLD

#: Seconds that a connection may take to its end after the client has sent all.
PATIENCE: Final = 10
#: Connections after which the server is asked for its problems, stopped and started anew.
_A_SERVER: Final = 5_000
_HEAD: Final = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n:]+:[^\r\n]*\r\n)*)\r\n")
_MOST_FINDINGS: Final = 30
#: What may leave a body without its length, so that what is in it is a request of its own.
_UNMEASURED: Final = {"length", "coding", "chunks", "fewer_headers", "line_ends", "bytes", "between", "version"}


class Broken(AssertionError):
    """What came back breaks a law."""


@contextlib.contextmanager
def served(log: Path) -> Iterator[int]:
    """The port of a server in a process of its own, which has to end well."""
    with tempfile.TemporaryDirectory() as folder, log.open("ab") as stderr:
        scenario = Path(folder) / "world.json"
        scenario.write_bytes(orjson.dumps(WORLD))
        command = [sys.executable, "-m", "emulator", "serve", str(scenario), "--port", "0"]
        server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr)
        assert server.stdout is not None
        try:
            found = re.search(rb":(\d+)/", server.stdout.readline())
            assert found, f"the server did not start: {log.read_text(errors='replace')[-2000:]}"
            yield int(found[1])
        finally:
            server.terminate()
            try:
                code = server.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                server.kill()
                code = server.wait()
            server.stdout.close()
        if code:
            raise Broken(f"the server ended with {code}")


def exchange(port: int, sent: Connection) -> bytes:
    """All that comes back until the server closes the connection. Raises Broken if it does not."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        received = b""
        try:
            for piece in sent.pieces:
                client.sendall(piece)
            if sent.answers is None:
                client.shutdown(socket.SHUT_WR)
            while more := client.recv(65_536):
                received += more
        except TimeoutError:
            raise Broken(f"the connection did not end within {PATIENCE} s after {received[-80:]!r}") from None
        except OSError:  # the server has refused a head or body before it was whole, and closed
            if sent.answers is not None:
                raise Broken("a connection with valid requests was reset") from None
        return received


def check(sent: Connection, received: bytes) -> list[int]:
    """The statuses of what came back. Raises Broken if it is not HTTP, too few, too many, or a 5xx."""
    statuses, at = [], 0
    headless = re.search(rb"(?m)(?:^|\n|\s)HEAD ", sent.raw) is not None
    while at < len(received):
        head = _HEAD.match(received, at)
        if head is None:
            raise Broken(f"no response begins with {received[at : at + 60]!r}")
        status, at = int(head[1]), head.end()
        if status >= 500 or status < 100:
            raise Broken(f"a {status}: {received[at : at + 120]!r}")
        if status == 100:
            continue
        statuses.append(status)
        if headless or status in (101, 204, 304):
            break
        at = _after_body(received, at, head[2].lower(), whole=sent.answers is not None)
    if sent.answers is not None and len(statuses) != sent.answers:
        raise Broken(f"{sent.answers} valid requests had {len(statuses)} responses: {statuses}")
    if PLANTED.encode() in received and not _UNMEASURED & set(sent.how.split("+")):
        raise Broken("a request inside the body of another was answered")
    return statuses


def _after_body(received: bytes, at: int, headers: bytes, *, whole: bool) -> int:
    """The place behind a body. One that is cut off is one whose client had hung up, unless it has to be whole."""
    length = re.search(rb"content-length: *(\d+)\r\n", headers)
    if length:
        at += int(length[1])
    elif b"transfer-encoding: chunked" in headers:
        size = -1
        while size:
            line = re.compile(rb"([0-9a-f]+)\r\n", re.IGNORECASE).match(received, at)
            if line is None:
                at = len(received) + 1
                break
            size = int(line[1], 16)
            at = line.end() + size + 2
    else:
        at = len(received)
    if at > len(received) and whole:
        raise Broken("the body of a response to a valid request is cut off")
    return at


def _problems(port: int) -> list[str]:
    """Those of the kind that is ours, in the worlds of the keys that the requests have."""
    found = []
    for key in range(3):
        head = (
            f"GET /_emulator/check HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk-{key}\r\nConnection: close"
        )
        answer = exchange(port, Connection([f"{head}\r\n\r\n".encode()], 1, "check"))
        problems = orjson.loads(answer.partition(b"\r\n\r\n")[2])["problems"]
        found += [str(one)[:2000] for one in problems if one["kind"] == "internal"]
    return found


def campaign(seconds: int, *, seed: int = 1, most: int | None = None, cache: Path = CACHE) -> Report:
    """Connections for that long, or so many; each is made from the seed and its number."""
    folder = cache / "findings" / "raw"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    log, report, begun = folder / "stderr.log", Report("raw"), time.monotonic()
    number, known = 0, set[str]()

    def keep(why: str, sent: Connection) -> None:
        sort = re.sub(r"\d+|b'.*", "", why)[:60] + sent.how
        if sort in known or len(known) >= _MOST_FINDINGS:
            return
        known.add(sort)
        name = hashlib.sha256(sort.encode()).hexdigest()[:12]
        (folder / name).write_bytes(sent.raw)
        report.findings.append(f"{why} ({sent.how}, number {number}, {folder / name})")

    def over() -> bool:
        return time.monotonic() - begun > seconds or (most is not None and number >= most)

    while not over() and len(known) < _MOST_FINDINGS:
        try:
            with served(log) as port:
                for _ in range(_A_SERVER):
                    sent = connection(Random(f"{seed}/{number}"))
                    try:
                        check(sent, exchange(port, sent))
                    except (Broken, OSError) as error:
                        keep(str(error), sent)
                    number += 1
                    report.inputs += 1
                    if over():
                        break
                report.findings += [f"a problem of a world: {one}" for one in _problems(port)]
        except (Broken, OSError) as error:
            report.findings.append(f"about number {number}: {error}")
            break
    report.findings += _logged(log)
    report.seconds = round(time.monotonic() - begun, 1)
    return report


def _logged(log: Path) -> list[str]:
    """Tracebacks that the server has printed."""
    printed = log.read_text(errors="replace")
    places = [found.start() for found in re.finditer("Traceback", printed)]
    return [f"the server printed: {printed[at : at + 3000]}" for at in places[:3]]
