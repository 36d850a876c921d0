"""Finds the conversation of each thread: by its metadata, else by its texts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from emulator.apis.backfill.records import ChatRecord

#: Keys of a conversation's metadata that name its thread.
NAMES_THREAD: Final = ("thread_id", "legacy_thread_id")
#: The part of the shorter one's messages that a thread and a conversation have to share to be joined by their texts.
_SHARED: Final = 0.5


@dataclass(slots=True)
class Joined:
    """A thread with its conversations, the first of them being compared; ``by``: how they were found."""

    thread: ChatRecord
    conversations: list[ChatRecord] = field(default_factory=list)
    by: Literal["metadata", "texts"] | None = None


def named_thread(conversation: ChatRecord) -> str | None:
    """The id of the thread that the metadata of a conversation names."""
    return next((conversation.metadata[key] for key in NAMES_THREAD if conversation.metadata.get(key)), None)


def join(threads: Sequence[ChatRecord], conversations: Sequence[ChatRecord]) -> tuple[list[Joined], list[ChatRecord]]:
    """The threads in their order, each with its conversations, and the conversations that belong to none of them."""
    joined = {thread.id: Joined(thread) for thread in threads}
    unnamed: list[ChatRecord] = []
    unjoined: list[ChatRecord] = []
    for conversation in conversations:
        name = named_thread(conversation)
        if name is None:
            unnamed.append(conversation)
        elif name in joined:
            joined[name].conversations.append(conversation)
            joined[name].by = "metadata"
        else:
            unjoined.append(conversation)
    left = {one.id: one for one in unnamed}
    for thread_id, conversation_id in _by_texts([one.thread for one in joined.values() if not one.by], unnamed):
        if conversation_id in left and not joined[thread_id].by:
            joined[thread_id].conversations.append(left.pop(conversation_id))
            joined[thread_id].by = "texts"
    return list(joined.values()), [*unjoined, *left.values()]


def _by_texts(threads: Sequence[ChatRecord], conversations: Sequence[ChatRecord]) -> list[tuple[str, str]]:
    """Ids of threads and conversations that share enough texts, the most similar first."""
    counts = {one.id: _texts(one) for one in (*threads, *conversations)}
    containing: dict[str, list[ChatRecord]] = defaultdict(list)
    for conversation in conversations:
        for text in counts[conversation.id]:
            containing[text].append(conversation)
    scores: list[tuple[float, str, str]] = []
    for thread in threads:
        candidates = {one.id: one for text in counts[thread.id] for one in containing[text]}
        for id, conversation in candidates.items():
            shared = (counts[thread.id] & counts[id]).total()
            sizes = len(thread.messages), len(conversation.messages)
            if shared >= _SHARED * min(sizes):
                scores.append((2 * shared / sum(sizes), thread.id, id))
    scores.sort(key=lambda one: -one[0])  # equal ones keep their order: the oldest first
    return [(thread_id, id) for _, thread_id, id in scores]


def _texts(chat: ChatRecord) -> Counter[str]:
    return Counter(message.text for message in chat.messages)
