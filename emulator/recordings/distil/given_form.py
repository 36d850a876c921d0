"""Objects as a scenario's ``given`` says them: the API's creation parameters, without what the service adds."""

from __future__ import annotations

from typing import Any, Final

from emulator.apis.files.objects import RANKING_DEFAULTS
from emulator.apis.http import validation
from emulator.base import request_schemas
from emulator.base.json_types import Object
from emulator.sandbox.json_schema import breaches

#: By kind: the operation whose body makes one, and what stands in it by default.
BODIES: Final[dict[str, tuple[str, Object]]] = {
    "assistant": (
        "create_assistant",
        {"temperature": 1.0, "top_p": 1.0, "response_format": "auto", "tools": [], "metadata": {}},
    ),
    "thread": ("create_thread", {"metadata": {}}),
    "vector_store": ("create_vector_store", {"metadata": {}}),
}
#: Files that a given vector store can have.
MAX_STORED: Final = 500
_MESSAGE: Final = ("role", "content", "attachments", "metadata")


def as_given(kind: str, thing: Object) -> Object:
    """The creation parameters of an object, without those that stand for nothing."""
    operation, defaults = BODIES[kind]
    allowed = _properties(operation)
    said = {
        key: value
        for key, value in thing.items()
        if key in allowed and value not in (None, {}, []) and defaults.get(key) != value
    }
    return {"id": thing["id"], **without_echoes(said)}


def _properties(operation: str) -> frozenset[str]:
    schema: Any = request_schemas.schema("bodies", operation)
    reference = schema.get("$ref", "").removeprefix("#/$defs/")
    body = schema["$defs"][reference] if reference else schema
    return frozenset(body["properties"])


def sound(operation: str, item: Object) -> tuple[Object, list[str]]:
    """What the API would take of creation parameters; the names of those that it would not."""
    body = {key: value for key, value in item.items() if key != "id"}
    if validation.request_error(operation, body) is None:
        return item, []
    found = breaches(request_schemas.schema("bodies", operation) or {}, body)
    wrong = list(dict.fromkeys(str(breach.path[0]) for breach in found if breach.path))
    return {key: value for key, value in item.items() if key not in wrong}, wrong


def without_echoes(said: Object) -> Object:
    """Without what the service adds to tools and resources by itself."""
    if "tools" in said:
        said = {**said, "tools": [_plain_tool(tool) for tool in said["tools"]]}
    resources = {
        kind: value for kind, value in (said.get("tool_resources") or {}).items() if any((value or {}).values())
    }
    if resources:
        return {**said, "tool_resources": resources}
    return {key: value for key, value in said.items() if key != "tool_resources"}


def _plain_tool(tool: Object) -> Object:
    if tool["type"] == "function":
        function = {key: value for key, value in tool["function"].items() if value not in (None, False)}
        if function.get("parameters") == {"type": "object", "properties": {}}:
            del function["parameters"]
        return {"type": "function", "function": function}
    search = {key: value for key, value in (tool.get("file_search") or {}).items() if value is not None}
    ranking = {key: value for key, value in (search.get("ranking_options") or {}).items() if value is not None}
    if ranking.items() <= RANKING_DEFAULTS.items():
        search.pop("ranking_options", None)
    return {"type": tool["type"], **({"file_search": search} if search else {})}


def given_message(message: Object) -> Object:
    """As it would be posted; annotations are the service's own."""
    said = {key: message[key] for key in _MESSAGE if message.get(key)}
    parts = [_posted(part) for part in message["content"]]
    plain = parts[0]["text"] if len(parts) == 1 and parts[0]["type"] == "text" else None
    return {"id": message["id"], **said, "content": parts if plain is None else plain}


def _posted(part: Object) -> Object:
    if part["type"] == "text":
        return {"type": "text", "text": part["text"]["value"]}
    return {"type": "text", "text": part["refusal"]} if part["type"] == "refusal" else part


#: What a run has of its assistant unless its request says otherwise, and what it has by default.
_OF_THE_ASSISTANT: Final = (
    "model",
    "instructions",
    "tools",
    "temperature",
    "top_p",
    "response_format",
    "reasoning_effort",
)
_BY_DEFAULT: Final[Object] = {
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "truncation_strategy": {"type": "auto", "last_messages": None},
    "max_completion_tokens": None,
    "max_prompt_tokens": None,
    "metadata": {},
}


def given_run(run: Object, assistant: Object) -> tuple[Object, Object]:
    """A run that is over: what was asked for, and what came of it."""
    asked: Object = {"id": run["id"], "assistant_id": run["assistant_id"]}
    own = [key for key in _OF_THE_ASSISTANT if assistant and run.get(key) not in (None, assistant.get(key))]
    own += [key for key, usual in _BY_DEFAULT.items() if run.get(key) not in (None, usual)]
    asked |= {key: run[key] for key in own}
    if "tools" in asked:
        asked["tools"] = [_plain_tool(tool) for tool in asked["tools"]]
    came: Object = {"status": run["status"]}
    used = run.get("usage") or {}
    if used.get("prompt_tokens") or used.get("completion_tokens"):
        came["usage"] = {key: used[key] for key in _COUNTERS if isinstance(used.get(key), int)}
    if error := run.get("last_error"):
        came["last_error"] = {key: str(error[key]) for key in ("code", "message")}
    if isinstance(why := (run.get("incomplete_details") or {}).get("reason"), str):
        came["incomplete_details"] = {"reason": why}
    return asked, came


_COUNTERS: Final = ("prompt_tokens", "completion_tokens", "total_tokens")
