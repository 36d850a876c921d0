"""What all lists share: their query and their envelope."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from emulator.apis.http.request import JsonResponse, Request, json_response
from emulator.base.json_types import Object
from emulator.world.state.collection import Page, Query

#: ``openai-poll-after-ms``: the SDKs' helpers poll again after this, instead of 1 s (Python) or 5 s (Node).
POLL_SOON: Final = 1


def read_query(request: Request, *, limit: int = 20) -> Query:
    """The cursor parameters of a list; ``limit`` unless the request has another."""
    stated = request.query.get
    return Query(stated("limit", limit), stated("order", "desc"), stated("after"), stated("before"))


def list_of(request: Request, page: Page[Any], view: Callable[[Any], Mapping[str, Any]]) -> JsonResponse:
    """A page of objects in the API's envelope; an empty one has null cursors (docs/wire.md §2)."""
    return json_response(envelope(request, page, [view(row) for row in page.rows]))


def envelope(request: Request, page: Page[Any], data: Sequence[Mapping[str, Any]]) -> Object:
    """The envelope of a list."""
    first, last = cursors(request, page.ids)
    return {"object": "list", "data": data, "first_id": first, "last_id": last, "has_more": page.has_more}


def cursors(request: Request, ids: list[str]) -> tuple[str | None, str | None]:
    """``first_id`` and ``last_id``: null on an empty page (docs/wire.md §2), which the published schema forbids."""
    nothing = "" if request.world.shapes == "spec" else None
    return (ids[0], ids[-1]) if ids else (nothing, nothing)


def deleted(id: str, kind: str) -> Object:
    """The response to a delete."""
    return {"id": id, "object": f"{kind}.deleted", "deleted": True}
