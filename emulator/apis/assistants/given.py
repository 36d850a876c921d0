"""Makes the assistants and threads that a scenario gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from emulator.apis.assistants import objects, usage
from emulator.apis.assistants.model_rules import sampling_of
from emulator.apis.assistants.objects import Run
from emulator.apis.assistants.resources import add_message, check_messages, resolve
from emulator.apis.assistants.store import Thread, objects_of
from emulator.base.json_types import Object
from emulator.world.given import gives
from emulator.world.state.state import State

#: The field that tells when a run that is over ended.
_ENDED: Final = {
    "completed": "completed_at",
    "incomplete": "completed_at",
    "failed": "failed_at",
    "cancelled": "cancelled_at",
}


@gives("assistants")
def give_assistant(world: State, item: Object, contents: Mapping[str, bytes]) -> None:
    id = item.get("id") or world.ids.make("assistant")
    resources = resolve(world, item.get("tool_resources"))
    made = objects.assistant(id, world.now, {**item, "tool_resources": resources})
    objects_of(world).put_assistant(made, sampling_of(item))


@gives("threads")
def give_thread(world: State, item: Object, contents: Mapping[str, bytes]) -> None:
    id = item.get("id") or world.ids.make("thread")
    resources = resolve(world, item.get("tool_resources"))
    thread = Thread(objects.thread(id, world.now, {**item, "tool_resources": resources}))
    objects_of(world).threads[id] = thread
    check_messages(world, item.get("messages") or [])
    for message in item.get("messages") or []:
        add_message(world, thread, message, message.get("id", ""))
    for run in item.get("runs") or []:
        _give_run(world, thread, run)


def _give_run(world: State, thread: Thread, item: Object) -> None:
    """A run that is over: it started and ended when the world began."""
    assistant = objects_of(world).assistants.find(item["assistant_id"], "assistant_id")
    id = item.get("id") or world.ids.make("thread.run", thread.id)
    status = item.get("status", "completed")
    stated = item.get("usage") or {}
    used = usage.of(stated.get("prompt_tokens", 0), stated.get("completion_tokens", 0)) | stated
    changes = {"status": status, "started_at": world.now, "expires_at": None, "usage": used}
    changes |= {key: item[key] for key in ("last_error", "incomplete_details") if key in item}
    if status in _ENDED:
        changes[_ENDED[status]] = world.now
    thread.put_run(cast("Run", {**objects.run(id, world.now, thread.id, assistant, item), **changes}))
