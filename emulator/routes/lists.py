"""What all lists share: how they are asked for, and their envelope."""

from __future__ import annotations

from typing import Any

from emulator import views
from emulator.lifecycle import Object
from emulator.store import Page, Query
from emulator.web import Answer, Call, answer


def read_query(call: Call) -> Query:
    """The cursor parameters of a list."""
    asked: dict[str, Any] = {key: call.query[key] for key in ("limit", "order", "after", "before") if key in call.query}
    return Query(**asked)


def list_of(call: Call, page: Page[Object], *, run_status: str = "") -> Answer:
    """A page of objects in the API's envelope; an empty one has null cursors (FACTS §2)."""
    shape = call.world.shapes
    return answer(
        {
            "object": "list",
            "data": [views.in_json(row, shape, run_status=run_status) for row in page.rows],
            "first_id": page.ids[0] if page.ids else None,
            "last_id": page.ids[-1] if page.ids else None,
            "has_more": page.has_more,
        }
    )
