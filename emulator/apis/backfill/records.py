"""Threads and conversations of a world in one form, in which they can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.apis.assistants.objects import Message, text_of
from emulator.apis.assistants.store import Thread, objects_of
from emulator.apis.responses.objects import Item
from emulator.apis.responses.store import Conversation, responses_of
from emulator.base.json_types import Object
from emulator.world.state.state import State


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """A message of either API. ``images``: ids of files, and URLs. ``attachments``: ids of files, sorted."""

    id: str
    role: str
    text: str
    images: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatRecord:
    """A thread or a conversation, with its messages from the oldest to the newest.

    ``tool_files``: the files that no message has, by the tool resource that holds them, in words.
    """

    id: str
    metadata: Mapping[str, str]
    messages: tuple[MessageRecord, ...]
    tool_files: tuple[tuple[str, str], ...] = ()


def thread_records(world: State) -> list[ChatRecord]:
    """All threads, oldest first."""
    return [_thread(thread, world) for thread in objects_of(world).threads.values()]


def conversation_records(world: State) -> list[ChatRecord]:
    """All conversations, oldest first."""
    return [_conversation(one) for one in responses_of(world).conversations.values()]


# ---- Threads ----


def _thread(thread: Thread, world: State) -> ChatRecord:
    messages = tuple(_of_message(stored.message()) for stored in thread.messages)
    attached = {file for message in messages for file in message.attachments}
    tool_files = tuple((file, place) for file, place in _tool_files(thread, world) if file not in attached)
    return ChatRecord(thread.id, thread.object["metadata"], messages, tool_files)


def _tool_files(thread: Thread, world: State) -> Iterator[tuple[str, str]]:
    resources: Object = thread.object["tool_resources"]
    for store_id in resources.get("file_search", {}).get("vector_store_ids") or []:
        if (store := world.store.vector_stores.get(store_id)) is not None:
            yield from ((file, f"vector store {store_id}") for file in store.stored)
    for file in resources.get("code_interpreter", {}).get("file_ids") or []:
        yield file, "code_interpreter"


def _of_message(message: Message) -> MessageRecord:
    shown: Iterable[Any] = (part.get(part["type"]) for part in message["content"] if part["type"] != "text")
    images = tuple(one.get("file_id") or one.get("url") or "" for one in shown if isinstance(one, dict))
    files = sorted(one["file_id"] for one in message["attachments"] if one.get("file_id"))
    return MessageRecord(message["id"], message["role"], text_of(message), images, tuple(files))


# ---- Conversations ----


def _conversation(conversation: Conversation) -> ChatRecord:
    """Items that are no messages, such as calls, have nothing in a thread to be compared with."""
    items = [item for item in conversation.items if item["type"] == "message"]
    return ChatRecord(conversation.id, conversation.object["metadata"], tuple(map(_of_item, items)))


def _of_item(item: Item) -> MessageRecord:
    parts: list[Object] = item["content"]
    texts = [part["text"] for part in parts if part["type"] in ("input_text", "output_text", "text")]
    texts += [part["refusal"] for part in parts if part["type"] == "refusal"]
    images = [part.get("file_id") or part.get("image_url") or "" for part in parts if part["type"] == "input_image"]
    files = [part.get("file_id") or part.get("filename") or "" for part in parts if part["type"] == "input_file"]
    return MessageRecord(item["id"], item["role"], "\n".join(texts), tuple(images), tuple(sorted(files)))
