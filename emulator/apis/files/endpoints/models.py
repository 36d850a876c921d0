"""Models: those that the published schema names for assistants. An assistant's model may be any other, too.

A name that begins with ``ft:`` is a fine-tuned model of the caller's, until it is deleted: none is ever listed, because
nobody says which there are.
"""

from __future__ import annotations

from typing import Final

from emulator.apis.files import errors
from emulator.apis.http.lists import deleted
from emulator.apis.http.request import JsonResponse, Request, line_response
from emulator.base.clock import DEFAULT_START
from emulator.base.json_types import Object

_NAMES: Final = [
    "gpt-3.5-turbo",
    "gpt-3.5-turbo-0125",
    "gpt-3.5-turbo-1106",
    "gpt-3.5-turbo-16k",
    "gpt-4",
    "gpt-4-0613",
    "gpt-4-turbo",
    "gpt-4-turbo-2024-04-09",
    "gpt-4.1",
    "gpt-4.1-2025-04-14",
    "gpt-4.1-mini",
    "gpt-4.1-mini-2025-04-14",
    "gpt-4.1-nano",
    "gpt-4.1-nano-2025-04-14",
    "gpt-4o",
    "gpt-4o-2024-05-13",
    "gpt-4o-2024-08-06",
    "gpt-4o-2024-11-20",
    "gpt-4o-mini",
    "gpt-4o-mini-2024-07-18",
    "gpt-5",
    "gpt-5-2025-08-07",
    "gpt-5-mini",
    "gpt-5-mini-2025-08-07",
    "gpt-5-nano",
    "gpt-5-nano-2025-08-07",
    "o1",
    "o1-2024-12-17",
    "o3-mini",
    "o3-mini-2025-01-31",
]


def _model(name: str) -> Object:
    owner = "organization-owner" if _is_fine_tuned(name) else "system"
    return {"id": name, "object": "model", "created": int(DEFAULT_START), "owned_by": owner}


def _is_fine_tuned(name: str) -> bool:
    return name.startswith("ft:")


def _named(request: Request) -> str:
    """The model that the path names, or its error."""
    name = request.path["model"]
    there = name not in request.world.store.deleted_models if _is_fine_tuned(name) else name in _NAMES
    if not there or name in request.world.unknown_models:
        raise errors.model_not_found(name)
    return name


def list_models(request: Request) -> JsonResponse:
    unknown = request.world.unknown_models
    return line_response({"object": "list", "data": [_model(name) for name in _NAMES if name not in unknown]})


def retrieve_model(request: Request) -> JsonResponse:
    return line_response(_model(_named(request)))


def delete_model(request: Request) -> JsonResponse:
    """Only fine-tuned models can be deleted (API reference). An assistant may go on naming one: no model runs."""
    name = _named(request)
    if not _is_fine_tuned(name):
        raise errors.model_not_yours(name)
    request.world.store.deleted_models.add(name)
    return line_response({**deleted(name, "model"), "object": "model"})
