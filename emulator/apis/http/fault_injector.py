"""Injects faults into HTTP: into a request before it is handled, or into its response, as a wrapper of ASGI's ``send``.

A stream sends one body message per event, so ``after`` counts messages, or those of them that are deltas. It is never
reached in a response that is no stream, as the error that the service returns for a bad request. ``BrokenOff`` leaves a
response incomplete, and the server then closes the connection.
"""

from __future__ import annotations

import asyncio
from asyncio import sleep  # a test may put another in its place
from collections.abc import Callable
from typing import Any, NoReturn

from starlette.types import Receive, Send

from emulator.apis.http import fault_errors
from emulator.apis.http.flavours import Flavour
from emulator.apis.http.request import JsonResponse
from emulator.apis.http.response import BrokenOff
from emulator.apis.http.stubs import BODILESS
from emulator.base import sse
from emulator.base.json_types import Object
from emulator.base.operations import BY_NAME
from emulator.scenarios.faults import BodyPiece, Fault
from emulator.world.faults import ActiveFault
from emulator.world.journal import Entry
from emulator.world.world import World

Message = dict[str, Any]


class RequestInterceptor:
    """The ``UnhandledRequest`` of a fault. ``response``: the one that takes the place of the handler's."""

    def __init__(self, operation: str, flavour: Flavour, version: str, on_end: list[Callable[[], None]]) -> None:
        self._operation, self._flavour, self._version, self._on_end = operation, flavour, version, on_end
        self.response: JsonResponse | None = None

    async def wait(self, seconds: float) -> None:
        await until_end(self._on_end, asyncio.ensure_future(sleep(seconds)))

    def respond_with_error(self, status: int, body: Object | str | None, headers: dict[str, str]) -> None:
        self.response = fault_errors.error_response(
            status, body, headers, self._operation, self._flavour, self._version
        )


class FaultInjector:
    """The ``ResponseWriter`` of a fault: an ASGI ``send`` that passes ``after`` events on, and the rest to the fault.

    ``reached``: the fault was applied.
    """

    def __init__(
        self,
        fault: Fault,
        operation: str,
        send: Send,
        receive: Receive,
        on_end: list[Callable[[], None]],
        *,
        is_stream: bool,
        on_replaced: Callable[[int, bytes | None], None],
    ) -> None:
        """``on_replaced``: called with the status, and the body if it is another, of a replaced response."""
        self._on_replaced = on_replaced
        self._kind, self.after, self.is_stream = fault.kind, fault.after, is_stream
        self._of_response = BY_NAME[operation].api == "responses"
        self._counts_deltas = fault.counts_deltas(operation)
        self._send, self._receive, self._on_end = send, receive, on_end
        self._to_pass, self._passed = fault.after or 0, 0
        self._passes_the_rest = fault.after is not None and not is_stream
        #: Status and headers, until they are out.
        self._head: Message | None = None
        self._is_finished = False
        self.reached = False

    async def __call__(self, message: Any) -> None:
        if self._is_finished:
            return
        if message["type"] == "http.response.start":
            self._head = dict(message)
            if self.after is not None:
                await self.start(keep_length=True)
            return
        piece = BodyPiece(message.get("body", b""), not message.get("more_body", False))
        if self._is_passed_on(piece):
            await self.start(keep_length=False)
            await self._send(message)
        else:
            self.reached = True
            await self._kind.send(piece, self)

    def _is_passed_on(self, piece: BodyPiece) -> bool:
        if self._passes_the_rest:
            return True
        if self._to_pass > 0:
            self._to_pass -= not self._counts_deltas or sse.is_delta(piece.body)
            self._passed += 1
            return True
        return not self._kind.applies_to(piece, self)

    # ---- What a kind may do ----

    async def start(self, *, keep_length: bool) -> None:
        if self._head is not None:
            head, self._head = self._head, None
            if not keep_length:
                head["headers"] = [pair for pair in head["headers"] if pair[0] != b"content-length"]
            await self._send(head)

    async def write(self, body: bytes, *, is_last: bool) -> None:
        await self.start(keep_length=False)
        await self._send({"type": "http.response.body", "body": body, "more_body": not is_last})

    async def finish(self, body: bytes = b"") -> None:
        self._is_finished = True
        await self.write(body, is_last=True)

    async def replace(
        self, piece: BodyPiece, status: int | None, body: Object | list[Any] | str | None, headers: dict[str, str]
    ) -> None:
        assert self._head is not None
        replaced = None if body is None else fault_errors.replaced_body(body)
        sent = self._head["status"] if status is None else status
        self._head = {
            **self._head,
            "status": sent,
            "headers": fault_errors.replaced_headers(self._head["headers"], sent, body, replaced, headers),
        }
        last = b"" if sent in BODILESS else replaced
        self._on_replaced(sent, last)
        await self.start(keep_length=True)
        if last is None:
            self.pass_on_the_rest()
            await self.write(piece.body, is_last=piece.is_last)
        else:
            await self.finish(last)

    async def disconnect(self) -> NoReturn:
        await self.start(keep_length=True)  # a server that has sent nothing would answer 500 instead
        raise BrokenOff

    async def client_left(self) -> None:
        await until_end(self._on_end, asyncio.ensure_future(self._until_left()))

    async def _until_left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            continue

    def pass_on_the_rest(self) -> None:
        self._passes_the_rest = True

    def error_event(self, status: int, body: Object | str | None) -> bytes:
        if self._of_response:
            return fault_errors.response_error_event(status, body, self._passed)
        return fault_errors.error_event(status, body)

    def is_end(self, piece: BodyPiece) -> bool:
        return piece.is_last if self._of_response else piece.body == sse.DONE


def injector_for(
    active: ActiveFault, world: World, entry: Entry, send: Send, receive: Receive, *, is_stream: bool
) -> FaultInjector:
    """The injector of a fault that acts on the response to a request."""
    return FaultInjector(
        active.fault,
        entry.operation or "",
        send,
        receive,
        world.on_end,
        is_stream=is_stream,
        on_replaced=lambda status, body: world.journal.replaced(entry, status, body),
    )


async def until_end(on_end: list[Callable[[], None]], waiting: asyncio.Future[Any]) -> None:
    """Waits for something, but no longer than the world lasts. ``on_end``: what the world calls when it ends."""
    ended = asyncio.Event()
    on_end.append(ended.set)
    ending = asyncio.ensure_future(ended.wait())
    try:
        await asyncio.wait({waiting, ending}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        ending.cancel()
        on_end.remove(ended.set)
