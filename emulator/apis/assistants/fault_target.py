"""The run that a request is about, before it is handled: the ``when`` of a fault is compared with it."""

from __future__ import annotations

from typing import Any

import orjson

from emulator.apis.assistants import objects
from emulator.apis.assistants.situations import situation_of
from emulator.apis.assistants.store import objects_of
from emulator.apis.http.validation import validator
from emulator.base.json_types import Object
from emulator.base.operations import CREATE_RUN
from emulator.engine.turn_engine import TurnEngine
from emulator.scenarios.conditions import Situation
from emulator.world.world import World


def fault_target(world: World, operation: str, path: dict[str, str], raw: bytes) -> Situation | None:
    """None when there is no such run, or when the request could not create one."""
    if operation not in CREATE_RUN:
        turn = TurnEngine(world).turns.get(path.get("run_id", ""))
        return turn.situation if turn else None
    store = objects_of(world)
    body = _body(operation, raw)
    assistant = store.assistants.get(body["assistant_id"]) if body else None
    if body is None or assistant is None:
        return None
    if operation == "create_thread_and_run":
        sent = body.get("thread") or {}
        thread = objects.thread("", 0, {**sent, "tool_resources": None})
        number, messages, message = 1, sent.get("messages") or [], ""
    else:
        stored = store.threads.get(path["thread_id"])
        if stored is None:
            return None
        message = stored.last_user_text()
        thread, number, messages = stored.object, len(stored.runs) + 1, body.get("additional_messages") or []
    run = objects.run("", 0, "", assistant, body)
    return situation_of(_last_user_text(messages) or message, run, assistant, thread, number)


def _body(operation: str, raw: bytes) -> Object | None:
    try:
        values: Any = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return values if validator("bodies", operation)(values) else None


def _last_user_text(messages: list[Object]) -> str:
    for message in reversed(messages):
        if message["role"] == "user":
            return objects.text_of(objects.message("", 0, "", message))
    return ""
