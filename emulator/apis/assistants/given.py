"""Makes the assistants and threads that a scenario gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from emulator.apis.assistants import objects, usage
from emulator.apis.assistants.model_rules import sampling_of
from emulator.apis.assistants.objects import Run, RunStep
from emulator.apis.assistants.resources import add_message, check_messages, resolve
from emulator.apis.assistants.store import Thread, objects_of
from emulator.base.json_types import Object
from emulator.base.problems import Refusal
from emulator.scenarios.model import ACTIVE
from emulator.world.given import gives
from emulator.world.state.state import State

#: The field that tells when a run that is over ended.
_ENDED: Final = {
    "completed": "completed_at",
    "incomplete": "completed_at",
    "failed": "failed_at",
    "cancelled": "cancelled_at",
}
_STEP_ENDED: Final = {
    "completed": "completed_at",
    "failed": "failed_at",
    "cancelled": "cancelled_at",
    "expired": "expired_at",
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
    objects_of(world).threads.put(thread)
    check_messages(world, item.get("messages") or [])
    for message in item.get("messages") or []:
        _give_message(world, thread, message)
    for run in item.get("runs") or []:
        _give_run(world, thread, run)


def _give_message(world: State, thread: Thread, item: Object) -> None:
    """A message as a request posts it; what only a run's message has is put into it afterwards."""
    message = add_message(world, thread, item, item.get("id", "")).message()
    message.update({key: item[key] for key in ("run_id", "assistant_id") if key in item})  # type: ignore[typeddict-item]
    texts = [part["text"] for part in message["content"] if part["type"] == "text"]
    for annotation in item.get("annotations") or [] if texts else []:
        marked = [text for text in texts if annotation["text"] in text["value"]]
        (marked or texts)[0]["annotations"].append(annotation)
    thread.put_message(message)


def _give_run(world: State, thread: Thread, item: Object) -> None:
    """A run that is over, which started and ended when the world began, or one that is still active."""
    assistant = objects_of(world).assistants.find(item["assistant_id"], "assistant_id")
    id = item.get("id") or world.ids.make("thread.run", thread.id)
    status = item.get("status", "completed")
    changes: Object = {"status": status, "started_at": world.now, "expires_at": None, "usage": _used(item)}
    if status in ACTIVE:
        changes = _still_active(world, thread, id, item)
    changes |= {key: item[key] for key in ("last_error", "incomplete_details") if key in item}
    if status in _ENDED:
        changes[_ENDED[status]] = world.now
    run = cast("Run", {**objects.run(id, world.now, thread.id, assistant, item), **changes})
    thread.put_run(run)
    for step in item.get("steps") or []:
        _give_step(world, thread, run, step)


def _still_active(world: State, thread: Thread, id: str, item: Object) -> Object:
    """What a run has that is still active. Raises Refusal for a second one of a thread, and for calls of another."""
    status, action = item["status"], item.get("required_action")
    if thread.active_run:
        raise Refusal(f"thread {thread.id} has two active runs; expected at most one")
    if (status == "requires_action") != bool(action):
        raise Refusal(f"run {id} is {status!r}; expected required_action beside requires_action, and only there")
    thread.active_run = id
    return {"status": status, "started_at": None if status == "queued" else world.now, "required_action": action}


def _used(item: Object) -> Object:
    stated = item.get("usage") or {}
    return usage.of(stated.get("prompt_tokens", 0), stated.get("completion_tokens", 0)) | stated


def _give_step(world: State, thread: Thread, run: Run, item: Object) -> None:
    """A run step that began and ended when the world began."""
    id = item.get("id") or world.ids.make("thread.run.step", run["id"])
    status = item.get("status", "completed")
    changes = {"status": status, "usage": _used(item), _STEP_ENDED[status]: world.now}
    changes |= {"last_error": item["last_error"]} if "last_error" in item else {}
    made = cast("RunStep", {**objects.run_step(id, world.now, run, item["step_details"]), **changes})
    thread.put_step(made)
