"""The load: raw sockets that are kept alive, a few at a time, so that the server is what takes the time.

Every connection has one request under way. While the answer on one is read the others wait at the server, so the
server is never idle; the client does nothing with an answer but look at its status and find its end.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager

from tests.bench.report import MeasurementFailed

CONNECTIONS = 4

_HEAD = (
    b"Host: 127.0.0.1\r\nAccept: application/json\r\nUser-Agent: bench\r\n"
    b"Authorization: Bearer %b\r\nOpenAI-Beta: assistants=v2\r\nX-Stainless-Async: false\r\n"
)
_LENGTH = b"content-length: "
_CHUNKED_END = b"0\r\n\r\n"


def request(method: str, path: str, body: bytes = b"", kind: str = "application/json", key: str = "sk-bench") -> bytes:
    """The bytes of a request. ``kind``: of the body of a POST."""
    entity = b"Content-Type: %b\r\nContent-Length: %d\r\n" % (kind.encode(), len(body)) if method == "POST" else b""
    return b"%b %b HTTP/1.1\r\n%b%b\r\n%b" % (method.encode(), path.encode(), _HEAD % key.encode(), entity, body)


class Connection:
    """One socket to a server, kept alive."""

    def __init__(self, port: int, timeout: float = 60) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, sent: bytes) -> None:
        self.socket.sendall(sent)

    def receive(self) -> bytes:
        """A whole answer, head and body as they came. Raises MeasurementFailed unless it is a 200."""
        got = self.more()
        while (head := got.find(b"\r\n\r\n")) < 0:
            got += self.more()
        if got[9:12] != b"200":
            raise MeasurementFailed(f"not a 200: {got[:1000].decode('latin-1')}")
        at = got[:head].lower().find(_LENGTH)
        if at < 0:
            while not got.endswith(_CHUNKED_END):
                got += self.more()
            return got
        start = at + len(_LENGTH)
        end = head + 4 + int(got[start : got.index(b"\r", start)])
        if len(got) >= end:
            return got
        pieces, missing = [got], end - len(got)
        while missing > 0:
            pieces.append(self.more())
            missing -= len(pieces[-1])
        return b"".join(pieces)

    def more(self) -> bytes:
        got = self.socket.recv(1 << 18)
        if not got:
            raise MeasurementFailed("the server closed the connection")
        return got

    def close(self) -> None:
        self.socket.close()


def exchange(port: int, sent: bytes) -> bytes:
    """One request on a connection of its own; the body of its answer, without the marks of chunks."""
    return _body(_answer(port, sent))


def exchange_all(port: int, sent: bytes) -> tuple[dict[str, str], bytes]:
    """The same with the headers of the answer, but for its length."""
    answer = _answer(port, sent)
    _, *lines = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return {name: value for name, value in headers.items() if name.lower() != "content-length"}, _body(answer)


def _answer(port: int, sent: bytes) -> bytes:
    connection = Connection(port)
    try:
        connection.send(sent)
        return connection.receive()
    finally:
        connection.close()


def _body(answer: bytes) -> bytes:
    head, _, body = answer.partition(b"\r\n\r\n")
    return body if _LENGTH in head.lower() else b"".join(chunks(body))


def chunks(body: bytes) -> list[bytes]:
    """What a chunked body was sent as, piece by piece."""
    found = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        found.append(rest[:length])
        body = rest[length + 2 :]
    return [chunk for chunk in found if chunk]


def drive(port: int, requests: Sequence[bytes], many: int = CONNECTIONS) -> None:
    """Sends all requests and reads all answers, over so many connections."""
    for _ in _answers(port, requests, many):
        pass


def bodies(port: int, requests: Sequence[bytes]) -> list[bytes]:
    """The bodies of the answers to all requests."""
    return [_body(answer) for answer in _answers(port, requests, CONNECTIONS)]


def _answers(port: int, requests: Sequence[bytes], many: int) -> Iterator[bytes]:
    with connected(port, min(many, len(requests))) as connections:
        many = len(connections)
        for number, connection in enumerate(connections):
            connection.send(requests[number])
        for number in range(len(requests)):
            connection = connections[number % many]
            answer = connection.receive()
            if number + many < len(requests):
                connection.send(requests[number + many])
            yield answer


@contextmanager
def connected(port: int, many: int) -> Iterator[list[Connection]]:
    """That many connections, as long as they are needed."""
    with ExitStack() as open_connections:
        yield [open_connections.enter_context(closing(Connection(port))) for _ in range(many)]
