"""What a kind of fault may do to a request and to its response. The HTTP side implements both protocols."""

from __future__ import annotations

from typing import Any, NamedTuple, NoReturn, Protocol

from emulator.base.json_types import Object


class BodyPiece(NamedTuple):
    """A part of a response's body. In a stream each piece is one event."""

    body: bytes
    is_last: bool


class UnhandledRequest(Protocol):
    """A request that no handler has seen yet."""

    async def wait(self, seconds: float) -> None:
        """Waits so many real seconds, or until the request's world ends."""

    def respond_with_error(self, status: int, body: Object | str | None, headers: dict[str, str]) -> None:
        """Responds instead of the handler. Without a body the response has the service's words for the status."""


class ResponseWriter(Protocol):
    """The way of a response to its client."""

    @property
    def is_stream(self) -> bool:
        """The response is a stream of events; an error response to a request for a stream is none."""

    @property
    def after(self) -> int | None:
        """How many events, or deltas, of the stream the fault let pass; None for a fault without ``after``."""

    def is_end(self, piece: BodyPiece) -> bool:
        """The piece is the event that ends a stream of this API: ``done``, or the last event of a response."""

    async def start(self, *, keep_length: bool) -> None:
        """Sends status and headers, unless they are out. Without its length, the body may be of any other."""

    async def write(self, body: bytes, *, is_last: bool) -> None:
        """Sends a piece of the body, and before the first one status and headers without the body's length."""

    async def finish(self, body: bytes = b"") -> None:
        """Sends a last piece, after which the connection can be used again. What follows is dropped."""

    async def replace(
        self, piece: BodyPiece, status: int | None, body: Object | list[Any] | str | None, headers: dict[str, str]
    ) -> None:
        """Sends another response than the one that begins with the piece: what is None stays as it is.

        A body that is text is sent as plain text, any other as JSON, unless the headers say otherwise.
        """

    async def disconnect(self) -> NoReturn:
        """Sends status and headers, unless they are out, and closes the connection."""

    async def client_left(self) -> None:
        """Waits until the client leaves or the response's world ends."""

    def pass_on_the_rest(self) -> None:
        """Ends the fault: all that follows is sent as it is."""

    def error_event(self, status: int, body: Object | str | None) -> bytes:
        """The event that ends a stream with an error. Without a body it has the service's words for the status."""
