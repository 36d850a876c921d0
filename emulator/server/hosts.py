"""The host names that requests may use, and the web pages that may send them.

A web page can make a name of its own site resolve to 127.0.0.1 and then send requests to a local server (DNS
rebinding). Such a request has that name in ``Host``, so unknown names are refused. An IP address cannot be such a name,
nor can a name without a dot: no public site has one, but containers use them for each other.

A page can also send requests to the address itself. Browsers mark these with ``Sec-Fetch-Site`` or, before 2023, with
``Origin`` alone; other clients send neither. ``same-site`` means another port of a known name: that is the developer's
own page, and the browser decides what it may read.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable
from ipaddress import ip_address

#: Allows all names.
ANY = "*"


class Hosts:
    """The known names: the machine's own, ``bound`` and ``allowed``; without ``allowed``, also all without a dot."""

    def __init__(self, bound: str = "localhost", allowed: Collection[str] = ()) -> None:
        self._names = {"localhost", bound.lower(), *(name_of(name) for name in allowed)}
        self._accepts_undotted = not allowed
        self._is_own = functools.lru_cache(maxsize=256)(self._is_own_uncached)
        self._is_known = functools.lru_cache(maxsize=256)(self._is_known_uncached)

    def refused(self, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """The host name of a request, if it is unknown. A request without a name is accepted."""
        for name, value in headers:
            if name == b"host":
                return None if self._is_known(value) else name_of(value.decode("latin-1"))
        return None

    def is_foreign(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """True for a request that a browser sends for a page of another site."""
        origin = None
        for name, value in headers:
            if name == b"sec-fetch-site":
                return value.strip().lower() == b"cross-site"
            if name == b"origin":
                origin = value
        return origin is not None and not self._is_own(origin)

    def _is_own_uncached(self, origin: bytes) -> bool:
        """True for an origin with a known name. A page that hides its origin sends ``null``."""
        scheme, mark, name = origin.partition(b"://")
        return bool(mark) and scheme.lower() in (b"http", b"https") and self._is_known(name)

    def _is_known_uncached(self, value: bytes) -> bool:
        name = name_of(value.decode("latin-1"))
        if name in self._names or ANY in self._names or name.endswith(".localhost"):
            return True
        return _is_address(name) or ("." not in name and self._accepts_undotted)


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
