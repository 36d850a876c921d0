"""Assistants."""

from __future__ import annotations

from emulator.apis.assistants import objects, strict_schemas
from emulator.apis.files.resources import resolve
from emulator.apis.http import errors
from emulator.apis.http.lists import list_of, read_query
from emulator.apis.http.request import Answer, Call, answer
from emulator.apis.http.showing import shown

#: Known to be refused (FACTS §4). Any other name is accepted: deployments, fine-tunes, models to come.
_UNSUPPORTED = frozenset({"gpt-5.1"})


def check_settings(call: Call) -> None:
    """What assistants and runs are both told: model, tools and response format. Raises ApiError for what cannot be.

    Azure does not look at the model's name (FACTS §6).
    """
    model = call.body.get("model")
    if model in _UNSUPPORTED and call.flavour == "openai":
        raise errors.unsupported_model(model)
    strict_schemas.check_tools(call.body.get("tools"))
    strict_schemas.check_response_format(call.body.get("response_format"))


def list_assistants(call: Call) -> Answer:
    return list_of(call, call.world.store.assistants.page(read_query(call)))


def create_assistant(call: Call) -> Answer:
    check_settings(call)
    world = call.world
    resources = resolve(world, call.body.get("tool_resources"))
    id = world.ids.make("assistant")
    made = objects.assistant(id, int(world.clock.now()), {**call.body, "tool_resources": resources})
    world.store.assistants.put(id, made)
    return shown(call, made)


def get_assistant(call: Call) -> Answer:
    return shown(call, call.world.store.assistants.find(call.path["assistant_id"], "assistant_id"))


def modify_assistant(call: Call) -> Answer:
    assistants = call.world.store.assistants
    old = assistants.find(call.path["assistant_id"], "assistant_id")
    check_settings(call)
    sent = call.body.get("tool_resources")
    resources = {} if sent is None else {"tool_resources": resolve(call.world, sent)}
    modified = objects.modified_assistant(old, {**call.body, **resources})
    assistants.put(old["id"], modified)
    return shown(call, modified)


def delete_assistant(call: Call) -> Answer:
    """Its runs stay, and go on."""
    assistants = call.world.store.assistants
    id = assistants.find(call.path["assistant_id"], "assistant_id")["id"]
    assistants.remove(id)
    return answer(objects.deleted(id, "assistant"))
