"""The kinds of faults, in the order of the documentation."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

from emulator.base.json_types import Object
from emulator.sandbox.json_schema import Schema
from emulator.scenarios.faults.registry import FaultKind, fault, parameter
from emulator.scenarios.faults.response_writer import BodyPiece, ResponseWriter, UnhandledRequest

#: Headers of a response: a name that HTTP allows, a value in one line.
HEADERS: Final[Schema] = {
    "type": "object",
    "propertyNames": {
        "pattern": r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?![\s\S])",
        "description": "a header's name, as Retry-After",
    },
    "additionalProperties": {
        "type": "string",
        "pattern": r"^[^\x00\r\n]*(?![\s\S])",  # to the very end: $ would let one newline by
        "description": "a header's value: text in one line",
    },
}


@fault(
    "error",
    "answers with this status (500), body and headers; with `after`, ends the stream with an `error` event",
)
class Error(FaultKind):
    status: int = parameter({"type": "integer", "minimum": 400, "maximum": 599}, default=500)
    body: Object | str | None = parameter({"type": ["object", "string"]}, default=None)
    headers: dict[str, str] = parameter(HEADERS, default_factory=dict)

    def acts_before(self, after: int | None) -> bool:
        return after is None

    async def before(self, request: UnhandledRequest) -> None:
        request.respond_with_error(self.status, self.body, self.headers)

    async def send(self, piece: BodyPiece, response: ResponseWriter) -> None:
        await response.finish(response.error_event(self.status, self.body))


@fault("delay", "waits this many real seconds before the request is handled")
class Delay(FaultKind):
    seconds: float = parameter({"type": "number", "minimum": 0})

    why_no_after = "a delay acts before the request is handled; a stream is slowed by steps that wait"

    def acts_before(self, after: int | None) -> bool:
        return True

    async def before(self, request: UnhandledRequest) -> None:
        await request.wait(self.seconds)


@fault("stall", "says nothing more until the client leaves")
class Stall(FaultKind):
    async def send(self, piece: BodyPiece, response: ResponseWriter) -> None:
        await response.client_left()
        await response.disconnect()


@fault("disconnect", "closes the socket")
class Disconnect(FaultKind):
    async def send(self, piece: BodyPiece, response: ResponseWriter) -> None:
        await response.disconnect()


@fault("truncate", "ends the answer cleanly, a stream without its last event")
class Truncate(FaultKind):
    """Ends a stream after the given number of events, or before its last one; any other body in its middle."""

    def applies_to(self, piece: BodyPiece, response: ResponseWriter) -> bool:
        return response.after is not None or not response.is_stream or response.is_end(piece)

    async def send(self, piece: BodyPiece, response: ResponseWriter) -> None:
        await response.finish(b"" if response.is_stream else piece.body[: len(piece.body) // 2])


class _NextTurn:
    """What ``asyncio.sleep(0)`` does, whatever a test has put in the place of ``asyncio.sleep``."""

    def __await__(self) -> Generator[None]:
        yield


@fault("slice", "sends the answer in pieces of this many bytes")
class Slice(FaultKind):
    bytes: int = parameter({"type": "integer", "minimum": 1})

    async def send(self, piece: BodyPiece, response: ResponseWriter) -> None:
        await response.start(keep_length=True)
        last = max(len(piece.body) - 1, 0) // self.bytes * self.bytes
        for start in range(0, last + 1, self.bytes):
            await response.write(piece.body[start : start + self.bytes], is_last=piece.is_last and start == last)
            await _NextTurn()  # this slice goes out before the next


@fault("garble", "drops the last character of the event's or body's JSON")
class Garble(FaultKind):
    """Garbles one event, or the first piece of any other body."""

    async def send(self, piece: BodyPiece, response: ResponseWriter) -> None:
        end = b"\n\n" if response.is_stream else b""
        json = piece.body[: -len(end)] if response.is_stream else piece.body.rstrip()
        response.pass_on_the_rest()
        await response.write(json[:-1] + end, is_last=piece.is_last)


@fault("replace", "sends this status, body and headers in place of the API's own; those that are not given stay")
class Replace(FaultKind):
    """The request is handled, and its response is another one: also a 200 that the API would never send."""

    status: int | None = parameter({"type": "integer", "minimum": 200, "maximum": 599}, default=None)
    body: Object | list[Any] | str | None = parameter({"type": ["object", "array", "string"]}, default=None)
    headers: dict[str, str] = parameter(HEADERS, default_factory=dict)

    why_no_after = "a response is replaced as a whole; `error` with `after` ends a stream with an event of your own"
    needs_one_of = ("status", "body", "headers")

    async def send(self, piece: BodyPiece, response: ResponseWriter) -> None:
        await response.replace(piece, self.status, self.body, self.headers)
