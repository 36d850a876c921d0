"""Threads and conversations of a world as records."""

from __future__ import annotations

from emulator.apis.backfill.comparing import notes
from emulator.apis.backfill.records import MessageRecord, conversation_records, thread_records
from tests.support import InProcess

GIVEN = {
    "files": [{"id": f"file-{name}", "filename": f"{name}.md", "content": name} for name in "abc"],
    "vector_stores": [{"id": "vs_1", "file_ids": ["file-a", "file-b"]}],
    "threads": [
        {
            "id": "thread_1",
            "metadata": {"user": "7"},
            "tool_resources": {
                "file_search": {"vector_store_ids": ["vs_1"]},
                "code_interpreter": {"file_ids": ["file-c"]},
            },
            "messages": [
                {
                    "id": "msg_1",
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "One"},
                        {"type": "image_file", "image_file": {"file_id": "file-c"}},
                        {"type": "text", "text": "Two"},
                        {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
                    ],
                    "attachments": [{"file_id": "file-a", "tools": [{"type": "file_search"}]}],
                }
            ],
        }
    ],
    "conversations": [
        {
            "id": "conv_1",
            "metadata": {"thread_id": "thread_1"},
            "items": [
                {
                    "type": "message",
                    "id": "msg_2",
                    "role": "user",
                    "content": [
                        {"type": "input_text", "text": "One"},
                        {"type": "input_image", "file_id": "file-c", "detail": "auto"},
                        {"type": "input_file", "file_id": "file-b"},
                        {"type": "input_file", "file_id": "file-a"},
                        {"type": "input_text", "text": "Two"},
                        {"type": "input_image", "image_url": "https://x.test/a.png", "detail": "auto"},
                    ],
                },
                {"type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": "{}"},
                {"type": "message", "id": "msg_3", "role": "assistant", "content": "Done."},
                {
                    "type": "message",
                    "id": "msg_4",
                    "role": "assistant",
                    "content": [{"type": "refusal", "refusal": "No."}],
                },
            ],
        }
    ],
}


def test_a_thread_and_a_conversation_have_the_same_form() -> None:
    world = InProcess({"version": 1, "given": GIVEN}).world
    (thread,), (conversation,) = thread_records(world), conversation_records(world)
    images = ("file-c", "https://x.test/a.png")

    assert (thread.id, thread.metadata) == ("thread_1", {"user": "7"})
    assert thread.messages == (MessageRecord("msg_1", "user", "One\nTwo", images, ("file-a",)),)
    assert (conversation.id, conversation.metadata) == ("conv_1", {"thread_id": "thread_1"})
    assert conversation.messages == (
        MessageRecord("msg_2", "user", "One\nTwo", images, ("file-a", "file-b")),
        MessageRecord("msg_3", "assistant", "Done."),
        MessageRecord("msg_4", "assistant", "No."),
    )


def test_a_file_that_only_a_tool_has_is_a_note() -> None:
    (thread,) = thread_records(InProcess({"version": 1, "given": GIVEN}).world)
    assert thread.tool_files == (("file-b", "vector store vs_1"), ("file-c", "code_interpreter"))
    assert notes(thread)[0] == (
        "file file-b is only in vector store vs_1, which a conversation does not carry: each request has to name it"
    )
