"""Cassettes of vcrpy as a way to the emulator: vcrpy takes a request of the API, and the emulator answers it.

So a client reaches the emulator also where the environment does not lead it there: one with a base of its own, or one
whose test clears the variables. All other requests meet the cassette as before.
"""

from __future__ import annotations

import functools
import http.client
import importlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from emulator.control.client import Control
    from emulator.recordings.exchange import Exchange

#: Headers of a request that belong to its connection or its credential; the emulator gets its own.
_OWN: Final = frozenset({"host", "content-length", "connection", "accept-encoding", "transfer-encoding", "api-key"})
#: Headers of a response that belong to its connection.
_OF_THE_CONNECTION: Final = frozenset({"connection", "transfer-encoding", "keep-alive"})
_TIMEOUT: Final = 60


class CassetteDoor:
    """Leads requests for the hosts of loaded cassettes to the emulator. ``opened`` gets each file that vcrpy opens."""

    def __init__(self, control: Control, opened: Callable[[list[Path]], None]) -> None:
        self._control, self._opened = control, opened
        #: What stands before the path of the API, and what the emulator has in its place, by host.
        self._bases: dict[str, tuple[str, str]] = {}
        #: A cassette without URLs: its requests may be for any host.
        self._is_for_all_hosts = False

    def lead(self, exchanges: Iterable[tuple[Exchange, Exchange]]) -> None:
        """Leads requests like these from now on: each as it was recorded, and as the emulator knows it."""
        from emulator.recordings.distil.api_calls import has_address, operation_of

        for recorded, known in exchanges:
            if operation_of(known)[0] is None:
                continue
            if not has_address(recorded):
                self._is_for_all_hosts = True
                continue
            tail = known.path.removeprefix("/v1") if recorded.path != known.path else recorded.path
            self._bases[_host_of(recorded)] = (
                recorded.path.removesuffix(tail),
                known.path.removesuffix(tail),
            )

    @contextmanager
    def open(self) -> Iterator[None]:
        """Stands open for a block, if vcrpy is installed, and if its cassettes have the methods that are replaced."""
        with pytest.MonkeyPatch.context() as patch:
            with suppress(ImportError, AttributeError):
                self._stand_in(importlib.import_module("vcr.cassette").Cassette, patch)
            yield

    def _stand_in(self, cassette: Any, patch: pytest.MonkeyPatch) -> None:
        load, can_play, play = cassette._load, cassette.can_play_response_for, cassette.play_response

        @functools.wraps(load)
        def loading(tape: Any) -> Any:
            extra = getattr(getattr(tape, "_persister", None), "extra_paths", ())
            opened = getattr(tape, "_path", None)
            self._opened([Path(str(one)) for one in (opened, *extra) if one is not None])
            return load(tape)

        @functools.wraps(can_play)
        def can_be_played(tape: Any, request: Any) -> Any:
            return self._target(request) is not None or can_play(tape, request)

        @functools.wraps(play)
        def playing(tape: Any, request: Any) -> Any:
            target = self._target(request)
            if target is None:
                return play(tape, request)
            _count(tape, request)
            return self._answer(request, target)

        patch.setattr(cassette, "_load", loading)
        patch.setattr(cassette, "can_play_response_for", can_be_played)
        patch.setattr(cassette, "play_response", playing)

    def _target(self, request: Any) -> str | None:
        """The path and query with which the emulator gets a request; None for one that is not for it."""
        from emulator.recordings.distil.api_calls import operation_of
        from emulator.recordings.distil.bases import base_of
        from emulator.recordings.exchange import Exchange

        host = _host(str(request.host or ""), request.port)
        base = self._bases.get(host)
        if base is None and self._is_for_all_hosts and host != urlsplit(self._control.url).netloc:
            found = base_of(Exchange(request.method, request.uri, 0))
            base = None if found is None else (found, "/v1")
        if base is None or not request.path.startswith(base[0]):
            return None
        query = f"?{request.parsed_uri.query}" if request.parsed_uri.query else ""
        target = f"{base[1]}{request.path[len(base[0]) :]}{query}"
        return target if operation_of(Exchange(request.method, f"https://host{target}", 0))[0] is not None else None

    def _answer(self, request: Any, target: str) -> dict[str, Any]:
        """The emulator's response, in the form of vcrpy."""
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN}
        headers["Authorization"] = f"Bearer {self._control.api_key}"
        connection = self._connection()
        try:
            connection.request(request.method, target, _bytes_of(request.body), headers)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        kept: dict[str, list[str]] = {}
        for name, value in response.getheaders():
            if name.lower() not in _OF_THE_CONNECTION:
                kept.setdefault(name, []).append(value)
        status = {"code": response.status, "message": response.reason}
        return {"status": status, "headers": kept, "body": {"string": body}}

    def _connection(self) -> http.client.HTTPConnection:
        address = urlsplit(self._control.url)
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        return kind(address.netloc, timeout=_TIMEOUT)


def _host(name: str, port: int | None) -> str:
    return name.lower() if port in (None, 80, 443) else f"{name.lower()}:{port}"


def _host_of(exchange: Exchange) -> str:
    parts = urlsplit(exchange.url)
    return _host(parts.hostname or "", parts.port)


def _bytes_of(body: Any) -> bytes | None:
    """The body of a request, which may be a file or an iterator."""
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    return bytes(body.read()) if hasattr(body, "read") else b"".join(body)


def _count(tape: Any, request: Any) -> None:
    """Counts the recorded response of a request as played, for tests that look at the counts of their cassette."""
    same = (number for number, (recorded, _) in enumerate(tape.data)
            if (recorded.method, recorded.path) == (request.method, request.path))  # fmt: skip
    numbers = list(same)
    unplayed = next((number for number in numbers if not tape.play_counts[number]), None)
    if numbers:
        tape.play_counts[numbers[-1] if unplayed is None else unplayed] += 1
