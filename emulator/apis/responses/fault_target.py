"""The turn that a request is about, before it is handled: the ``when`` of a fault is compared with it."""

from __future__ import annotations

from typing import Any

import orjson

from emulator.apis.http.errors import ApiError
from emulator.apis.http.validation import validator
from emulator.apis.responses import objects
from emulator.apis.responses.contexts import context_of, parent_of, waiting_turn
from emulator.apis.responses.store import StoredResponse, responses_of
from emulator.apis.responses.turns import situation_of
from emulator.scenarios.conditions import Situation
from emulator.world.world import World


def fault_target(world: World, operation: str, path: dict[str, str], raw: bytes) -> Situation | None:
    """None when there is no such response, or when the request could not create one."""
    if operation == "create_response":
        return _situation_to_be(world, raw)
    stored = responses_of(world).get(path["response_id"], world.clock.now())
    return stored.turn.situation if stored and stored.turn else None


def _situation_to_be(world: World, raw: bytes) -> Situation | None:
    """That of the turn which waits for the request's outputs, or of the one that the request would choose."""
    try:
        body: Any = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    if not validator("bodies", "create_response")(body):
        return None
    try:
        parent = parent_of(world, body)
        family = parent.family(world) if parent.id else ""
        context = context_of(world, body, parent, "", family)
    except ApiError:
        return None
    if not context.items:
        return None
    stored = StoredResponse(objects.response("", world.now, body), context.items, family, body["model"])
    situation = situation_of(world, stored, context)
    waiting = waiting_turn(world, context)
    if waiting is None or (context.ends_with_user_text() and world.fits(situation)):
        return situation
    return waiting[0].situation
