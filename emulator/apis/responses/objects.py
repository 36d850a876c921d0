"""Makes the objects of the Responses API: complete, keys in the order of the wire. Never changed in place."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypedDict, cast

from emulator.apis.responses import models, tools
from emulator.apis.responses.wire import part_in_order, response_in_order
from emulator.base.json_types import Object
from emulator.scenarios.steps.actions import SearchResult

#: Seconds that a stored response is kept.
RESPONSE_LIFETIME: Final = 30 * 86_400

_NO_TOOL_USAGE: Final[Object] = {
    "image_gen": {
        "input_tokens": 0,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": 0},
        "output_tokens": 0,
        "output_tokens_details": {"image_tokens": 0, "text_tokens": 0},
        "total_tokens": 0,
    },
    "web_search": {"num_requests": 0},
}
#: The keys of every response, with what stands there unless the request or its model says otherwise.
_BLANK: Final[Object] = {
    "id": "",
    "object": "response",
    "created_at": 0,
    "status": "in_progress",
    "background": False,
    "completed_at": None,
    "error": None,
    "frequency_penalty": 0.0,
    "incomplete_details": None,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "model": "",
    "moderation": None,
    "output": [],
    "parallel_tool_calls": True,
    "presence_penalty": 0.0,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "prompt_cache_retention": "in_memory",
    "reasoning": {},
    "safety_identifier": None,
    "service_tier": "auto",
    "store": True,
    "temperature": 1.0,
    "text": tools.echoed_text(None),
    "tool_choice": tools.echoed_tool_choice(None),
    "tool_usage": _NO_TOOL_USAGE,
    "tools": tools.echoed_tools(None),
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "usage": None,
    "user": None,
    "metadata": {},
}
#: Parameters that are echoed as they were sent.
_ECHOED: Final = frozenset(
    {
        "background", "instructions", "max_output_tokens", "max_tool_calls", "metadata", "parallel_tool_calls",
        "previous_response_id", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention",
        "safety_identifier", "service_tier", "store", "top_logprobs", "truncation", "user",
    }
)  # fmt: skip
#: Parameters that are echoed in the service's form, each with what makes it.
_PUT_IN_FORM: Final[dict[str, Callable[[Any], Any]]] = {
    "temperature": float,
    "text": tools.echoed_text,
    "tool_choice": tools.echoed_tool_choice,
    "tools": tools.echoed_tools,
    "top_p": float,
}


class Response(TypedDict, total=False):
    """A response. ``conversation`` is there only when the response is bound to one,
    and ``content_filters`` on Azure.
    """

    id: str
    object: str
    created_at: int
    status: str
    background: bool
    completed_at: int | None
    content_filters: list[Object] | None
    conversation: Object
    error: Object | None
    frequency_penalty: float
    incomplete_details: Object | None
    instructions: str | list[Object] | None
    max_output_tokens: int | None
    max_tool_calls: int | None
    model: str
    moderation: Object | None
    output: list[Item]
    parallel_tool_calls: bool
    presence_penalty: float
    previous_response_id: str | None
    prompt_cache_key: str | None
    prompt_cache_retention: str | None
    reasoning: Object
    safety_identifier: str | None
    service_tier: str
    store: bool
    temperature: float
    text: Object
    tool_choice: str | Object
    tool_usage: Object
    tools: list[Object]
    top_logprobs: int
    top_p: float
    truncation: str
    usage: Object | None
    user: str | None
    metadata: dict[str, str]


class Item(TypedDict, total=False):
    """An item of a response's input or output, or of a conversation."""

    id: str
    type: str
    status: str
    role: str
    content: list[Object]
    phase: str
    call_id: str
    name: str
    arguments: str
    output: str | list[Object]
    summary: list[Object]
    encrypted_content: str
    queries: list[str]
    results: list[Object] | None
    code: str
    container_id: str
    outputs: list[Object] | None


def response(
    id: str, at: int, body: Mapping[str, Any], *, conversation: str | None = None, on_azure: bool = False
) -> Response:
    """A response as it begins, from the parameters of its request. On Azure ``model`` names a deployment."""
    model = body["model"]
    unasked = _unasked(model)
    made: Object = {**unasked, "id": id, "created_at": at}
    for key, value in body.items():
        if value is None:
            continue
        if key in _ECHOED:
            made[key] = value
        elif key in _PUT_IN_FORM:
            made[key] = _PUT_IN_FORM[key](value)
    if body.get("reasoning"):
        made["reasoning"] = models.reasoning(model, body["reasoning"])
    if body.get("background"):
        made["status"] = "queued"
    if on_azure:
        made |= {"model": model, "content_filters": None}
    if conversation is not None:
        made["conversation"] = {"id": conversation}
    return cast("Response", made if len(made) == len(unasked) else response_in_order(made))


@functools.lru_cache(maxsize=256)
def _unasked(model: str) -> Object:
    """The response to a request that names a model and nothing else; without its id and time."""
    defaults = models.defaults(model)
    return {
        **_BLANK,
        "model": models.resolved(model),
        "prompt_cache_retention": defaults.prompt_cache_retention,
        "reasoning": models.reasoning(model, None),
        "top_p": defaults.top_p,
    }


# ---- Items ----


def message(id: str, status: str, content: list[Object], phase: str | None = None) -> Item:
    """A message of the model."""
    if phase is None:
        return {"id": id, "type": "message", "status": status, "content": content, "role": "assistant"}
    return {"id": id, "type": "message", "status": status, "content": content, "phase": phase, "role": "assistant"}


def user_message(id: str, text: str) -> Item:
    """A message of a user that is nothing but a text."""
    content: list[Object] = [{"type": "input_text", "text": text}]
    return {"id": id, "type": "message", "status": "completed", "content": content, "role": "user"}


def output_text(text: str, annotations: Iterable[Object] = ()) -> Object:
    """A part of a message that is text."""
    return {"type": "output_text", "annotations": list(annotations), "logprobs": [], "text": text}


def function_call(id: str, status: str, call_id: str, name: str, arguments: str) -> Item:
    """A call of a function of the client's."""
    return {
        "id": id,
        "type": "function_call",
        "status": status,
        "arguments": arguments,
        "call_id": call_id,
        "name": name,
    }


def reasoning(id: str, summary: list[str], encrypted: str) -> Item:
    """What the model thought. It has no status."""
    parts: list[Object] = [{"type": "summary_text", "text": text} for text in summary]
    made = {"id": id, "type": "reasoning", "content": [], "encrypted_content": encrypted, "summary": parts}
    return cast("Item", made)


def file_search_call(id: str, status: str, queries: list[str], results: list[Object] | None) -> Item:
    """A search in files."""
    return {"id": id, "type": "file_search_call", "status": status, "queries": queries, "results": results}


def file_search_result(found: SearchResult, store_id: str | None) -> Object:
    """A passage that a search found. ``store_id``: the vector store that it is from, as far as there is one."""
    made = {
        "attributes": found.attributes,
        "file_id": found.file_id,
        "filename": found.filename,
        "score": found.score,
        "text": found.text,
    }
    return made if store_id is None else {**made, "vector_store_id": store_id}


def code_interpreter_call(id: str, status: str, code: str, container_id: str, outputs: list[Object] | None) -> Item:
    """Code that ran in a container."""
    return {
        "id": id,
        "type": "code_interpreter_call",
        "status": status,
        "code": code,
        "container_id": container_id,
        "outputs": outputs,
    }


def text_of(item: Item) -> str:
    """All text of a message; parts are joined by line breaks."""
    return "\n".join([part["text"] for part in item.get("content") or () if "text" in part])


def usage(input_tokens: int, output_tokens: int, reasoning_tokens: int = 0) -> Object:
    """The usage of one response."""
    return {
        "input_tokens": input_tokens,
        "input_tokens_details": {"cache_write_tokens": 0, "cached_tokens": 0},
        "output_tokens": output_tokens,
        "output_tokens_details": {"reasoning_tokens": reasoning_tokens},
        "total_tokens": input_tokens + output_tokens,
    }


__all__ = ["Item", "Response", "part_in_order"]
