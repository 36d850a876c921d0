"""Other tools of a session that block or record connections: those to the emulator pass them by.

A tool that blocks sockets, as pytest-socket and pytest-recording do, replaces what Python's ``socket`` offers. While a
test uses the emulator, each replacement is wrapped: a connection to the emulator is a genuine one, all others meet the
replacement as before. A cassette of vcrpy ignores requests to the emulator, so that nothing of it is recorded.
"""

from __future__ import annotations

import _socket
import functools
import importlib
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

#: Methods of a socket by which data leaves for an address; each takes the address as its last argument.
_CONNECTING: Final = ("connect", "connect_ex", "sendto")
#: Functions of the module by which names are looked up.
_LOOKUPS: Final = ("getaddrinfo", "gethostbyname")


@dataclass(frozen=True)
class Address:
    """Where the emulator is."""

    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Address:
        parts = urlsplit(url)
        return cls(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))

    @functools.cached_property
    def places(self) -> set[tuple[Any, ...]]:
        """The same with the IP addresses of the host."""
        try:
            found = _socket.getaddrinfo(self.host, self.port, 0, _socket.SOCK_STREAM)
        except OSError:
            found = []
        return {(self.host, self.port), *(place[4][:2] for place in found)}

    def is_meant_by(self, address: Any) -> bool:
        return isinstance(address, tuple) and address[:2] in self.places


class _Patch(NamedTuple):
    """An attribute that was replaced. ``survives``: the tool that it wraps puts the original back by itself."""

    holder: Any
    name: str
    before: Any
    after: Any
    survives: bool


class Admission:
    """Lets the process through to one address."""

    def __init__(self, url: str) -> None:
        self._address = Address.of(url)
        self._patches: list[_Patch] = []

    def expect_cassette(self) -> None:
        """A test will open a cassette: its tool is imported now, if it is there, so that ``admit`` finds it."""
        with suppress(ImportError):
            importlib.import_module("vcr.cassette")

    def admit(self) -> None:
        """Wraps what blocks or records now, and is not wrapped yet. To be called whenever that may have changed."""
        blocked: Any = socket.socket
        if _is_blocked_class(blocked):
            self._set(socket, "socket", _admitting_class(blocked, self._address))
        for name in _CONNECTING:
            method = getattr(socket.socket, name)
            if _is_foreign(method) and not _is_blocked_class(socket.socket):
                self._set(_owner(socket.socket, name), name, _admitting(method, name, self._address), survives=True)
        for name in _LOOKUPS:
            lookup = getattr(socket, name)
            if _is_foreign(lookup):
                self._set(socket, name, _looking_up(lookup, name, self._address.host))
        self._ignore_in_cassettes()

    def withdraw(self, *, all: bool = False) -> None:
        """Before the tools end: what they put back only where they find their own. ``all``: after they have ended."""
        left: list[_Patch] = []
        for patch in reversed(self._patches):
            if patch.survives and not all:
                left.insert(0, patch)
            elif patch.holder.__dict__.get(patch.name) is patch.after:
                setattr(patch.holder, patch.name, patch.before)
        self._patches = left

    def _set(self, holder: Any, name: str, value: Any, *, survives: bool = False) -> None:
        value.__assistants_emulator__ = True
        self._patches.append(_Patch(holder, name, holder.__dict__[name], value, survives))
        setattr(holder, name, value)

    def _ignore_in_cassettes(self) -> None:
        """Makes cassettes that are opened from now on ignore requests to the emulator."""
        cassette: Any = getattr(sys.modules.get("vcr.cassette"), "Cassette", None)
        if "__init__" not in getattr(cassette, "__dict__", ()) or hasattr(cassette.__init__, "__assistants_emulator__"):
            return
        begin, address = cassette.__init__, self._address

        @functools.wraps(begin)
        def begin_ignoring(self: Any, *args: Any, before_record_request: Any = None, **options: Any) -> None:
            def ignoring(request: Any) -> Any:
                if (request.host, request.port) in address.places:
                    return None
                return before_record_request(request) if before_record_request else request

            begin(self, *args, before_record_request=ignoring, **options)

        self._set(cassette, "__init__", begin_ignoring, survives=True)


def keep_sleep() -> None:
    """Lets anyio keep ``asyncio.sleep``, before a test puts ``advance_async`` in its place: it binds it at import."""
    if "anyio" in sys.modules:
        with suppress(ImportError):
            importlib.import_module("anyio._backends._asyncio")


@contextmanager
def real_files() -> Iterator[None]:
    """The real file system, where pyfakefs has put another in its place."""
    patchers = getattr(sys.modules.get("pyfakefs.fake_filesystem_unittest"), "Patcher", None)
    patcher = getattr(patchers, "PATCHER", None)
    if patcher is None:
        yield
        return
    patcher.pause()
    try:
        yield
    finally:
        patcher.resume()


# ---- What stands in for the functions and classes of Python's socket module ----


def _is_foreign(function: Any) -> bool:
    """True for a replacement that neither Python nor the emulator has put there."""
    module = getattr(function, "__module__", None)
    is_builtin = module in (None, "socket", "_socket")
    return not (is_builtin or hasattr(function, "__assistants_emulator__"))


def _owner(kind: Any, name: str) -> Any:
    """The class that has the method itself."""
    return next(one for one in kind.__mro__ if name in one.__dict__)


def _is_blocked_class(kind: Any) -> bool:
    """True for a class of sockets that another tool has put in place of Python's, and that makes none."""
    return isinstance(kind, type) and _is_foreign(kind) and "__new__" in kind.__dict__


def _admitting(method: Callable[..., Any], name: str, address: Address) -> Callable[..., Any]:
    genuine = getattr(_socket.socket, name)

    @functools.wraps(method)
    def admitting(self: Any, *args: Any) -> Any:
        return genuine(self, *args) if args and address.is_meant_by(args[-1]) else method(self, *args)

    return admitting


def _admitting_class(blocked: Any, address: Address) -> Any:
    """Sockets that connect to the address alone; any other connection is what making a socket was before."""
    plain = next(one for one in blocked.__mro__ if one.__module__ == "socket")

    def refuse(self: Any, *args: Any) -> Any:
        self.close()
        return blocked(self.family, self.type, self.proto)  # which raises

    class AdmittedSocket(plain):  # type: ignore[misc, valid-type]
        pass

    for name in _CONNECTING:
        setattr(AdmittedSocket, name, _admitting(refuse, name, address))
    return AdmittedSocket


def _looking_up(lookup: Callable[..., Any], name: str, known: str) -> Callable[..., Any]:
    genuine = getattr(_socket, name)

    @functools.wraps(lookup)
    def looking_up(host: Any, *args: Any, **named: Any) -> Any:
        return genuine(host, *args, **named) if host == known else lookup(host, *args, **named)

    return looking_up
