"""A script that moves threads to conversations, as a team writes it: with the two APIs and nothing else."""

from __future__ import annotations

from typing import Any, Literal

from tests.support import Api

#: Mistakes of real scripts.
Mistake = Literal["reversed", "truncated", "without images", "without attachments", "twice", "roles", "none"]


def move(api: Api, threads: list[str], mistake: Mistake = "none", *, names_thread: bool = True) -> list[str]:
    """Moves threads, and returns the ids of their conversations."""
    moved = []
    for thread in threads * (2 if mistake == "twice" else 1):
        items = [_item(message, mistake) for message in _messages(api, thread, mistake)]
        metadata = {"thread_id": thread} if names_thread else {}
        conversation = api.post("/v1/conversations", {"metadata": metadata, "items": items[:20]}).json["id"]
        for begin in range(20, len(items), 20):
            added = api.post(f"/v1/conversations/{conversation}/items", {"items": items[begin : begin + 20]})
            assert added.status == 200, added.body
        moved.append(conversation)
    return moved


def _messages(api: Api, thread: str, mistake: Mistake) -> list[dict[str, Any]]:
    """All pages; ``truncated`` reads only the first, ``reversed`` forgets that the default is the newest first."""
    order = "desc" if mistake == "reversed" else "asc"
    messages: list[dict[str, Any]] = []
    after = ""
    while True:
        page = api.get(f"/v1/threads/{thread}/messages?limit=3&order={order}{after}").json
        messages += page["data"]
        if not page["has_more"] or mistake == "truncated":
            return messages
        after = f"&after={page['last_id']}"


def _item(message: dict[str, Any], mistake: Mistake) -> dict[str, Any]:
    role = "user" if mistake == "roles" else message["role"]
    parts = [part for one in message["content"] if (part := _part(one, role, mistake))]
    if mistake != "without attachments":
        parts += [{"type": "input_file", "file_id": one["file_id"]} for one in message["attachments"]]
    return {"type": "message", "role": role, "content": parts}


def _part(part: dict[str, Any], role: str, mistake: Mistake) -> dict[str, Any] | None:
    if part["type"] == "text":
        return {"type": "output_text" if role == "assistant" else "input_text", "text": part["text"]["value"]}
    if mistake == "without images":
        return None
    if part["type"] == "image_file":
        return {"type": "input_image", "file_id": part["image_file"]["file_id"], "detail": "auto"}
    return {"type": "input_image", "image_url": part["image_url"]["url"], "detail": "auto"}
