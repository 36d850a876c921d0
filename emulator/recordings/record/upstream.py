"""The server that a recorder stands in front of: its address, requests to it, and what can go wrong on the way.

It goes by the transport of httpx2 alone: no redirects are followed, no cookies kept, no proxies or keys taken from the
environment, and bodies come as they are on the wire.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from emulator.base.problems import EmulatorError

if TYPE_CHECKING:
    import httpx2

RawHeaders = list[tuple[bytes, bytes]]

#: Seconds that an idle connection is kept: less than servers do, which else close one that is just being used.
_KEEP_ALIVE: Final = 3.0
#: Headers that are about one connection, not about the message (RFC 9110, 7.6.1).
_HOP_BY_HOP: Final = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding "
    b"upgrade".split()
)
#: What our own connection says for itself.
_OWN: Final = frozenset({b"host", b"expect"})
_CODING: Final = re.compile(rb"\s*(gzip|x-gzip|deflate|br|identity)\s*(;|$)", re.IGNORECASE)


_EXPECTED: Final = "expected http:// or https://, a host and perhaps a port and a path"


class UpstreamFailed(Exception):
    """No answer, or no more of it."""


class Unreachable(UpstreamFailed):
    """It cannot be connected to."""


class TimedOut(UpstreamFailed):
    """It has been silent for too long."""


class Broken(UpstreamFailed):
    """It closed the connection, or what it sent is no HTTP."""


class Answer:
    """The head of an answer, and its body as it comes."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self.status = response.status_code
        sent = [(name.lower(), value) for name, value in response.headers.raw]
        if any(name == b"transfer-encoding" for name, _ in sent):  # which says where the body ends, whatever else does
            sent = [pair for pair in sent if pair[0] != b"content-length"]
        self.headers = end_to_end(sent)

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Raises UpstreamFailed."""
        import httpx2

        try:
            async for piece in self._response.aiter_raw():
                yield piece
        except httpx2.TransportError as error:
            raise _failure(error) from error

    async def close(self) -> None:
        await self._response.aclose()


class Upstream:
    """``timeout``: seconds without a byte. Raises EmulatorError for a URL that is none."""

    def __init__(self, url: str, *, timeout: float = 600.0, insecure: bool = False) -> None:
        self.url = url.rstrip("/")
        scheme, self._host, path = _checked(url)
        #: A version at the end is left out: the paths of clients have their own.
        self._prefix = re.sub(rb"/v1$", b"", path.rstrip("/").encode())
        import httpx2

        try:
            self._base = httpx2.URL(f"{scheme}://{self._host}/")
        except httpx2.InvalidURL as error:
            raise EmulatorError(f"--upstream {url!r}: {_EXPECTED}; {error}") from None
        self._extensions = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), timeout)}
        self._transport = httpx2.AsyncHTTPTransport(
            verify=scheme == "https" and not insecure,
            trust_env=False,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=_KEEP_ALIVE),
        )

    def target(self, path: bytes, query: bytes) -> bytes:
        """Where a client's request goes: its path behind the upstream's, unless it begins with that already."""
        inside = path == self._prefix or path.startswith(self._prefix + b"/")
        return (path if inside else self._prefix + path) + (b"?" + query if query else b"")

    def headers(self, sent: RawHeaders) -> RawHeaders:
        """The headers of a client's request, as they go to the upstream."""
        kept = [
            (name, _accepted(value) if name == b"accept-encoding" else value)
            for name, value in end_to_end(sent)
            if name not in _OWN
        ]
        return [(b"host", self._host.encode()), *kept]

    async def send(
        self, method: str, target: bytes, headers: RawHeaders, content: bytes | AsyncGenerator[bytes, None] | None
    ) -> Answer:
        """Sends a request, and answers once the head of the answer is there. Raises UpstreamFailed."""
        import httpx2

        extensions = {**self._extensions, "target": target}
        try:
            request = httpx2.Request(method, self._base, headers=headers, content=content, extensions=extensions)
            return Answer(await self._transport.handle_async_request(request))
        except httpx2.TransportError as error:
            raise _failure(error) from error

    async def close(self) -> None:
        await self._transport.aclose()


def end_to_end(headers: RawHeaders) -> RawHeaders:
    """Without those that are about the connection. Names are in lower case."""
    named = {token.strip().lower() for name, value in headers if name == b"connection" for token in value.split(b",")}
    return [(name, value) for name, value in headers if name not in _HOP_BY_HOP and name not in named]


def _accepted(value: bytes) -> bytes:
    """Of the content codings that a client takes, those that the recorder can undo for its copy."""
    return b",".join(coding for coding in value.split(b",") if _CODING.match(coding)).strip() or b"identity"


def _checked(url: str) -> tuple[str, str, str]:
    """Scheme, host with port, and path."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - it is read to be checked
    except ValueError as error:
        raise EmulatorError(f"--upstream {url!r}: {_EXPECTED}; {error}") from None
    if parts.username is not None or parts.password is not None:
        raise EmulatorError("--upstream: leave out name and password; the credentials of each client are passed on")
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"[^\x21-\x7e]|\\", url):
        meant = f"; did you mean 'http://{url}'?" if "://" not in url else ""
        raise EmulatorError(f"--upstream {url!r}: {_EXPECTED}{meant}")
    if parts.query or parts.fragment:
        raise EmulatorError(f"--upstream {url!r}: {_EXPECTED}, and no query: the query of each request is passed on")
    return parts.scheme, parts.netloc, parts.path


def _failure(error: Exception) -> UpstreamFailed:
    import httpx2

    reason = str(error) or type(error).__name__
    if isinstance(error, (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol)):
        return Unreachable(reason)
    return TimedOut(reason) if isinstance(error, httpx2.TimeoutException) else Broken(reason)
