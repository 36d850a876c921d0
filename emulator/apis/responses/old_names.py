"""Names of Assistants and Chat Completions in a request for a response or conversation, each with its new home.

The service's error names one of them, the first that it meets. A team that migrates wants all of them at once. What is
here, the schemas refuse: a request that fits them has no old name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import orjson

from emulator.base.operations import BY_NAME
from emulator.base.problems import Problem
from emulator.world.state.state import State


class OldName(NamedTuple):
    """An old name. ``path``: its first place, as ``tools[0].function``. ``home``: a sentence on what replaces it."""

    path: str
    name: str
    home: str

    def __str__(self) -> str:
        return f"{self.path}: {self.home}"


def old_names(body: Any, heading: str = "responses") -> list[OldName]:
    """The old names in a body, which need not fit its schema; each name once, at its first place.

    ``heading``: that of the operation, ``responses`` or ``conversations``. All others take over no name's place.
    """
    found: dict[tuple[str, str], OldName] = {}
    for one in _all(body, _PARAMETERS_OF[heading]) if heading in _PARAMETERS_OF else ():
        found.setdefault((one.name, one.home), one)
    return list(found.values())


def report_old_names(world: State, operation: str, raw: bytes) -> None:
    """Reports each old name of a refused body as a problem that names its new home."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return
    for one in old_names(body, BY_NAME[operation].heading):
        world.report(Problem("old_name", f"{operation}: {one}"))


# ---- What replaces what ----

_IS: Final = "`{0}` is `{1}` in the Responses API"
_NONE: Final = "the Responses API has no `{0}`{1}"


def _is(name: str, home: str, more: str = "") -> str:
    return f"{_IS.format(name, home)}{more}."


def _of(name: str, homes: str) -> str:
    """Like ``_is``, for a home whose description has quotes of its own."""
    return f"`{name}` is {homes} in the Responses API."


def _none(name: str, more: str) -> str:
    return f"{_NONE.format(name, more)}."


_INLINE: Final = "; the model, instructions and tools of the assistant go into each request"
_ONE_BY_ONE: Final = " with an item of type `function_call_output` for each"

#: Parameters of a body.
_PARAMETERS: Final = {
    "assistant_id": _none("assistant_id", _INLINE),
    "thread_id": _is("thread_id", "conversation", ", or `previous_response_id`"),
    "thread": _is("thread", "conversation", ", or `previous_response_id`, with its messages in `input`"),
    "messages": _is("messages", "input"),
    "additional_messages": _is("additional_messages", "input"),
    "additional_instructions": _is("additional_instructions", "instructions", ", which no request inherits"),
    "content": _is("content", "input"),
    "role": _is("role", "input[].role"),
    "attachments": _is("attachments", "input[].content[]", " with a part of type `input_file`"),
    "file_ids": _of("file_ids", "`tools[].container.file_ids` of `code_interpreter`"),
    "tool_resources": _of(
        "tool_resources", "`tools[].vector_store_ids` of `file_search`, and `tools[].container` of `code_interpreter`,"
    ),
    "tool_outputs": _is("tool_outputs", "input", _ONE_BY_ONE),
    "run_id": _none("run_id", "; `previous_response_id` or `conversation` continues a response"),
    "response_format": _is("response_format", "text.format"),
    "max_completion_tokens": _is("max_completion_tokens", "max_output_tokens"),
    "max_tokens": _is("max_tokens", "max_output_tokens"),
    "max_prompt_tokens": _none("max_prompt_tokens", "; `truncation` says what happens to an input that is too long"),
    "truncation_strategy": _is("truncation_strategy", "truncation", ", which is `auto` or `disabled`"),
    "functions": _is("functions", "tools"),
    "function_call": _is("function_call", "tool_choice"),
    "reasoning_effort": _is("reasoning_effort", "reasoning.effort"),
    "verbosity": _is("verbosity", "text.verbosity"),
    "logprobs": _is("logprobs", "include", " with `message.output_text.logprobs`"),
    "web_search_options": _is("web_search_options", "tools", " with a tool of type `web_search`"),
    "n": _none("n", "; a response is one answer, so send a request for each"),
    "stop": _none("stop", ""),
    "seed": _none("seed", ""),
    "logit_bias": _none("logit_bias", ""),
    "prediction": _none("prediction", ""),
}

_WITH_RESPONSES: Final = " of a conversation; each request for a response has its tools, and what they work on"
#: Parameters of the body of a conversation.
_OF_CONVERSATIONS: Final = {
    "messages": _is("messages", "items"),
    "input": _none("input", " of a conversation; its messages are its `items`"),
    "role": _is("role", "items[].role"),
    "content": _is("content", "items[].content"),
    "attachments": _is("attachments", "items[].content[]", " with a part of type `input_file`"),
    "file_ids": _is("file_ids", "items[].content[]", " with a part of type `input_file`"),
    "tool_resources": _none("tool_resources", _WITH_RESPONSES),
    "thread_id": _is("thread_id", "metadata", ", where a conversation can tell which thread it was"),
    "assistant_id": _none("assistant_id", _INLINE),
}
#: By the heading of an operation: where its old parameters have gone.
_PARAMETERS_OF: Final = {"responses": _PARAMETERS, "conversations": _OF_CONVERSATIONS}

_FLAT: Final = "its `name`, `description`, `parameters` and `strict` stand in the tool itself"
#: Keys of a tool, by the tool's type.
_OF_TOOLS: Final = {
    "function": _none("tools[].function", f"; {_FLAT}"),
    "file_search": _none("tools[].file_search", "; `max_num_results` and `ranking_options` stand in the tool itself"),
}
_RETRIEVAL: Final = _is("retrieval", "file_search", ", a tool that names its `vector_store_ids`")
_CHOICE: Final = _is("tool_choice.function.name", "tool_choice.name")
_FORMAT: Final = _none(
    "text.format.json_schema", "; `name`, `schema`, `strict` and `description` stand in `text.format` itself"
)
_USAGE: Final = _none("stream_options.include_usage", "; the last event of a stream always has the usage")

#: Keys of a message.
_OF_MESSAGES: Final = {
    "tool_call_id": _is("tool_call_id", "call_id", " of an item of type `function_call_output`"),
    "tool_calls": _none("tool_calls", "; each call is an item of type `function_call`"),
    "function_call": _none("function_call", " of a message: a call is an item of type `function_call`"),
    "file_ids": _is("file_ids", "content[]", " with a part of type `input_file`"),
    "attachments": _is("attachments", "content[]", " with a part of type `input_file`"),
    "metadata": _none("metadata", " of a message: a response and a conversation have it"),
    "thread_id": _none("thread_id", " of a message: `conversation` stands beside `input`"),
    "assistant_id": _none("assistant_id", " of a message"),
    "run_id": _none("run_id", " of a message"),
}
_OUTPUT: Final = "a message of role `{0}` is an item of type `function_call_output` in the Responses API."
#: Types of content parts, of a user's message and of an assistant's.
_PARTS: Final = {
    "text": (_is("text", "input_text"), _is("text", "output_text", " in a message of the assistant")),
    "image_file": (_is("image_file", "input_image", " with its `file_id`"),) * 2,
    "image_url": (_is("image_url", "input_image", " with the URL as a string"),) * 2,
    "file": (_is("file", "input_file"),) * 2,
    "input_text": (None, _is("input_text", "output_text", " in a message of the assistant")),
}
_URL: Final = _is("image_url.url", "image_url", ", a string")


# ---- Where they stand ----

#: Items of a list, since no other request goes on meanwhile.
_LOOKED_AT: Final = 5_000


def _all(body: Any, parameters: Mapping[str, str]) -> Iterator[OldName]:
    if not isinstance(body, dict):
        return
    for name in body:
        if home := parameters.get(name):
            yield OldName(name, name, home)
    for number, tool in enumerate(_items(body.get("tools"))):
        yield from _of_tool(f"tools[{number}]", tool)
    if "function" in _object(body.get("tool_choice")):
        yield OldName("tool_choice.function", "function", _CHOICE)
    if "json_schema" in _object(_object(body.get("text")).get("format")):
        yield OldName("text.format.json_schema", "json_schema", _FORMAT)
    if "include_usage" in _object(body.get("stream_options")):
        yield OldName("stream_options.include_usage", "include_usage", _USAGE)
    for name in ("input", "items", "messages", "additional_messages"):
        for number, item in enumerate(_items(body.get(name))):
            yield from _of_item(f"{name}[{number}]", item)


def _items(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, with an empty one in place of everything else; of a very long list the first ones."""
    return [_object(one) for one in value[:_LOOKED_AT]] if isinstance(value, list) else []


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _of_tool(path: str, tool: dict[str, Any]) -> Iterator[OldName]:
    kind = tool.get("type")
    if kind == "retrieval":
        yield OldName(f"{path}.type", "retrieval", _RETRIEVAL)
    for name, home in _OF_TOOLS.items():
        if name in tool:
            yield OldName(f"{path}.{name}", name, home)


def _of_item(path: str, item: dict[str, Any]) -> Iterator[OldName]:
    role = item.get("role")
    if role in ("tool", "function"):
        yield OldName(f"{path}.role", role, _OUTPUT.format(role))
    own_type = item.get("type")
    if own_type in (None, "message", "function_call_output", "function_call"):
        for name, home in _OF_MESSAGES.items():
            if name in item:
                yield OldName(f"{path}.{name}", name, home)
    for number, part in enumerate(_items(item.get("content"))):
        yield from _of_part(f"{path}.content[{number}]", part, is_assistant=role == "assistant")


def _of_part(path: str, part: dict[str, Any], *, is_assistant: bool) -> Iterator[OldName]:
    kind = part.get("type")
    home = _PARTS[kind][is_assistant] if isinstance(kind, str) and kind in _PARTS else None
    if home:
        yield OldName(f"{path}.type", str(kind), home)
    elif kind == "input_image" and isinstance(part.get("image_url"), dict):
        yield OldName(f"{path}.image_url", "image_url", _URL)
