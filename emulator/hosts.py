"""By which names a request may call the server.

A web page can let a name of its own site lead to 127.0.0.1 and then speak to what listens there. Its requests carry
that name in ``Host``, so names that nobody said are refused. An address cannot be such a name, and neither can one
without a dot: no site in public has it, but containers call each other so.
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
        self._fits = functools.lru_cache(maxsize=256)(self._fits_anew)

    def refused(self, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """The name that a request calls, if it is none of them. A request without a name is fine."""
        for name, value in headers:
            if name == b"host":
                return None if self._fits(value) else name_of(value.decode("latin-1"))
        return None

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
