"""How handlers show objects: as the world's shape and the request's flavour have them."""

from __future__ import annotations

from emulator.apis.assistants import views
from emulator.apis.http.request import Answer, Call, answer
from emulator.base.json_types import Object


def view_of(call: Call, thing: Object, *, run_status: str = "", content: bool = False) -> Object:
    """An object as this request sees it.

    ``run_status`` and ``content`` are for run steps: their run's status, and whether search results show their text.
    """
    azure = call.flavour == "azure"
    return views.in_json(thing, call.world.shapes, azure=azure, run_status=run_status, content=content)


def shown(call: Call, thing: Object, *, poll_after: int | None = None) -> Answer:
    """The answer that is an object."""
    return answer(view_of(call, thing), poll_after=poll_after)
