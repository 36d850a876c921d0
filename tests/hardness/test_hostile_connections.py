"""What no client of good will sends: heads and bodies without end, requests that are two, and pieces of them.

Nothing hangs, nothing is answered that was not asked, and the next client is served.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from emulator.apis.http import bodies
from emulator.base.limits import MAX_BODY, MAX_FILE, MAX_HEAD, MAX_PART
from emulator.server import without_h2c
from emulator.server.fast_protocol import FastProtocol
from emulator.server.without_h2c import WithoutH2c
from tests.hardness.bounds import bounded, needs_limits
from tests.server.test_fast_protocol import HEADERS, get, post, serving

HEAD = b"POST /v1/threads HTTP/1.1\r\n" + HEADERS
#: Bodies carry it where a parser might take it for a request of its own.
SMUGGLED = b"GET /v1/models/smuggled HTTP/1.1\r\n" + HEADERS + b"\r\n"
LENGTH, CODING = b"Content-Length: 4\r\n", b"Transfer-Encoding: chunked\r\n"
CHUNKED = HEAD + CODING + b"\r\n"
MIB = b" " * 1024 * 1024


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(http=FastProtocol) as port:
        yield port


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        yield connection


def send(connection: socket.socket, *pieces: bytes) -> None:
    """As far as the server takes it."""
    try:
        for piece in pieces:
            connection.sendall(piece)
    except (BrokenPipeError, ConnectionResetError):
        pass


def rest(connection: socket.socket) -> bytes:
    """All that comes until the server closes."""
    pieces = []
    try:
        while piece := connection.recv(65536):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


def statuses(answered: bytes) -> list[int]:
    return [int(part[:3]) for part in answered.split(b"HTTP/1.1 ")[1:]]


def is_well(port: int) -> None:
    """The next client is served."""
    with connected(port) as connection:
        connection.sendall(get(b"/v1/models", b"Connection: close"))
        assert statuses(rest(connection)) == [200]


LAST = get(b"/v1/models", b"Connection: close")

#: What is sent, and the statuses of what comes back until the connection is closed.
SENT: dict[str, tuple[list[bytes], list[int]]] = {
    "a long address": ([get(b"/v1/models?" + b"a" * MAX_HEAD * 2)], [431]),
    "an address without end": ([b"GET /v1/", *[b"a" * 65536] * 64], [431]),
    "a long header at once": ([get(b"/v1/models", b"x: " + b"a" * MAX_HEAD)], [431]),
    "10,000 headers": ([get(b"/v1/models", *[b"x-%d: yyyy" % n for n in range(10_000)])], [431]),
    "a header without end": ([HEAD + b"x: ", *[b"a" * 65536] * 64], [431]),
    "a name of a header without end": ([HEAD, *[b"a" * 65536] * 64], [431]),
    "headers without end": ([HEAD, *[b"x: y\r\n" * 10_000] * 64], [431]),
    "trailers without end": ([CHUNKED + b"0\r\n", *[b"x: y\r\n" * 10_000] * 64], [431]),
    "an extension of a chunk without end": ([CHUNKED + b"2;", *[b"x" * 65536] * 64], [431]),
    "the largest head": ([get(b"/v1/models", b"x: " + b"y" * (MAX_HEAD - 300), b"Connection: close")], [200]),
    "a long address before a body": ([post(b"/v1/threads?" + b"a" * MAX_HEAD, b"{}")[:-1]], [431]),
    "a long address in one packet": ([get(b"/v1/models?" + b"a" * MAX_HEAD)], [431]),
    "a long header in one packet": ([get(b"/v1/models", b"x: " + b"y" * MAX_HEAD)], [431]),
    "a long head behind another": ([get(b"/v1/models") + get(b"/v1/models", b"x: " + b"y" * MAX_HEAD)], [200, 431]),
    "no HTTP at all": ([b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)], [400]),
    "a NUL in a header": ([HEAD + b"x: a\0b\r\n\r\n"], [400]),
    "a NUL in the address": ([b"GET /v1/\0 HTTP/1.1\r\n\r\n"], [400]),
    "an unknown method": ([get(b"/v1/models", method=b"FETCH")], [400]),
    "a method in small letters": ([get(b"/v1/models", method=b"get")], [400]),
    "another version": ([get(b"/v1/models", version=b"9.9")], [400]),
    "no version": ([b"GET /v1/models\r\n\r\n"], [401]),
    "a length and chunks": ([HEAD + LENGTH + CODING + b"\r\n0\r\n\r\n" + SMUGGLED], [400]),
    "chunks and a length": ([HEAD + CODING + LENGTH + b"\r\n0\r\n\r\n" + SMUGGLED], [400]),
    "two lengths": ([HEAD + b"Content-Length: 2\r\nContent-Length: 400\r\n\r\n{}" + SMUGGLED], [400]),
    "a length below nothing": ([HEAD + b"Content-Length: -1\r\n\r\n" + SMUGGLED], [400]),
    "a length in words": ([HEAD + b"Content-Length: two\r\n\r\n{}" + SMUGGLED], [400]),
    "a length that no number holds": ([HEAD + b"Content-Length: 99999999999999999999\r\n\r\n{}"], [400]),
    "an unknown coding": ([HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED], [400]),
    "nearly chunked": ([HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED], [400]),
    "a chunk that no number holds": ([CHUNKED + b"ffffffffffffffffff\r\n"], [400]),
    "a chunk that is none": ([CHUNKED + b"2\r\n{}" + SMUGGLED], [400]),
    "a space before a colon": ([HEAD + b"Content-Length : 4\r\n\r\n{}" + SMUGGLED], [400]),
    "rubbish behind a request": ([get(b"/v1/models") + b"rubbish\r\n\r\n"], [200, 400]),
    "a length that is too short": ([post(b"/v1/threads", b"{}") + b"{}" + LAST], [200, 400]),
    "the address of another host": ([get(b"http://evil.example/v1/models", b"Connection: close")], [200]),
    "a request to the old version": ([get(b"/v1/models", version=b"1.0")], [200]),
}  # fmt: skip


@pytest.mark.parametrize("case", SENT)
def test_what_is_no_request_is_refused_and_the_connection_closed(case: str, port: int) -> None:
    pieces, expected = SENT[case]
    with connected(port) as connection:
        send(connection, *pieces)
        answered = rest(connection)
    assert statuses(answered) in (expected, [])  # the answer is lost when a client still sends while it is refused
    assert expected[0] == 431 or statuses(answered) == expected
    assert b"smuggled" not in answered
    is_well(port)


@pytest.mark.parametrize("method", [b"CONNECT", b"OPTIONS", b"TRACE", b"PRI", b"PROPFIND"])
def test_other_methods_do_no_harm(method: bytes, port: int) -> None:
    with connected(port) as connection:
        connection.sendall(get(b"/v1/models", b"Connection: close", method=method))
        assert rest(connection).startswith((b"HTTP/1.1 405", b"HTTP/1.1 404", b"HTTP/1.1 400"))
    is_well(port)


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
def test_an_offer_of_another_protocol_is_not_taken_up(protocol: bytes, port: int) -> None:
    with connected(port) as connection:
        offer = get(
            b"/v1/models", b"Connection: Upgrade, HTTP2-Settings", b"HTTP2-Settings: AAMA", b"Upgrade: " + protocol
        )
        connection.sendall(offer)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    is_well(port)


def test_a_request_that_breaks_off_at_any_byte_does_no_harm(port: int) -> None:
    for request in (post(b"/v1/assistants", b'{"model": "gpt-4o"}'), CHUNKED + b"2\r\n{}\r\n0\r\n\r\n"):
        for end in range(len(request)):
            with connected(port) as connection:
                connection.sendall(request[:end])
    is_well(port)


SLICED = b'{"operation": "create_thread_and_run", "kind": "slice", "bytes": 100}'


def test_rubbish_does_not_get_into_an_answer_that_is_under_way(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(post(b"/v1/assistants", b'{"model": "gpt-4o"}', b"Connection: close"))
        id = rest(connection).split(b'"id": "')[1][:29]
    with connected(port) as connection:  # an answer that is at its end at once is out before the rubbish is read
        connection.sendall(post(b"/_emulator/faults", SLICED, b"Connection: close"))
        assert statuses(rest(connection)) == [200]
    stream = b'{"assistant_id": "%b", "stream": true, "thread": {"messages": [{"role": "user", "content": "Hi"}]}}' % id
    with connected(port) as connection:
        connection.sendall(post(b"/v1/threads/runs", stream) + b"rubbish\r\n\r\n")
        answered = rest(connection)
    assert statuses(answered) == [200]
    assert answered.endswith(b"event: done\ndata: [DONE]\n\n\r\n0\r\n\r\n")


# ---- Bodies ----


def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(port: int) -> None:
    for path, kind, limit, status in (
        (b"/v1/threads", b"application/json", MAX_BODY, b"413"),
        (b"/_emulator/reset", b"application/json", MAX_BODY, b"413"),
        (b"/_emulator/scenarios", b"application/yaml", MAX_BODY, b"413"),
        (b"/v1/files", b"multipart/form-data; boundary=b", MAX_FILE, b"400"),
        (b"/v1/uploads/upload_1/parts", b"multipart/form-data; boundary=b", MAX_PART, b"404"),
    ):
        length = b"Content-Length: %d" % (limit + 2 * len(MIB))
        with connected(port) as connection:
            connection.sendall(get(path, b"Content-Type: " + kind, length, b"Expect: 100-continue", method=b"POST"))
            assert connection.recv(65536).startswith(b"HTTP/1.1 " + status)
            connection.shutdown(socket.SHUT_WR)
            rest(connection)
    is_well(port)


@needs_limits
@pytest.mark.parametrize(
    ("path", "kind", "begin", "limit"),
    [
        (b"/v1/threads", b"application/json", b"", MAX_BODY),
        (b"/_emulator/faults", b"application/json", b"", MAX_BODY),
        (b"/v1/uploads/upload_1/parts", b"multipart/form-data; boundary=b",
         b'--b\r\nContent-Disposition: form-data; name="data"; filename="a"\r\n\r\n', MAX_PART),
    ],
    ids=["json", "admin", "part"],
)  # fmt: skip
def test_a_body_without_end_is_refused_when_it_is_over_the_limit(
    path: bytes, kind: bytes, begin: bytes, limit: int, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer comes while the client is at it; its connection is closed, and nothing is left on the disk."""
    monkeypatch.setattr(bodies, "LINGER", 0.2)
    before = _temporary_files()
    chunk = b"%x\r\n%b\r\n" % (len(MIB), MIB)
    with bounded(seconds=60), connected(port) as connection:
        connection.sendall(get(path, b"Content-Type: " + kind, b"Transfer-Encoding: chunked", method=b"POST"))
        connection.sendall(b"%x\r\n%b\r\n" % (len(begin), begin) if begin else b"")
        for _ in range(limit // len(MIB) + 2):
            connection.sendall(chunk)
        assert connection.recv(65536).startswith((b"HTTP/1.1 413", b"HTTP/1.1 404"))
        while _sends(connection, chunk):
            pass
    is_well(port)
    assert _temporary_files() <= before


def _sends(connection: socket.socket, chunk: bytes) -> bool:
    try:
        connection.sendall(chunk)
    except OSError:
        return False
    return True


def _temporary_files() -> int:
    """Files without a name that this process, in which the server runs, has open."""
    links = [Path(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")]
    return sum(os.readlink(link).endswith("(deleted)") for link in links if link.is_symlink())


def _part(name: bytes, more: bytes = b"") -> bytes:
    return b'--b\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\nx\r\n' % (name, more)


FORMS = {
    "many fields": b"".join(_part(b"f%d" % n) for n in range(100_000)) + b"--b--\r\n",
    "many files": b"".join(_part(b"f%d" % n, b'; filename="a"') for n in range(1000)) + b"--b--\r\n",
    "a large field": b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n' + MIB * 4 + b"\r\n--b--\r\n",
    "a header of a part without end": b"--b\r\nx: " + MIB * 16,
    "a name of a header without end": b"--b\r\n" + MIB.replace(b" ", b"x") * 16,
    "many headers of a part": b"--b\r\n" + b"x: y\r\n" * 1_000_000,
    "no parts": b"nothing of the kind",
    "a part without end": _part(b"file", b'; filename="a.txt"') + MIB,
    "no name": b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
}


@needs_limits
@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_is_none_is_refused(form: str, port: int) -> None:
    before = _temporary_files()
    request = post(b"/v1/files", FORMS[form], b"Connection: close").replace(
        b"application/json", b"multipart/form-data; boundary=b"
    )
    with bounded(seconds=60), connected(port) as connection:
        send(connection, request)
        assert statuses(rest(connection)) == [400]
    is_well(port)
    assert _temporary_files() <= before


def test_a_body_that_is_slow_holds_up_nobody_else(port: int) -> None:
    request = post(b"/v1/threads", b"{}")
    slow = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(50)]
    for connection in slow:
        connection.sendall(request[:-1])
    is_well(port)
    for connection in slow:
        connection.sendall(request[-1:])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.close()


def test_a_compressed_body_is_not_unpacked(port: int) -> None:
    import gzip

    for coding, body in ((b"gzip", gzip.compress(MIB * 256, 9)), (b"br", b"\x0b\x02\x80abc\x03"), (b"deflate", b"x")):
        with connected(port) as connection:
            send(connection, post(b"/v1/threads", body, b"Content-Encoding: " + coding, b"Connection: close"))
            assert statuses(rest(connection)) == [400]


@pytest.mark.parametrize("protocol", [FastProtocol, WithoutH2c])
@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"G",
        HEAD,
        HEAD + LENGTH + b"\r\n",
        CHUNKED,
        CHUNKED + b"1\r\n",
        LAST.replace(b"close", b"keep-alive") + HEAD,
    ],
)
def test_a_client_that_owes_the_rest_is_let_go(
    sent: bytes, protocol: type[WithoutH2c], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(without_h2c, "MAX_SILENCE", 0.05)
    with bounded(), serving(http=protocol) as port, connected(port) as connection:
        connection.sendall(sent)
        rest(connection)
