"""Makes the objects that a scenario gives: there before the first request, as if requests had made them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING

from emulator.apis.assistants import objects
from emulator.apis.files.resources import add_files, add_message, check_messages, make_store, resolve
from emulator.apis.http import errors
from emulator.apis.http.errors import ApiError
from emulator.base.json_types import Object
from emulator.base.problems import ScenarioError
from emulator.engine import usage
from emulator.scenarios.loading import Scenario, given_content
from emulator.world.state.contents import Content
from emulator.world.state.store import Thread

if TYPE_CHECKING:
    from emulator.world.world import World

#: The field that tells when a run that is over ended.
_ENDED = {
    "completed": "completed_at",
    "incomplete": "completed_at",
    "failed": "failed_at",
    "cancelled": "cancelled_at",
}


def give(world: World, scenario: Scenario) -> None:
    """Files first, then what refers to them. One that is there already under its id is replaced.

    Raises ScenarioError for a reference that leads nowhere; then nothing is made.
    """
    if not scenario.given:
        return
    rehearsal = copy.copy(world)
    rehearsal.store, rehearsal.ids = world.store.copy(), world.ids.copy(world.ids.seed)
    for place in (rehearsal, world):
        _give_all(place, scenario)


def _give_all(world: World, scenario: Scenario) -> None:
    makers: dict[str, Callable[[World, Object], None]] = {
        "files": lambda world, item: _give_file(world, item, scenario),
        "vector_stores": _give_store,
        "assistants": _give_assistant,
        "threads": _give_thread,
    }
    for kind, make in makers.items():
        for number, item in enumerate(scenario.given.get(kind, [])):
            try:
                make(world, item)
            except ApiError as error:
                raise ScenarioError([f"{scenario.file}: given.{kind}[{number}]: {error.message}"]) from None


def _give_assistant(world: World, item: Object) -> None:
    id = item.get("id") or world.ids.make("assistant")
    resources = resolve(world, item.get("tool_resources"))
    made = objects.assistant(id, int(world.clock.now()), {**item, "tool_resources": resources})
    world.store.assistants.put(id, made)


def _give_file(world: World, item: Object, scenario: Scenario) -> None:
    id = item.get("id") or world.ids.make("file")
    content = Content.of(given_content(item, scenario.contents))
    purpose = item.get("purpose", "assistants")
    made = objects.file(id, int(world.clock.now()), item["filename"], purpose, content.size)
    world.store.put_file(made, content)


def _give_store(world: World, item: Object) -> None:
    """A given store's files are indexed when it is first looked at, as those of any other."""
    files = item.get("file_ids") or []
    for id in files:
        if id not in world.store.files:
            raise errors.unknown_file(id, "file_ids")
    store = make_store(world, {**item, "file_ids": []}, item.get("id", ""))
    strategy = {"chunking_strategy": item["chunking_strategy"]} if item.get("chunking_strategy") else {}
    add_files(world, store, [{"file_id": id, **strategy} for id in files])


def _give_thread(world: World, item: Object) -> None:
    at = int(world.clock.now())
    id = item.get("id") or world.ids.make("thread")
    resources = resolve(world, item.get("tool_resources"))
    thread = Thread(objects.thread(id, at, {**item, "tool_resources": resources}))
    world.store.threads[id] = thread
    check_messages(world, item.get("messages") or [])
    for message in item.get("messages") or []:
        add_message(world, thread, message, message.get("id", ""))
    for run in item.get("runs") or []:
        _give_run(world, thread, run, at)


def _give_run(world: World, thread: Thread, item: Object, at: int) -> None:
    """A run that is over: it started and ended when the world began."""
    assistant = world.store.assistants.find(item["assistant_id"], "assistant_id")
    thread_id = thread.object["id"]
    id = item.get("id") or world.ids.make("thread.run", thread_id)
    status = item.get("status", "completed")
    run = objects.run(id, at, thread_id, assistant, item)
    stated = item.get("usage") or {}
    used = usage.of(stated.get("prompt_tokens", 0), stated.get("completion_tokens", 0)) | stated
    run |= {"status": status, "started_at": at, "expires_at": None, "usage": used}
    run |= {key: item[key] for key in ("last_error", "incomplete_details") if key in item}
    thread.put_run(run | ({_ENDED[status]: at} if status in _ENDED else {}))
