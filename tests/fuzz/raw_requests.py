"""Connections with raw HTTP requests, and what hurts them: framing, pipelining, targets, cuts.

A connection is one to four valid requests, most often with one to three of them hurt, sent in pieces.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.fuzz.mutate import mutated
from tests.fuzz.valid_requests import OPERATIONS, Raw, valid
from tests.recording.samples import BOUNDARY

#: A request inside the body of another. Whoever answers it has lost track of where bodies end.
PLANTED: Final = "smuggled-request"
_INNER: Final = f"GET /v1/{PLANTED} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk-1\r\n\r\n".encode()


@dataclass(frozen=True)
class Connection:
    """What a client sends. ``answers``: how many responses must come; None where that is for the server to say."""

    pieces: list[bytes]
    answers: int | None
    how: str

    @property
    def raw(self) -> bytes:
        return b"".join(self.pieces)


# ---- What hurts a request ----

Hurt = Callable[[Raw, Random], None]
HURTS: Final[dict[str, Hurt]] = {}


def _hurt(made: Hurt) -> Hurt:
    HURTS[made.__name__.strip("_")] = made
    return made


_LENGTHS: Final = [
    b"0", b"-1", b"+5", b"5, 5", b"5,6", b"0x10", b"1e3", b" ", b"", b"99999999999999999999", b"18446744073709551616",
    b"\t7", b"7 7", b"007", b"9" * 400, b"\xb2", b"1048577", b"536870913",
]  # fmt: skip
_CODINGS: Final = [
    b"chunked", b"Chunked", b"chunked, chunked", b"gzip, chunked", b"chunked, gzip", b"identity", b"chunked;q=1",
    b"\tchunked", b"xchunked", b"chunked\x0b", b"", b"'chunked'", b"chunked, identity",
]  # fmt: skip


@_hurt
def _length(request: Raw, random: Random) -> None:
    """Another length than the body's, or a second one."""
    if random.random() < 0.7:
        request.without(b"content-length")
    near = b"%d" % max(0, len(request.body) + random.randint(-9, 9))
    request.headers.append(b"Content-Length: " + random.choice([*_LENGTHS, near, near, near]))


@_hurt
def _coding(request: Raw, random: Random) -> None:
    if random.random() < 0.5:
        request.without(b"transfer-encoding")
    name = random.choice([b"Transfer-Encoding", b"transfer-encoding", b"Transfer-Encoding ", b"Transfer\x00Encoding"])
    request.headers.append(name + b": " + random.choice(_CODINGS))


@_hurt
def _chunks(request: Raw, random: Random) -> None:
    """A body whose chunks are no chunks."""
    for name in (b"content-length", b"transfer-encoding"):
        request.without(name)
    request.headers.append(b"Transfer-Encoding: chunked")
    request.body = random.choice([
        b"2\r\n{}\r\n0\r\n", b"2\n{}\n0\n\n", b"-2\r\n{}\r\n0\r\n\r\n", b"0x2\r\n{}\r\n0\r\n\r\n", b"2\r\n{}0\r\n\r\n",
        b"ffffffffffffffff\r\n{}\r\n0\r\n\r\n", b"10000000000000002\r\n{}\r\n0\r\n\r\n",
        b"2;" + b"a" * 9000 + b"\r\n{}",
        b"\r\n2\r\n{}\r\n0\r\n\r\n", b"2 \r\n{}\r\n0\r\n\r\n", b"3\r\n{}\r\n0\r\n\r\n", b"g\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}\r\n0\r\nContent-Length: 7\r\n\r\n", b"2\r\n{}\r\n00000000000000000\r\n\r\n", b"1\r\n{\r\n" * 500,
    ])  # fmt: skip


@_hurt
def _smuggle(request: Raw, random: Random) -> None:
    """Two lengths at once, one of which ends the body before a second request."""
    for name in (b"content-length", b"transfer-encoding"):
        request.without(name)
    request.method, request.target = "POST", b"/v1/threads"
    whole = b"0\r\n\r\n" + _INNER
    both = [b"Content-Length: %d" % len(whole), b"Transfer-Encoding: " + random.choice([b"chunked", b"Chunked"])]
    random.shuffle(both)
    request.headers += both
    request.body = whole


@_hurt
def _carry(request: Raw, random: Random) -> None:
    """A body that is a request, rightly measured."""
    for name in (b"content-length", b"transfer-encoding"):
        request.without(name)
    request.method, request.target, request.body = "POST", b"/v1/threads", _INNER
    request.headers.append(b"Content-Length: %d" % len(_INNER))


@_hurt
def _line_ends(request: Raw, random: Random) -> None:
    request.end = random.choice([b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\n "])


@_hurt
def _header(request: Raw, random: Random) -> None:
    text = random.choice([
        b"no colon", b": no name", b"Space : 1", b"X: a\x00b", b"X: \xff\xfe", b" folded", b"\tfolded", b"X:",
        b"X" * 70_000,
        b"X: " + b"a" * 70_000, b"Host: other", b"Host:", b"Host: [::1", b"Host: a b", b"Content-Type: x/y",
        b"Content-Type: application/json; charset=utf-16", b"Content-Type: multipart/form-data",
        b"Content-Type: multipart/form-data; boundary=", b"Content-Encoding: gzip", b"OpenAI-Beta: assistants=v1",
        b"Authorization: Basic x", b"Authorization: Bearer ", b"Authorization: Bearer \xe9", b"api-key: x",
        b"Origin: http://evil.example", b"Sec-Fetch-Site: cross-site", b"Cookie: a=b; c", b"Range: bytes=0-0,-1",
        b"X-Forwarded-For: ::1", b"Idempotency-Key: 1", b"Accept: text/event-stream", b"Accept-Encoding: br;q=x",
    ])  # fmt: skip
    request.headers.insert(random.randint(0, len(request.headers)), text)


@_hurt
def _many_headers(request: Raw, random: Random) -> None:
    request.headers += [b"X-%d: %d" % (number, number) for number in range(random.choice([90, 300, 3000]))]


@_hurt
def _fewer_headers(request: Raw, random: Random) -> None:
    if request.headers:
        request.headers.pop(random.randrange(len(request.headers)))


@_hurt
def _connection(request: Raw, random: Random) -> None:
    request.headers += random.choice([
        [b"Connection: close"], [b"Connection: keep-alive, close"], [b"Connection: Upgrade", b"Upgrade: websocket"],
        [b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"],
        [b"Expect: 100-continue"], [b"Expect: 200-ok"], [b"Connection: authorization"], [b"Keep-Alive: timeout=0"],
    ])  # fmt: skip


@_hurt
def _version(request: Raw, random: Random) -> None:
    versions = [
        b"HTTP/1.0",
        b"HTTP/0.9",
        b"HTTP/2.0",
        b"HTTP/1.10",
        b"http/1.1",
        b"HTTP/1.1 x",
        b"",
        b"HTTP/11",
        b"RTSP/1.0",
    ]
    request.version = random.choice(versions)


@_hurt
def _method(request: Raw, random: Random) -> None:
    words = "get OPTIONS PUT PATCH DELETE CONNECT TRACE PRI POST GET PROPFIND G\tT M-SEARCH \xe9 Q".split(" ")
    request.method = random.choice([*words, "", "X" * 9000, "POST "])


@_hurt
def _target(request: Raw, random: Random) -> None:
    path = request.target
    request.target = random.choice([
        b"*", b"", b"/", b"//", b"/v1", b"/v1/", b"?", b"/?", b"/v1//threads", b"http://localhost" + path,
        b"http://evil.example" + path, b"localhost:80", b"/v1/../v1/threads", b"/v1/%2e%2e/threads", b"/v1/threads/%00",
        b"/v1/threads/%ff", b"/v1/threads/%2Fx", b"/v1/threads/%", b"/v1/threads/%zz", b"/v1/threads/\xff", path + b"/",
        path + b"#x", path + b"?", path + b"?a=1&a=2", path + b"?limit=%00", path + b"?limit=" + b"9" * 400,
        path + b"?&&==&",
        path + b"?after[]=x&include[]=", path + b"?api-version=2024-05-01-preview",
        b"/openai" + path.removeprefix(b"/v1"),
        b"/openai/v1" + path.removeprefix(b"/v1"), b"/api/projects/p" + path.removeprefix(b"/v1"),
        b"/v1/threads/" + b"x" * 70_000,
        b"/v1" + b"/a" * 3000, b"/_emulator/state", b"/_emulator/requests?operation=x", b"/_emulator/snapshot?after=-1",
        b"/_emulator/export?as=scenario", b"/_emulator/../v1/threads", b"/v1/threads/ x", b"/v1/threads?\r",
        path.swapcase(),
        b"/v1/assistants?limit=" + b"%d" % random.randint(-3, 200), b"/v1/files?purpose=%F0%9F%98%80&order=asc",
    ])  # fmt: skip


@_hurt
def _json(request: Raw, random: Random) -> None:
    """Another value somewhere in the body, rightly measured."""
    changed = mutated(request.body, random) if request.body[:1] == b"{" else None
    if changed is not None:
        request.without(b"content-length")
        request.body = changed
        request.headers.append(b"Content-Length: %d" % len(changed))


@_hurt
def _body(request: Raw, random: Random) -> None:
    """Bytes for a body, rightly measured."""
    for name in (b"content-length", b"transfer-encoding"):
        request.without(name)
    request.body = random.choice([
        b"", b"{", b"[]", b"null", b"\xff\xfe", b"\xef\xbb\xbf{}", b"[" * 20_000, b'{"a":' * 9000, b"{}{}", b"NaN",
        b'"\\ud800"',
        b"\x1f\x8b\x08\x00", b"--" + BOUNDARY.encode() + b"--", b"1" * 9000,
        b'{"metadata": {"' + b"a" * 99_999 + b'": 1}}',
    ])  # fmt: skip
    request.headers.append(b"Content-Length: %d" % len(request.body))


# ---- Connections ----

_BETWEEN: Final = [
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\x00",
    b"{}",
    b"\x16\x03\x01\x02\x00\x01",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b" ",
]


def connection(random: Random) -> Connection:
    """What one client sends."""
    requests = [valid(random.choice(OPERATIONS), random) for _ in range(random.choice([1, 1, 2, 4]))]
    requests[-1].headers.append(b"Connection: close")
    hurts = random.choice([0, 1, 1, 1, 2, 3])
    names = [random.choice(sorted(HURTS)) for _ in range(hurts)]
    for name in names:
        HURTS[name](random.choice(requests), random)
    parts = [request.whole() for request in requests]
    if random.random() < 0.1:
        parts.insert(random.randint(0, len(parts)), random.choice(_BETWEEN))
        names.append("between")
    raw = b"".join(parts)
    if random.random() < 0.15:
        raw = _by_bytes(raw, random)
        names.append("bytes")
    if random.random() < 0.15:
        raw = raw[: random.randint(0, len(raw))]
        names.append("cut off")
    return Connection(_pieces(raw, random), None if names else len(requests), "+".join(names) or "valid")


def _by_bytes(raw: bytes, random: Random) -> bytes:
    for _ in range(random.choice([1, 1, 2, 8])):
        at = random.randint(0, len(raw))
        new = random.choice([b"", random.randbytes(1), random.randbytes(4), raw[at : at + 20], b"\r\n", b" ", b"\x00"])
        raw = raw[:at] + new + raw[at + random.choice([0, 1, 1, 20]) :]
    return raw


def _pieces(raw: bytes, random: Random) -> list[bytes]:
    """Whole, or cut at a few places; byte by byte now and then."""
    if random.random() < 0.5 or not raw:
        return [raw]
    if random.random() < 0.05:
        return [raw[at : at + 1] for at in range(min(len(raw), 300))] + [raw[300:]]
    places = sorted(random.randint(0, len(raw)) for _ in range(random.randint(1, 6)))
    return [raw[start:end] for start, end in zip([0, *places], [*places, len(raw)], strict=True)]
