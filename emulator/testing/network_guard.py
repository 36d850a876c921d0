"""Keeps tests off the real service: while the guard is up, the names of its hosts do not resolve.

It sees whatever asks Python's ``socket`` module or uvloop for an address, in any client library. A client that goes
through a proxy asks the proxy instead, so ``EXCEPTED`` goes into ``NO_PROXY`` while the guard is up.
"""

from __future__ import annotations

import functools
import socket
import sys
from collections.abc import Callable
from typing import Any, Final

import pytest

#: Hosts of OpenAI and Azure OpenAI, each with all that ends in a dot and it.
REAL: Final = (
    "api.openai.com",
    "openai.azure.com",
    "openai.azure.us",
    "services.ai.azure.com",
    "cognitiveservices.azure.com",
)
#: The same, for ``NO_PROXY``.
EXCEPTED: Final = ",".join(REAL)

_WORDS: Final = (
    "{host} was refused: the fixture assistants_emulator is active, and no test reaches the real service meanwhile. "
    "A client that is made at import time needs the setting assistants_emulator = true, one with a base_url of its own "
    "has to take it from OPENAI_BASE_URL; --assistants-allow-real lifts the refusal."
)


def is_real(host: object) -> bool:
    """True for a host of the real service, as any caller of ``getaddrinfo`` writes it."""
    name = host.decode("latin-1") if isinstance(host, bytes) else host
    if not isinstance(name, str):
        return False
    name = name.rstrip(".").lower()
    return any(name == real or name.endswith(f".{real}") for real in REAL)


class Guard:
    """Up between ``__enter__`` and ``__exit__``, which may be nested. ``refused``: the hosts that were asked for."""

    def __init__(self) -> None:
        self.refused: list[str] = []
        self._depth = 0
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> None:
        self._depth += 1
        if self._depth > 1:
            return
        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
            self._patch.setattr(socket, name, self._guarded(getattr(socket, name), 0))
        uvloop = sys.modules.get("uvloop")
        if uvloop is not None:  # it resolves by itself
            self._patch.setattr(uvloop.Loop, "getaddrinfo", self._guarded(uvloop.Loop.getaddrinfo, 1))
            self._patch.setattr(uvloop.Loop, "create_connection", self._guarded(uvloop.Loop.create_connection, 2))

    def __exit__(self, *error: object) -> None:
        self._depth -= 1
        if not self._depth:
            self._patch.undo()

    def _guarded(self, resolve: Callable[..., Any], place: int) -> Callable[..., Any]:
        """A function that refuses a real ``host``, which is its argument at that place or of that name."""

        @functools.wraps(resolve)
        def guarded(*args: Any, **named: Any) -> Any:
            host = named["host"] if "host" in named else args[place] if len(args) > place else None
            if is_real(host):
                raise self._refusal(host)
            return resolve(*args, **named)

        return guarded

    def _refusal(self, host: Any) -> OSError:
        shown = host.decode("latin-1") if isinstance(host, bytes) else str(host)
        self.refused.append(shown)
        return socket.gaierror(socket.EAI_FAIL, _WORDS.format(host=shown))
