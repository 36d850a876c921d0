"""A request on its way through the pipeline: before its operation is known, and after."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

import orjson

from emulator.apis.http import headers
from emulator.apis.http.flavours import Flavour
from emulator.apis.http.form import Form
from emulator.apis.http.headers import Headers
from emulator.apis.http.request import Handler, Response
from emulator.base.operations import Operation
from emulator.world.faults import ActiveFault
from emulator.world.journal import Entry
from emulator.world.world import World


@dataclass(slots=True)
class ResolvedRequest:
    """A request whose operation is known; its query and body are not validated yet."""

    operation: Operation
    handler: Handler
    path: dict[str, str]
    query: dict[str, Any]
    raw: bytes
    form: Form | None
    #: The request comes by a base that asks for no header of the API's.
    waives_headers: bool
    #: The ``api-version`` of Azure and Foundry.
    version: str
    #: What came of reading a large body, which is done before the request is handled.
    read: Future[dict[str, Any]] | None = None
    #: Its headers are right. If it is refused all the same, a wrong id in its path is named first (``id_forms``).
    is_admitted: bool = False

    @property
    def streams(self) -> bool:
        """The response will be a stream, if it is no error."""
        if self.query.get("stream") == "true":
            return True
        return b'"stream"' in self.raw and _member(self.raw, "stream") is True


@dataclass(slots=True)
class PendingRequest:
    """A request that has no response yet. ``result`` is None until a fault that acts before the handler has done so."""

    world: World
    entry: Entry
    flavour: Flavour
    key: str = ""
    resolved: ResolvedRequest | None = None
    active_fault: ActiveFault | None = None
    result: Response | Exception | None = None

    def shared_headers(self, request_id: str) -> Headers:
        """The headers that the response shares with all others to such requests."""
        now = self.world.clock.now()
        if self.flavour == "openai":
            return headers.openai_headers(request_id, now)
        of_responses = self.resolved is not None and self.resolved.operation.api == "responses"
        return headers.azure_headers(self.flavour, request_id, now, self.entry.headers, of_responses=of_responses)

    def shared_head(self, request_id: str) -> bytes:
        """``shared_headers`` as lines, for a response that goes out at once."""
        if self.flavour == "openai":
            return headers.openai_head(request_id, self.entry.time)
        return headers.lines_of(self.shared_headers(request_id))

    @property
    def is_intercepted(self) -> bool:
        """A fault acts before the handler is called."""
        return self.result is None and self.active_fault is not None and self.active_fault.fault.acts_before


#: Where a scope carries a request that the short way has begun.
PENDING: Final = "assistants_emulator.pending"


def _member(raw: bytes, name: str) -> Any:
    values = json_or_none(raw)
    return values.get(name) if isinstance(values, dict) else None


def json_or_none(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None


def journal_body(body: bytes | Form) -> bytes:
    """The body as the journal keeps it."""
    return orjson.dumps(body.as_json()) if isinstance(body, Form) else body
