"""What is sent of responses and items: all of it, but for what ``include`` has to ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from emulator.apis.http.lists import envelope
from emulator.apis.http.request import JsonResponse, Request
from emulator.apis.responses.objects import Item, Response
from emulator.apis.responses.wire import escaped, list_in_order
from emulator.base.json_types import Object
from emulator.world.state.collection import Page

#: The values of ``include`` of a request.
Include = frozenset[str]

_FINISHED: Final = frozenset({"completed", "incomplete", "failed"})
_NOTHING: Final[Object] = {}
#: The first keys of a finished response, ``billing`` in its place among them.
_BILLED: Final[Object] = {
    "id": "", "object": "", "created_at": 0, "status": "", "background": False, "billing": {"payer": "developer"},
}  # fmt: skip


def response_view(response: Response, include: Include, first: Object = _NOTHING) -> Object:
    """A response as events carry it. ``first``: what stands before all else, and keeps its place."""
    return {**first, **response, "output": [item_view(item, include) for item in response["output"]]}


def response_in_json(response: Response, include: Include) -> Object:
    """A response as a JSON response: on OpenAI with ``billing`` once it is finished (docs/wire.md, Responses §2)."""
    is_billed = response["status"] in _FINISHED and "content_filters" not in response
    return response_view(response, include, _BILLED if is_billed else _NOTHING)


def item_view(item: Mapping[str, Any], include: Include) -> Mapping[str, Any]:
    """An item: results of searches, outputs of code and the data of images only for those who ask for them."""
    kind = item.get("type")
    if kind == "file_search_call":
        return {**item, "results": item["results"] if "file_search_call.results" in include else None}
    if kind == "code_interpreter_call":
        shown = item["outputs"] if "code_interpreter_call.outputs" in include else None
        return {**item, "outputs": shown}
    if kind == "message" and item["role"] != "assistant":
        return {**item, "content": [_part_view(part, include) for part in item["content"]]}
    return item


def _part_view(part: Object, include: Include) -> Object:
    """A part of an input: files and images without their data."""
    if part["type"] == "input_image" and "message.input_image.image_url" not in include:
        return {**part, "image_url": None}
    if part["type"] == "input_file":
        return {key: value for key, value in part.items() if key != "file_data"}
    return part


def included(request: Request) -> Include:
    """The values of ``include`` of a query."""
    return frozenset(request.query.get("include[]") or ())


def item_list(request: Request, page: Page[Item]) -> JsonResponse:
    """A page of items."""
    include = included(request)
    return list_response(request, page, [item_view(item, include) for item in page.rows])


def list_response(request: Request, page: Page[Any], data: Sequence[Mapping[str, Any]]) -> JsonResponse:
    """A page of objects in this API's envelope."""
    return json_response(list_in_order(envelope(request, page, data)))


def json_response(value: Any, *, poll_after: int | None = None) -> JsonResponse:
    """A value as this API's endpoints write it."""
    return JsonResponse(escaped(value), poll_after=poll_after)
