"""Keeps tests from the real service: while the guard is active, the names of its hosts do not resolve.

It intercepts the name lookups of Python's ``socket`` module and of uvloop, in any client library. A client with a proxy
would leave the lookup to the proxy, so ``EXCEPTED`` goes into ``NO_PROXY`` while the guard is active.
"""

from __future__ import annotations

import functools
import socket
import sys
from collections.abc import Callable
from typing import Any, Final

#: The hosts of OpenAI and Azure OpenAI, each with all its subdomains.
REAL: Final = (
    "api.openai.com",
    "openai.azure.com",
    "openai.azure.us",
    "services.ai.azure.com",
    "cognitiveservices.azure.com",
)
#: The same hosts as a value for ``NO_PROXY``.
EXCEPTED: Final = ",".join(REAL)

#: What lets a client of a module's import reach the emulator.
IMPORT_HINT: Final = (
    "For a client that is created at import time, set assistants_emulator = true in pytest's configuration."
)
#: What a refused connection says of the tests of the pytest plugin, and of any other code.
IN_PYTEST: Final = (
    "Refused to connect to {host}: tests that use the fixture assistants_emulator cannot reach the real service. "
    + IMPORT_HINT
    + " A client with its own base_url must take it from OPENAI_BASE_URL. To allow the connection, use "
    "--assistants-allow-real."
)
WHILE_LEADING: Final = (
    "Refused to connect to {host}: Emulator.leading() keeps clients from the real service. A client that was created "
    "before it has read other variables; create it later. A client with its own base_url must take it from "
    "OPENAI_BASE_URL. To allow the connection, use leading(allow_real=True)."
)


def is_real(host: object) -> bool:
    """True for a host of the real service, in any form that ``getaddrinfo`` accepts."""
    name = host.decode("latin-1") if isinstance(host, bytes) else host
    if not isinstance(name, str):
        return False
    name = name.rstrip(".").lower()
    return any(name == real or name.endswith(f".{real}") for real in REAL)


class Guard:
    """Active between ``__enter__`` and ``__exit__``, which may be nested. ``refused``: the hosts of refused lookups."""

    def __init__(self, message: str = IN_PYTEST) -> None:
        self.refused: list[str] = []
        self._message, self._depth = message, 0
        #: What was replaced: the owner, the name and the function of each.
        self._originals: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> None:
        self._depth += 1
        if self._depth > 1:
            return
        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
            self._replace(socket, name, 0)
        uvloop = sys.modules.get("uvloop")
        if uvloop is not None:  # it does not use the socket module
            self._replace(uvloop.Loop, "getaddrinfo", 1)
            self._replace(uvloop.Loop, "create_connection", 2)

    def __exit__(self, *error: object) -> None:
        self._depth -= 1
        if not self._depth:
            while self._originals:
                setattr(*self._originals.pop())

    def _replace(self, owner: Any, name: str, place: int) -> None:
        """Guards a lookup function until the guard ends."""
        resolve = getattr(owner, name)
        self._originals.append((owner, name, resolve))
        setattr(owner, name, self._guarded(resolve, place))

    def _guarded(self, resolve: Callable[..., Any], place: int) -> Callable[..., Any]:
        """Wraps a lookup function: it refuses a host of the real service. ``place``: the position of its ``host``."""

        @functools.wraps(resolve)
        def guarded(*args: Any, **named: Any) -> Any:
            host = named["host"] if "host" in named else args[place] if len(args) > place else None
            if is_real(host):
                raise self._refusal(host)
            return resolve(*args, **named)

        return guarded

    def _refusal(self, host: Any) -> OSError:
        name = host.decode("latin-1") if isinstance(host, bytes) else str(host)
        self.refused.append(name)
        return socket.gaierror(socket.EAI_FAIL, self._message.format(host=name))
