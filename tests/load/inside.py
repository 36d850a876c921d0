"""What a test may know of a server in a thread of its own: its connections, and what they still have to write."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from emulator import Emulator
from emulator.server.server import Server

T = TypeVar("T")

#: Looks at a server before a test gives up; each is a request, so the server goes on in between.
_LOOKS = 5000


def ask(emulator: Emulator, question: Callable[[Server], T]) -> T:
    """Asks in the server's own thread, where nothing changes meanwhile."""
    server, answer = emulator._server, Future[T]()
    assert server is not None

    def look() -> None:
        try:
            answer.set_result(question(server))
        except BaseException as error:
            answer.set_exception(error)

    server.call_soon(look)
    return answer.result(timeout=60)


def narrow(emulator: Emulator, window: int) -> None:
    """Lets the kernel take little for clients to come that do not read: the rest waits in the server."""
    assert emulator._server is not None
    emulator._server.listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, window)


def unwritten(server: Server) -> list[int]:
    """Bytes that wait in memory for each connection's client to read."""
    return sorted(one.transport.get_write_buffer_size() for one in server.server_state.connections)


def stuck(server: Server) -> int:
    """Connections that are not written to before their clients read."""
    connections: set[Any] = server.server_state.connections
    return sum(one.flow.write_paused for one in connections)


def expect(emulator: Emulator, question: Callable[[Server], bool]) -> None:
    """Looks until it is so."""
    for _ in range(_LOOKS):
        if ask(emulator, question):
            return
        emulator.state()
    raise AssertionError("the server did not come to what was expected")
