"""The host names that requests may use, and the web pages that may send them.

A web page can make a name of its own site resolve to 127.0.0.1 and then send requests to a local server (DNS
rebinding). Such a request has that name in ``Host``, so unknown names are refused. An IP address cannot be such a name,
nor can a name without a dot: no public site has one, but containers use them for each other.

A page can also send requests to the address itself. Browsers mark these with ``Origin`` or ``Sec-Fetch-Site``; other
clients send neither. A page of this machine is let in, whatever port it has: it comes from a loopback address, from a
known name, or from the site that it sends the request to. A browser marks a page of http://localhost that sends
requests to http://127.0.0.1 as cross-site, so that mark alone does not refuse a page.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from ipaddress import ip_address
from typing import NamedTuple

#: Allows all names.
ANY = "*"


class Caller(NamedTuple):
    """Who sends a request, by its headers. ``origin``: the page of this machine that sends it."""

    unknown_host: str | None = None
    is_foreign: bool = False
    origin: bytes | None = None


#: Any client that is no page, under a known name.
NO_PAGE = Caller()
#: What browsers say of a page of the same site, on any port: its host name is known, as that of the request is.
_SAME_SITE = frozenset({b"same-origin", b"same-site"})


class Hosts:
    """The known names: the machine's own, ``bound`` and ``allowed``; without ``allowed``, also all without a dot."""

    def __init__(self, bound: str = "localhost", allowed: Collection[str] = ()) -> None:
        self._names = {"localhost", bound.lower(), *(name_of(name) for name in allowed)}
        self._accepts_undotted = not allowed
        self._is_own = functools.lru_cache(maxsize=256)(self._is_own_uncached)
        self._is_known = functools.lru_cache(maxsize=256)(self._is_known_uncached)

    def caller(self, headers: Mapping[bytes, bytes]) -> Caller:
        """Who sends a request, by its headers. A request without a host name is accepted."""
        host, origin = headers.get(b"host", b""), headers.get(b"origin")
        site = headers.get(b"sec-fetch-site", b"").strip().lower()
        if host and not self._is_known(host):
            return Caller(unknown_host=name_of(host.decode("latin-1")))
        if origin is None:
            return Caller(is_foreign=True) if site == b"cross-site" else NO_PAGE
        if site in _SAME_SITE or self._is_own(origin, host):
            return Caller(origin=origin) if _is_web(origin) else NO_PAGE
        return Caller(is_foreign=True)

    def _is_own_uncached(self, origin: bytes, host: bytes) -> bool:
        """True for an origin of this machine. A page that hides its origin sends ``null``."""
        if not _is_web(origin):
            return False
        rest = origin.partition(b"://")[2]
        name = name_of(rest.decode("latin-1"))
        if _is_address(name):
            return is_loopback(name) or name == name_of(host.decode("latin-1"))
        return self._is_known(rest)

    def _is_known_uncached(self, value: bytes) -> bool:
        name = name_of(value.decode("latin-1"))
        if name in self._names or ANY in self._names or name.endswith(".localhost"):
            return True
        return _is_address(name) or ("." not in name and self._accepts_undotted)


def _is_web(origin: bytes) -> bool:
    return origin.lower().startswith((b"http://", b"https://"))


def name_of(host: str) -> str:
    """The lower-case name in ``name:port``, ``[address]:port`` and the like."""
    bare = host.strip().lower()
    if bare.startswith("["):
        return bare[1:].partition("]")[0]
    return (bare if bare.count(":") > 1 else bare.partition(":")[0]).rstrip(".")


def is_loopback(host: str) -> bool:
    """True for an address that no other machine can reach."""
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
