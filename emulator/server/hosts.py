"""By which names a request may call the server, and from which pages.

A web page can let a name of its own site lead to 127.0.0.1 and then speak to what listens there. Its requests carry
that name in ``Host``, so names that nobody said are refused. An address cannot be such a name, and neither can one
without a dot: no site in public has it, but containers call each other so.

A page can also send requests to the address itself. Browsers mark these, by ``Sec-Fetch-Site`` or, before 2023, by
``Origin`` alone; what is no browser sends neither. ``same-site`` is another port of a name that is answered: that is
the developer's own page, and what it may read the browser decides.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable
from ipaddress import ip_address

#: In place of a name: all of them.
ANY = "*"


class Hosts:
    """The names that are answered: the machine's own, ``bound``, ``allowed``; without these, all that have no dot."""

    def __init__(self, bound: str = "localhost", allowed: Collection[str] = ()) -> None:
        self._names = {"localhost", bound.lower(), *(name_of(name) for name in allowed)}
        self._takes_undotted = not allowed
        self._is_own = functools.lru_cache(maxsize=256)(self._is_own_anew)
        self._fits = functools.lru_cache(maxsize=256)(self._fits_anew)

    def refused(self, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """The name that a request calls, if it is none of them. A request without a name is fine."""
        for name, value in headers:
            if name == b"host":
                return None if self._fits(value) else name_of(value.decode("latin-1"))
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

    def _is_own_anew(self, origin: bytes) -> bool:
        """True for an origin that is called as we are. ``null`` is that of a page which hides its own."""
        scheme, mark, name = origin.partition(b"://")
        return bool(mark) and scheme.lower() in (b"http", b"https") and self._fits(name)

    def _fits_anew(self, value: bytes) -> bool:
        name = name_of(value.decode("latin-1"))
        if name in self._names or ANY in self._names or name.endswith(".localhost"):
            return True
        return _is_address(name) or ("." not in name and self._takes_undotted)


def name_of(host: str) -> str:
    """The name in ``name:port``, ``[address]:port`` and the like, as it is compared."""
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
