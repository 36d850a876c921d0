"""Makes the API's objects: complete, with all keys in the order of the wire. Plain dicts, never changed in place.

Key order, defaults and nulls are those of the newest recordings (docs/wire.md §2). "Complete" means that an object also
has the keys that one kind of response leaves out (a message's status in JSON, a step's ``expired_at``); ``views``
decides what is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypedDict

from emulator.apis.assistants.lifecycle import FIRST
from emulator.apis.assistants.tools import echo_tools
from emulator.apis.http.flavours import RUN_LIFETIME
from emulator.apis.model_families import family
from emulator.base.json_types import Object

#: Keys of a stored message that only events carry (docs/wire.md §2).
MESSAGE_STATE: Final = ("status", "incomplete_details", "incomplete_at", "completed_at")


class Assistant(TypedDict):
    """An assistant."""

    id: str
    object: str
    created_at: int
    name: str | None
    description: str | None
    model: str
    instructions: str | None
    tools: list[Object]
    top_p: float
    temperature: float
    reasoning_effort: str | None
    tool_resources: Object
    metadata: dict[str, str]
    response_format: str | Object


class ThreadObject(TypedDict):
    """A thread; its messages are objects of their own."""

    id: str
    object: str
    created_at: int
    metadata: dict[str, str]
    tool_resources: Object


class Message(TypedDict):
    """A message, of a user or of the run ``run_id``."""

    id: str
    object: str
    created_at: int
    assistant_id: str | None
    thread_id: str
    run_id: str | None
    status: str
    incomplete_details: Object | None
    incomplete_at: int | None
    completed_at: int | None
    role: str
    content: list[Object]
    attachments: list[Object]
    metadata: dict[str, str]


class Run(TypedDict):
    """A run: the assistant's settings as they are in force for it, and how far it has come."""

    id: str
    object: str
    created_at: int
    assistant_id: str
    thread_id: str
    status: str
    started_at: int | None
    expires_at: int | None
    cancelled_at: int | None
    failed_at: int | None
    completed_at: int | None
    required_action: Object | None
    last_error: Object | None
    model: str
    instructions: str | None
    tools: list[Object]
    tool_resources: Object
    metadata: dict[str, str]
    temperature: float
    top_p: float
    reasoning_effort: str | None
    max_completion_tokens: int | None
    max_prompt_tokens: int | None
    truncation_strategy: Object
    incomplete_details: Object | None
    usage: Object | None
    response_format: str | Object
    tool_choice: str | Object
    parallel_tool_calls: bool


class RunStep(TypedDict):
    """A run step: the creation of a message, or tool calls."""

    id: str
    object: str
    created_at: int
    run_id: str
    assistant_id: str
    thread_id: str
    type: str
    status: str
    cancelled_at: int | None
    completed_at: int | None
    expires_at: int | None
    expired_at: int | None
    failed_at: int | None
    last_error: Object | None
    step_details: Object
    usage: Object | None
    metadata: dict[str, str]


def assistant(id: str, at: int, body: Mapping[str, Any]) -> Assistant:
    """An assistant from its creation parameters."""
    tools = echo_tools(body.get("tools") or [])
    return {
        "id": id,
        "object": "assistant",
        "created_at": at,
        "name": body.get("name"),
        "description": body.get("description"),
        "model": body["model"],
        "instructions": body.get("instructions"),
        "tools": tools,
        "top_p": _decimal(body.get("top_p")),
        "temperature": _decimal(body.get("temperature")),
        "reasoning_effort": body.get("reasoning_effort") or family(body["model"]).default_effort,
        "tool_resources": _resources(body.get("tool_resources"), tools),
        "metadata": body.get("metadata") or {},
        "response_format": body.get("response_format") or "auto",
    }


def modified_assistant(old: Assistant, body: Object) -> Assistant:
    """Modify is a shallow replacement of the fields that were sent."""
    merged = {**old, **{key: value for key, value in body.items() if value is not None or key in _CLEARABLE}}
    return assistant(old["id"], old["created_at"], merged)


_CLEARABLE: Final = frozenset({"name", "description", "instructions", "reasoning_effort"})


def _resources(sent: Object | None, tools: list[Object]) -> Object:
    """``code_interpreter`` shows an empty list of files as soon as the tool is on."""
    resources = {key: value for key, value in (sent or {}).items() if value is not None}
    if any(tool["type"] == "code_interpreter" for tool in tools):
        resources.setdefault("code_interpreter", {"file_ids": []})
    return resources


def _decimal(value: float | None) -> float:
    return 1.0 if value is None else float(value)


def thread(id: str, at: int, body: Mapping[str, Any]) -> ThreadObject:
    """A thread from its creation parameters; its messages are objects of their own."""
    return {
        "id": id,
        "object": "thread",
        "created_at": at,
        "metadata": body.get("metadata") or {},
        "tool_resources": _resources(body.get("tool_resources"), []),
    }


def message(id: str, at: int, thread_id: str, body: Object) -> Message:
    """A message made through the API: complete at once."""
    return {
        "id": id,
        "object": "thread.message",
        "created_at": at,
        "assistant_id": None,
        "thread_id": thread_id,
        "run_id": None,
        "status": "completed",
        "incomplete_details": None,
        "incomplete_at": None,
        "completed_at": at,
        "role": body["role"],
        "content": _content(body["content"]),
        "attachments": body.get("attachments") or [],
        "metadata": body.get("metadata") or {},
    }


def _content(sent: str | list[Object]) -> list[Object]:
    if isinstance(sent, str):
        return [text_part(sent)]
    return [_part(part) for part in sent]


def _part(part: Object) -> Object:
    kind = part["type"]
    if kind == "text":
        return text_part(part["text"])
    image = part[kind]
    source = "url" if kind == "image_url" else "file_id"
    return {"type": kind, kind: {source: image[source], "detail": image.get("detail") or "auto"}}


def text_part(value: str, annotations: list[Object] | None = None) -> Object:
    """A text content part."""
    return {"type": "text", "text": {"value": value, "annotations": annotations or []}}


def image_part(file_id: str) -> Object:
    """An image that the assistant shows. It has no ``detail``, which only an image of a user has (docs/wire.md §2)."""
    return {"type": "image_file", "image_file": {"file_id": file_id}}


def texts_of(message: Mapping[str, Any]) -> list[str]:
    """The texts of a message's parts."""
    return [part["text"]["value"] for part in message["content"] if part["type"] == "text"]


def text_of(message: Mapping[str, Any]) -> str:
    """All text of a message; parts are joined by line breaks."""
    return "\n".join(texts_of(message))


#: The settings of an assistant that the request for a run can override.
_OVERRIDDEN: Final = frozenset({"model", "instructions", "temperature", "top_p", "reasoning_effort", "response_format"})


def run(id: str, at: int, thread_id: str, assistant: Assistant, body: Object, lifetime: int = RUN_LIFETIME) -> Run:
    """A run as it is queued: the assistant's settings, overridden by the request's. ``lifetime``: in seconds."""
    settings: Mapping[str, Any] = assistant
    if not _OVERRIDDEN.isdisjoint(body):
        own = {key: body[key] for key in body.keys() & _OVERRIDDEN if body[key] is not None}
        settings = {**assistant, **own}
    tools = echo_tools(body["tools"]) if body.get("tools") is not None else assistant["tools"]
    parallel = body.get("parallel_tool_calls")
    return {
        "id": id,
        "object": "thread.run",
        "created_at": at,
        "assistant_id": assistant["id"],
        "thread_id": thread_id,
        "status": FIRST["thread.run"],
        "started_at": None,
        "expires_at": at + lifetime,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": None,
        "required_action": None,
        "last_error": None,
        "model": settings["model"],
        "instructions": _instructions(settings["instructions"], body.get("additional_instructions")),
        "tools": tools,
        "tool_resources": {},
        "metadata": body.get("metadata") or {},
        "temperature": float(settings["temperature"]),
        "top_p": float(settings["top_p"]),
        "reasoning_effort": settings["reasoning_effort"],
        "max_completion_tokens": body.get("max_completion_tokens"),
        "max_prompt_tokens": body.get("max_prompt_tokens"),
        "truncation_strategy": _truncation(body.get("truncation_strategy")),
        "incomplete_details": None,
        "usage": None,
        "response_format": settings["response_format"],
        "tool_choice": body.get("tool_choice") or "auto",
        "parallel_tool_calls": True if parallel is None else parallel,
    }


def _instructions(instructions: str | None, additional: str | None) -> str | None:
    if not additional:
        return instructions
    return f"{instructions} {additional}" if instructions else additional


def _truncation(sent: Object | None) -> Object:
    if not sent:
        return {"type": "auto", "last_messages": None}
    return {"type": sent.get("type", "auto"), "last_messages": sent.get("last_messages")}


def run_message(id: str, at: int, run: Run) -> Message:
    """A message that a run writes from the second ``at`` on, before its first word."""
    return {
        "id": id,
        "object": "thread.message",
        "created_at": at,
        "assistant_id": run["assistant_id"],
        "thread_id": run["thread_id"],
        "run_id": run["id"],
        "status": FIRST["thread.message"],
        "incomplete_details": None,
        "incomplete_at": None,
        "completed_at": None,
        "role": "assistant",
        "content": [],
        "attachments": [],
        "metadata": {},
    }


def run_step(id: str, at: int, run: Run, details: Object) -> RunStep:
    """A run step as it begins in the second ``at``.

    ``expired_at`` and ``metadata`` are in the published schema; the service never sent them.
    """
    return {
        "id": id,
        "object": "thread.run.step",
        "created_at": at,
        "run_id": run["id"],
        "assistant_id": run["assistant_id"],
        "thread_id": run["thread_id"],
        "type": details["type"],
        "status": FIRST["thread.run.step"],
        "cancelled_at": None,
        "completed_at": None,
        "expires_at": run["expires_at"],
        "expired_at": None,
        "failed_at": None,
        "last_error": None,
        "step_details": details,
        "usage": None,
        "metadata": {},
    }


def without(thing: Mapping[str, Any], keys: Iterable[str]) -> Object:
    """A copy without these keys, which it has."""
    shown = dict(thing)
    for key in keys:
        del shown[key]
    return shown
