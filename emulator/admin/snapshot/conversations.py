"""Conversations and chains of the Responses API as chats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emulator.admin.snapshot import entries
from emulator.apis.responses.store import StoredResponse, responses_of
from emulator.base.json_types import Object
from emulator.world.world import World


def responses_by_chat(world: World) -> dict[str, list[StoredResponse]]:
    """All responses, oldest first, by their conversation or by the first response of their chain."""
    store = responses_of(world)
    found: dict[str, list[StoredResponse]] = {id: [] for id in store.conversations}
    for one in list(store.responses.values()):
        found.setdefault(one.conversation.id if one.conversation else (one.root or one).id, []).append(one)
    return found


def chat(id: str, world: World, responses: Sequence[StoredResponse]) -> Object | None:
    """A conversation, or the chain that begins with a response; None if there is neither."""
    by_item = {str(item.get("id")): one.id for one in responses for item in one.object["output"]}
    conversation = responses_of(world).conversations.get(id)
    if conversation is not None:
        items = [*conversation.items]
        if (under_way := conversation.response) is not None:
            items += [*under_way.brought, *under_way.object["output"]]
        metadata = conversation.object.get("metadata") or {}
        rows = _entries(items, by_item)
        return entries.chat_of(id, api="responses", kind="conversation", metadata=metadata, entries=rows)
    if not responses:
        return None
    metadata, rows = responses[0].object.get("metadata") or {}, _entries(responses[-1].context, by_item)
    return entries.chat_of(id, api="responses", kind="chain", metadata=metadata, entries=rows)


def _entries(items: list[Any], responses: dict[str, str]) -> list[Object]:
    """Items in their order. An output of a call is shown beside the call."""
    rows: list[Object] = []
    calls: dict[str, Object] = {}
    for item in items[-2 * entries.MAX_ENTRIES :]:
        kind, id = item.get("type", "message"), str(item.get("id") or "")
        run_id = responses.get(id)
        if kind == "function_call_output":
            called = calls.get(str(item.get("call_id")))
            if called is not None:
                called["output"] = entries.cut(_output(item.get("output")))
            continue
        row = _entry(item, kind, id, run_id)
        if kind == "function_call":
            calls[str(item.get("call_id"))] = row
        rows.append(row)
    return rows


def _output(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def _entry(item: Object, kind: str, id: str, run_id: str | None) -> Object:
    if kind == "message":
        content = item.get("content")
        parts = [entries.text(content)] if isinstance(content, str) else [_part(one) for one in content or []]
        return entries.message(id, str(item.get("role")), parts, run_id=run_id, status=item.get("status"))
    if kind == "function_call":
        return entries.call(id, run_id, str(item.get("name")), str(item.get("arguments")), None)
    if kind == "code_interpreter_call":
        outputs = item.get("outputs") or []
        logs = [one["logs"] for one in outputs if one["type"] == "logs"]
        images = [one.get("url") for one in outputs if one["type"] == "image"]
        return entries.code(id, run_id, item.get("code") or "", logs, images)
    if kind == "file_search_call":
        found = item.get("results") or []
        results = [entries.result(one.get("filename"), one.get("score"), one.get("text") or "") for one in found]
        return entries.search(id, run_id, item.get("queries") or [], results)
    if kind == "reasoning":
        summary = "\n".join(str(part.get("text")) for part in item.get("summary") or [])
        return entries.reasoning(id, run_id, summary)
    return entries.message(id, kind, [], run_id=run_id, status=item.get("status"))


def _part(part: Object) -> Object:
    kind = part.get("type")
    if kind == "refusal":
        return entries.refusal(str(part.get("refusal")))
    if kind == "input_image":
        return entries.image(part.get("file_id") or part.get("image_url"))
    if kind == "input_file":
        name = part.get("filename") or part.get("file_id") or part.get("file_url")
        return entries.attachment(part.get("file_id"), name)
    cited = [entries.citation(one.get("file_id"), one.get("filename")) for one in part.get("annotations") or []]
    return entries.text(str(part.get("text") or ""), cited)
