"""The report on all threads of a world."""

from __future__ import annotations

from collections.abc import Sequence

from emulator.apis.backfill.comparing import compare, missing_conversation, notes, second_conversation
from emulator.apis.backfill.joining import Joined, join, named_thread
from emulator.apis.backfill.records import ChatRecord
from emulator.base.json_types import Object


def backfill_report(threads: Sequence[ChatRecord], conversations: Sequence[ChatRecord]) -> Object:
    """How conversations differ from the threads that they were made of, as JSON.

    ``{"ok", "threads": [{"thread", "conversation", "joined_by", "differences", "notes"}], "unjoined"}``: ``unjoined``
    lists the conversations that belong to no thread, each with the id of the thread that it names.
    """
    joined, unjoined = join(threads, conversations)
    rows = [_row(one) for one in joined]
    return {
        "ok": not any(row["differences"] for row in rows),
        "threads": rows,
        "unjoined": [{"conversation": one.id, "names": named_thread(one)} for one in unjoined],
    }


def _row(joined: Joined) -> Object:
    found = [second_conversation(joined.conversations)] if joined.conversations[1:] else []
    conversation = joined.conversations[0] if joined.conversations else None
    found += compare(joined.thread, conversation) if conversation else missing_conversation(joined.thread)
    return {
        "thread": joined.thread.id,
        "conversation": conversation.id if conversation else None,
        "joined_by": joined.by,
        "differences": [one.as_json() for one in found],
        "notes": notes(joined.thread),
    }
