"""The server behind a recorder: its address, the requests to it, and their failures.

It uses the transport of httpx2 alone. So it follows no redirects, keeps no cookies, takes no proxies or keys from the
environment, and passes bodies as they are on the wire.
"""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncGenerator
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from emulator.base.problems import EmulatorError

if TYPE_CHECKING:
    import httpx2

RawHeaders = list[tuple[bytes, bytes]]

#: Seconds that an idle connection is kept: fewer than on servers, which would close a connection as it is used.
_KEEP_ALIVE: Final = 3.0
#: Headers that are about one connection, not about the message (RFC 9110, 7.6.1).
_HOP_BY_HOP: Final = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding "
    b"upgrade".split()
)
#: Headers that the recorder's own connection sets.
_OWN: Final = frozenset({b"host", b"expect"})
_CODING: Final = re.compile(rb"\s*(gzip|x-gzip|deflate|br|identity)\s*(;|$)", re.IGNORECASE)


_EXPECTED: Final = "expected http:// or https://, a host and perhaps a port and a path"


class UpstreamFailed(Exception):
    """The upstream sends no response, or does not finish it."""


class Unreachable(UpstreamFailed):
    """No connection to the upstream is possible."""


class TimedOut(UpstreamFailed):
    """The upstream is silent for too long."""


class Broken(UpstreamFailed):
    """The upstream closes the connection, or sends something that is not HTTP."""


class UpstreamResponse:
    """The head of a response, and its body as it comes."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self.status = response.status_code
        sent = [(name.lower(), value) for name, value in response.headers.raw]
        if any(name == b"transfer-encoding" for name, _ in sent):  # it alone says where the body ends
            sent = [pair for pair in sent if pair[0] != b"content-length"]
        self.headers = end_to_end(sent)

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The body, piece by piece. Raises UpstreamFailed."""
        import httpx2

        try:
            async for piece in self._response.aiter_raw():
                yield piece
        except httpx2.TransportError as error:
            raise _failure(error) from error

    async def close(self) -> None:
        await self._response.aclose()


class Upstream:
    """``timeout``: seconds without a byte. Raises EmulatorError for an invalid URL."""

    def __init__(self, url: str, *, timeout: float = 600.0, insecure: bool = False) -> None:
        self.url = url.rstrip("/")
        scheme, self._host, path = _checked(url)
        #: Without a version at the end: the paths of clients have their own.
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

    def refuse_itself(self, host: str, port: int) -> None:
        """Raises EmulatorError if the upstream is the recorder, which listens on this address."""
        parts = urlsplit(f"//{self._host}")
        if port != (parts.port or (443 if self.url.startswith("https") else 80)) or not parts.hostname:
            return
        try:
            found = {str(one[4][0]) for one in socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)}
        except OSError:
            return  # then it is not this machine, or a request will tell
        wanted = {ip_address(one.partition("%")[0]) for one in found}
        own = ip_address(host.partition("%")[0])
        is_here = any(one.is_loopback or one.is_unspecified for one in wanted)  # a client of 0.0.0.0 comes to 127.0.0.1
        if own in wanted or ((own.is_unspecified or own.is_loopback) and is_here):
            raise EmulatorError(f"--upstream {self.url}: that is the recorder itself; name the server to be recorded")

    def target(self, path: bytes, query: bytes) -> bytes:
        """The target of a client's request: its path after the upstream's, unless it already begins with that."""
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
    ) -> UpstreamResponse:
        """Sends a request, and returns with the head of the response. Raises UpstreamFailed."""
        import httpx2

        extensions = {**self._extensions, "target": target}
        try:
            request = httpx2.Request(method, self._base, headers=headers, content=content, extensions=extensions)
            return UpstreamResponse(await self._transport.handle_async_request(request))
        except httpx2.TransportError as error:
            raise _failure(error) from error

    async def close(self) -> None:
        await self._transport.aclose()


def end_to_end(headers: RawHeaders) -> RawHeaders:
    """The headers without those of the connection. Names are in lower case."""
    named = {token.strip().lower() for name, value in headers if name == b"connection" for token in value.split(b",")}
    return [(name, value) for name, value in headers if name not in _HOP_BY_HOP and name not in named]


def _accepted(value: bytes) -> bytes:
    """Those of the client's content codings that the recorder can undo for its copy."""
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
