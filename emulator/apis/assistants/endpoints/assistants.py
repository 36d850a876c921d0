"""Assistants."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from emulator.apis.assistants import errors, objects, strict_schemas
from emulator.apis.assistants.model_rules import (
    SAMPLING,
    Base,
    check_model,
    check_version,
    has_plain_format,
    sampling_of,
)
from emulator.apis.assistants.objects import Assistant
from emulator.apis.assistants.resources import resolve
from emulator.apis.assistants.store import objects_of
from emulator.apis.assistants.views import shown, view_of
from emulator.apis.http.lists import deleted, list_of, read_query
from emulator.apis.http.request import JsonResponse, Request, json_response

#: The parameters of a run that the checks compare with its assistant.
_SETTINGS: Final = frozenset({*SAMPLING, "model", "tools", "reasoning_effort", "response_format"})
#: Known to be refused, with its snapshots (docs/wire.md §4). Any other name is accepted: nobody knows all of them.
_UNSUPPORTED = re.compile(r"gpt-5\.1(?!\d)")


def check_settings(request: Request, assistant: Assistant | None = None, *, modifies: bool = False) -> None:
    """Checks what assistants and runs both have: model, tools and response format. Raises ApiError.

    ``assistant``: the one that runs, or that the request ``modifies``. Azure does not check the model's name
    (docs/wire.md §6); a model that the scenario gives as unknown is refused everywhere.
    """
    model = request.body.get("model")
    named = model or (assistant["model"] if assistant and not modifies else None)
    if named in request.world.unknown_models:
        raise errors.model_not_found(named)
    if assistant and not modifies and _SETTINGS.isdisjoint(request.body) and has_plain_format(assistant):
        return  # most runs: an assistant goes with itself
    if model and _UNSUPPORTED.match(model) and request.flavour == "openai":
        raise errors.unsupported_model(model)
    if request.flavour == "azure":
        check_version(request.body, request.version)
    base = None
    if assistant:
        base = Base(assistant, objects_of(request.world).sampling_of(assistant["id"]), null_clears=modifies)
    check_model(request.body, base, on_azure=request.on_azure)
    strict_schemas.check_tools(request.body.get("tools"))
    strict_schemas.check_response_format(request.body.get("response_format"))


def list_assistants(request: Request) -> JsonResponse:
    page = objects_of(request.world).assistants.page(read_query(request))
    return list_of(request, page, partial(view_of, request))


def create_assistant(request: Request) -> JsonResponse:
    check_settings(request)
    world = request.world
    resources = resolve(world, request.body.get("tool_resources"), on_azure=request.on_azure)
    id = world.ids.make("assistant")
    made = objects.assistant(id, world.now, {**request.body, "tool_resources": resources})
    objects_of(world).put_assistant(made, sampling_of(request.body))
    return shown(request, made)


def get_assistant(request: Request) -> JsonResponse:
    return shown(request, objects_of(request.world).assistants.find(request.path["assistant_id"], "assistant_id"))


def modify_assistant(request: Request) -> JsonResponse:
    objects_here = objects_of(request.world)
    old = objects_here.assistants.find(request.path["assistant_id"], "assistant_id")
    check_settings(request, old, modifies=True)
    sent = request.body.get("tool_resources")
    resources = {} if sent is None else {"tool_resources": resolve(request.world, sent, on_azure=request.on_azure)}
    modified = objects.modified_assistant(old, {**request.body, **resources})
    objects_here.put_assistant(modified, sampling_of(request.body, objects_here.sampling_of(old["id"])))
    return shown(request, modified)


def delete_assistant(request: Request) -> JsonResponse:
    """Its runs stay, and go on."""
    objects_here = objects_of(request.world)
    id = objects_here.assistants.find(request.path["assistant_id"], "assistant_id")["id"]
    objects_here.remove_assistant(id)
    return json_response(deleted(id, "assistant"))
