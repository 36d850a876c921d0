"""What all lists share: how they are asked for, and their envelope."""

from __future__ import annotations

from typing import Any, Final

from emulator.apis.http.request import Answer, Call, answer
from emulator.apis.http.showing import view_of
from emulator.base.json_types import Object
from emulator.world.state.collection import Page, Query

#: ``openai-poll-after-ms``: the SDKs' helpers poll again after this, instead of 1 s (Python) or 5 s (Node).
POLL_SOON: Final = 1


def read_query(call: Call, *, limit: int = 20) -> Query:
    """The cursor parameters of a list; ``limit`` unless another is asked for."""
    asked: dict[str, Any] = {key: call.query[key] for key in ("limit", "order", "after", "before") if key in call.query}
    return Query(**{"limit": limit, **asked})


def list_of(call: Call, page: Page[Object], *, run_status: str = "", content: bool = False) -> Answer:
    """A page of objects in the API's envelope; an empty one has null cursors (FACTS §2).

    ``run_status`` and ``content`` are for run steps: their run's status, and whether search results show their text.
    """
    data = [view_of(call, row, run_status=run_status, content=content) for row in page.rows]
    return answer(envelope(call, page, data))


def envelope(call: Call, page: Page[Any], data: list[Object]) -> Object:
    """Lists of the Assistants endpoints."""
    first, last = cursors(call, page.ids)
    return {"object": "list", "data": data, "first_id": first, "last_id": last, "has_more": page.has_more}


def cursors(call: Call, ids: list[str]) -> tuple[str | None, str | None]:
    """``first_id`` and ``last_id``: null on an empty page (recorded), where the published schema knows no null."""
    nothing = "" if call.world.shapes == "spec" else None
    return (ids[0], ids[-1]) if ids else (nothing, nothing)
