"""``tool_resources`` of assistants and threads, and the files and stores that messages bring along."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from emulator.apis.assistants import objects
from emulator.apis.assistants.messages import StoredMessage
from emulator.apis.assistants.objects import Assistant
from emulator.apis.assistants.store import Thread
from emulator.apis.files import errors
from emulator.apis.files.resources import (
    add_files,
    live_store,
    make_store,
    require_file,
    require_live,
    require_searchable,
)
from emulator.base.json_types import Object
from emulator.world.state.state import State
from emulator.world.state.vector_stores import THREAD_STORE_DAYS, VectorStore


def resolve(world: State, sent: Object | None, *, days: int | None = None, on_azure: bool = False) -> Object:
    """``tool_resources`` as they are stored: inline ``vector_stores`` are made and replaced by their ids.

    ``days``: the expiry of those that belong to a thread. ``on_azure``: their ids have Azure's form. Raises ApiError
    for what is not there; nothing is made then.
    """
    if not sent:
        return {}
    resources = {key: value for key, value in sent.items() if value is not None}
    if "code_interpreter" in resources:
        ids = resources["code_interpreter"].get("file_ids") or []
        for id in ids:
            require_file(world, id, "tool_resources.code_interpreter.file_ids")
        resources["code_interpreter"] = {"file_ids": ids}
    if "file_search" in resources:
        search = resources["file_search"]
        ids = list(search.get("vector_store_ids") or [])
        for id in ids:
            if id not in world.store.vector_stores:
                raise errors.unknown_store(id, "tool_resources.file_search.vector_store_ids")
            require_live(world.store.vector_store(id, world.clock.now()))
        inline = search.get("vector_stores") or []
        for body in inline:
            if body.get("configuration"):
                raise errors.store_configuration_not_supported()
            require_searchable(world, body.get("file_ids") or [])
        after = {"expires_after": {"anchor": "last_active_at", "days": days}} if days else {}
        ids += [make_store(world, {**after, **body}, on_azure=on_azure).id for body in inline]
        resources["file_search"] = {"vector_store_ids": ids}
    return resources


def check_messages(world: State, messages: Iterable[Object]) -> None:
    """Raises ApiError if messages that are to be made refer to files that are not there, or that are not searched."""
    for message in messages:
        attachments = message.get("attachments")
        if attachments and (attachments := _of_files(attachments)):
            for one in attachments:
                require_file(world, one["file_id"], "attachments")
            searched = [one["file_id"] for one in attachments if _has_tool(one, "file_search")]
            require_searchable(world, searched, "attachments")
        if isinstance(message["content"], list):
            for part in message["content"]:
                if part["type"] == "image_file":
                    require_file(world, part["image_file"]["file_id"], "content")


def add_message(
    world: State, thread: Thread, body: Object, message_id: str = "", *, on_azure: bool = False
) -> StoredMessage:
    """A message, checked before, comes into a thread with what it brings along. ``message_id``: a given one."""
    made = objects.message(message_id or world.ids.make("thread.message", thread.id), world.now, thread.id, body)
    if made["attachments"]:
        _attach(world, thread, made["attachments"], on_azure=on_azure)
    return thread.put_message(made)


def _attach(world: State, thread: Thread, attachments: list[Object], *, on_azure: bool) -> None:
    """Attachments extend the thread's resources; its vector store is made when the first file needs one."""
    attachments = _of_files(attachments)
    searched = [one["file_id"] for one in attachments if _has_tool(one, "file_search")]
    coded = [one["file_id"] for one in attachments if _has_tool(one, "code_interpreter")]
    resources: dict[str, Any] = {**thread.object["tool_resources"]}
    if coded:
        had = resources.get("code_interpreter", {}).get("file_ids", [])
        resources["code_interpreter"] = {"file_ids": list(dict.fromkeys([*had, *coded]))}
    if searched:
        ids = resources.get("file_search", {}).get("vector_store_ids", [])
        if ids:
            store = live_store(world, ids[0])
            add_files(world, store, [{"file_id": id} for id in searched if id not in store.stored])
        else:
            after = {"anchor": "last_active_at", "days": THREAD_STORE_DAYS}
            body = {"file_ids": list(dict.fromkeys(searched)), "expires_after": after}
            store = make_store(world, body, on_azure=on_azure)
        resources["file_search"] = {"vector_store_ids": ids or [store.id]}
    thread.object = {**thread.object, "tool_resources": resources}


def _of_files(attachments: list[Object]) -> list[Object]:
    """The attachments that are files; on Foundry others are a project's own data, of which nothing is known."""
    return [one for one in attachments if one.get("file_id")]


def _has_tool(attachment: Object, kind: str) -> bool:
    return any(tool["type"] == kind for tool in attachment.get("tools") or [])


def stores_of(
    world: State, assistant: Assistant, thread: Thread | None = None, own: Object | None = None
) -> list[VectorStore]:
    """The stores that a run searches: the assistant's, then the thread's. Raises ApiError if one has expired.

    ``own``: resources of the run, which take the place of the assistant's.
    """
    of_assistant, of_thread = assistant["tool_resources"], thread.object["tool_resources"] if thread else {}
    if not (of_assistant or own or of_thread):  # most runs
        return []
    holders = [of_assistant | (own or {}), of_thread]
    ids = [id for resources in holders for id in resources.get("file_search", {}).get("vector_store_ids", [])]
    return [live_store(world, id) for id in ids]
