"""What handlers get and give: a request that is known to be well-formed, and its response.

Handlers are plain functions from ``Request`` to ``JsonResponse``, ``FileResponse`` or ``StreamResponse``. They run
without a pause, so that no other request sees the world in between. ``pipeline`` calls them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from emulator.apis.http.flavours import FOUNDRY, Flavour
from emulator.apis.http.form import Form
from emulator.apis.http.headers import Header, read_query
from emulator.apis.http.json_text import pretty
from emulator.base.clock import FOREVER
from emulator.world.journal import Entry
from emulator.world.state.contents import Content
from emulator.world.world import World

if TYPE_CHECKING:
    from emulator.engine.active_turn import ActiveTurn
    from emulator.engine.event_stream import EventStream
    from emulator.engine.turn_engine import TurnEngine


@functools.cache
def _engine_class() -> type[TurnEngine]:
    from emulator.engine.turn_engine import TurnEngine

    return TurnEngine


@dataclass(slots=True)
class Request:
    """A request that is known to be well-formed, in its world."""

    world: World
    entry: Entry
    flavour: Flavour
    path: dict[str, str]
    query: dict[str, Any]
    body: dict[str, Any]
    form: Form | None = None
    #: The request is a poll; if no poll changes any more what it names, ``at_rest`` says what that is.
    is_poll: bool = False
    at_rest: Callable[[], str] | None = None
    _engine: TurnEngine | None = None

    def note_poll(self, at_rest: Callable[[], str] | None) -> None:
        """None for what polls still change; of several things, one that they do decides."""
        if not self.is_poll or self.at_rest is not None:
            self.is_poll, self.at_rest = True, at_rest

    @property
    def engine(self) -> TurnEngine:
        """Plays the world's turns. It is imported when a request first needs it: no start waits for it."""
        if self._engine is None:
            self._engine = _engine_class()(self.world)
        return self._engine

    @property
    def on_azure(self) -> bool:
        """On Azure OpenAI or Foundry, whose objects have the same forms."""
        return self.flavour != "openai"

    @property
    def version(self) -> str:
        """The ``api-version`` that the request names; empty for none."""
        version = read_query(self.entry.query).get("api-version", "")
        return version if isinstance(version, str) else ""

    @property
    def on_foundry(self) -> bool:
        return self.flavour in FOUNDRY


@dataclass(slots=True)
class JsonResponse:
    """A JSON response. ``poll_after``: milliseconds for the header that the SDKs' polling helpers obey."""

    body: bytes
    status: int = 200
    poll_after: int | None = None
    headers: Sequence[Header] = ()


class FileResponse(NamedTuple):
    """A response that is a file's bytes. ``disposition``: empty for the usual one, by the file's name."""

    content: Content
    filename: str
    media_type: str = "application/octet-stream"
    disposition: str = ""


class StreamResponse(NamedTuple):
    """A response that is a stream of events, from the frame ``first`` on.

    ``left``: called when the client leaves while the stream waits.
    """

    engine: TurnEngine
    turn: ActiveTurn
    stream: EventStream
    left: Callable[[], None] | None = None
    first: int = 0


class AwaitedResponse(NamedTuple):
    """A JSON response, or a refusal, that is ready when a turn has come to rest; ``stream`` is open until then.

    ``left``: called when the client leaves before that.
    """

    engine: TurnEngine
    turn: ActiveTurn
    stream: EventStream
    ready: Callable[[], JsonResponse | Exception]
    left: Callable[[], None] | None = None


def pull(response: StreamResponse | AwaitedResponse) -> float | None:
    """Plays what is due for a response; how long it may wait for more, in real seconds (None: until woken)."""
    engine, clock = response.engine, response.engine.world.clock
    if clock.name == "real":
        engine.catch_up()
    patience = engine.patience(response.turn)
    if clock.name != "real":
        return patience
    until = engine.next_instant(response.turn) - clock.now()
    return min(until, FOREVER if patience is None else patience)


#: What is sent as it is.
SentResponse = JsonResponse | FileResponse | StreamResponse
Response = SentResponse | AwaitedResponse
Handler = Callable[[Request], Response]


def json_response(value: Any, *, poll_after: int | None = None) -> JsonResponse:
    """A value as the service's Assistants endpoints write it."""
    return JsonResponse(pretty(value), poll_after=poll_after)


def line_response(value: Any) -> JsonResponse:
    """A value as the service's other endpoints write it: JSON that ends with a newline (docs/wire.md §1)."""
    return JsonResponse(pretty(value) + b"\n")
