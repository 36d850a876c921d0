"""Threads of the Assistants API as chats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.admin.snapshot import entries
from emulator.apis.assistants.objects import Message, RunStep
from emulator.apis.assistants.store import Thread, objects_of
from emulator.base.json_types import Object
from emulator.world.world import World


def ids(world: World) -> list[str]:
    """All threads, oldest first."""
    return list(objects_of(world).threads)


def chat(id: str, world: World) -> Object | None:
    """A thread with its messages and the tool calls between them; None if there is no such thread."""
    thread = objects_of(world).threads.get(id)
    if thread is None:
        return None
    rows = _entries(thread, world)
    return entries.chat_of(id, api="assistants", kind="thread", metadata=thread.object["metadata"], entries=rows)


def _entries(thread: Thread, world: World) -> list[Object]:
    """Messages in their order. The tool calls of a run stand before its next message, or at its end."""
    newest = [stored for _, stored in zip(range(entries.MAX_ENTRIES + 1), _newest_first(thread), strict=False)]
    waiting = {run["id"]: list(steps) for run in thread.runs if (steps := thread.steps_of(run["id"]))}
    rows: list[Object] = []
    for stored in reversed(newest):
        message = stored.message()
        if message["role"] == "user":
            rows += _left_over(waiting, before=message["created_at"])
        elif message["run_id"]:
            rows += _calls_before(message, waiting.get(message["run_id"], []))
        rows.append(_message(message, world))
    return [*rows, *_left_over(waiting)]


def _newest_first(thread: Thread) -> Iterator[Any]:
    return (stored for _, stored in thread.messages.newest_first())


def _calls_before(message: Message, steps: list[RunStep]) -> Iterator[Object]:
    """Tool calls of the run up to the step that made the message; they are taken from ``steps``."""
    made = [n for n, step in enumerate(steps) if _message_id(step) == message["id"]]
    until = made[0] + 1 if made else 0
    for step in steps[:until]:
        yield from _calls(step)
    del steps[:until]


def _left_over(waiting: dict[str, list[RunStep]], before: float = float("inf")) -> Iterator[Object]:
    """Tool calls that no message of their run follows, of steps made until then."""
    for steps in waiting.values():
        while steps and steps[0]["created_at"] <= before:
            yield from _calls(steps.pop(0))


def _message_id(step: RunStep) -> str | None:
    created: Object = step["step_details"].get("message_creation") or {}
    return created.get("message_id")


def _message(message: Message, world: World) -> Object:
    parts = [_part(part, world) for part in message["content"]]
    attached = [one.get("file_id") for one in message["attachments"]]
    parts += [entries.attachment(id, filename(id, world)) for id in attached]
    return entries.message(message["id"], message["role"], parts, run_id=message["run_id"], status=message["status"])


def _part(part: Object, world: World) -> Object:
    if part["type"] == "text":
        return entries.text(part["text"]["value"], [_citation(one, world) for one in part["text"]["annotations"]])
    if part["type"] == "refusal":
        return entries.refusal(part["refusal"])
    shown = part[part["type"]]
    return entries.image(shown.get("file_id") or shown.get("url"))


def _citation(annotation: Object, world: World) -> Object:
    id = (annotation.get(annotation["type"]) or {}).get("file_id")
    return entries.citation(id, filename(id, world), annotation["text"])


def filename(id: str | None, world: World) -> str | None:
    """The name of a file; its id, if it is gone."""
    found = world.store.files.get(id) if id else None
    return found["filename"] if found else id


def _calls(step: RunStep) -> Iterator[Object]:
    for call in step["step_details"].get("tool_calls") or ():
        yield _call(call, step)


def _call(call: Object, step: RunStep) -> Object:
    kind, id, run_id = call["type"], str(call.get("id") or step["id"]), step["run_id"]
    inner = call.get(kind) or {}
    if kind == "function":
        return entries.call(id, run_id, inner["name"], inner["arguments"], inner.get("output"))
    if kind == "code_interpreter":
        outputs = inner.get("outputs") or []
        logs = [one["logs"] for one in outputs if one["type"] == "logs"]
        images = [one["image"]["file_id"] for one in outputs if one["type"] == "image"]
        return entries.code(id, run_id, inner.get("input") or "", logs, images)
    found = inner.get("results") or []
    results = [
        entries.result(one.get("file_name"), one.get("score"), "\n".join(c["text"] for c in one.get("content") or []))
        for one in found
    ]
    return entries.search(id, run_id, [], results)
