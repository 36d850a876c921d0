"""An upstream that misbehaves exactly as a test says: a socket, and a script for each connection."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Seconds after which a test that hangs fails instead.
PATIENCE = 20.0

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Content-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"


class Talk:
    """One connection of a client."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._got = b""

    def head(self) -> bytes:
        """The head of the next request."""
        while b"\r\n\r\n" not in self._got:
            self._got += self._more()
        head, _, self._got = self._got.partition(b"\r\n\r\n")
        return head

    def body(self, size: int) -> bytes:
        while len(self._got) < size:
            self._got += self._more()
        body, self._got = self._got[:size], self._got[size:]
        return body

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def chunk(self, data: bytes) -> None:
        self.send(b"%x\r\n%b\r\n" % (len(data), data))

    def reset(self) -> None:
        """Ends the connection as a machine does that crashes."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()

    def close(self) -> None:
        """Ends the connection in good order; what the other side still sends is refused."""
        self._connection.close()

    def wait_until_left(self) -> None:
        """Until the other side has closed the connection."""
        with contextlib.suppress(ConnectionError):
            while self._connection.recv(65536):
                continue

    def _more(self) -> bytes:
        got = self._connection.recv(65536)
        if not got:
            raise ConnectionError("the client has left")
        return got


@contextmanager
def upstream(script: Callable[[Talk], None]) -> Iterator[str]:
    """The URL of a server that does this with each connection, and then closes it."""
    talks: list[threading.Thread] = []
    problems: list[BaseException] = []

    def talk(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(PATIENCE)
            try:
                script(Talk(connection))
            except ConnectionError:
                return
            except BaseException as problem:
                problems.append(problem)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                talks.append(threading.Thread(target=talk, args=(connection,)))
                talks[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
    accepting.join()
    for one in talks:
        one.join(PATIENCE)
        assert not one.is_alive(), "the upstream's script has not ended"
    assert problems == []
