"""Objects in the form of a scenario's ``given``: the API's creation parameters, without what the service adds."""

from __future__ import annotations

from typing import Any, Final

from emulator.apis.files.objects import RANKING_DEFAULTS
from emulator.apis.http import validation
from emulator.base import request_schemas
from emulator.base.json_types import Object
from emulator.sandbox.json_schema import breaches

#: By kind of object: the operation that creates one, and the defaults of its body.
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


def creation_parameters(kind: str, thing: Object) -> Object:
    """The id and the creation parameters of an object, without empty values and defaults."""
    operation, defaults = BODIES[kind]
    allowed = properties_of(operation)
    body = {
        key: value
        for key, value in thing.items()
        if key in allowed and value not in (None, {}, []) and defaults.get(key) != value
    }
    return {"id": thing["id"], **without_defaults(body)}


def properties_of(operation: str) -> frozenset[str]:
    """The parameters of an operation's body."""
    schema: Any = request_schemas.schema("bodies", operation) or {}
    reference = schema.get("$ref", "").removeprefix("#/$defs/")
    body = schema["$defs"][reference] if reference else schema
    return frozenset(body.get("properties", ()))


def valid_parameters(operation: str, item: Object) -> tuple[Object, list[str]]:
    """The creation parameters that the API accepts, and the names of those that it does not."""
    body = {key: value for key, value in item.items() if key != "id"}
    if validation.validator("bodies", operation, foundry=True)(body):
        return item, []
    found = breaches(request_schemas.schema("bodies", operation, foundry=True) or {}, body)
    wrong = list(dict.fromkeys(str(breach.path[0]) for breach in found if breach.path))
    return {key: value for key, value in item.items() if key not in wrong}, wrong


def without_defaults(body: Object) -> Object:
    """The parameters without the defaults that the service adds to tools and resources."""
    if "tools" in body:
        body = {**body, "tools": [_plain_tool(tool) for tool in body["tools"]]}
    resources = {kind: value for kind, value in (body.get("tool_resources") or {}).items() if _holds_something(value)}
    if resources:
        return {**body, "tool_resources": resources}
    return {key: value for key, value in body.items() if key != "tool_resources"}


def _holds_something(resources: Any) -> bool:
    return any(resources.values()) if isinstance(resources, dict) else bool(resources)


def _plain_tool(tool: Object) -> Object:
    if tool["type"] not in ("function", "code_interpreter", "file_search"):  # Foundry's own
        return tool
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
    """A message as a request would post it, without the annotations of the service."""
    body = {key: message[key] for key in _MESSAGE if message.get(key)}
    parts = [_posted(part) for part in message["content"]]
    plain = parts[0]["text"] if len(parts) == 1 and parts[0]["type"] == "text" else None
    return {"id": message["id"], **body, "content": parts if plain is None else plain}


def of_its_run(message: Object) -> Object:
    """What a message has of the run that wrote it: its id, its assistant's, and the annotations of the texts."""
    texts = [part["text"] for part in message["content"] if part["type"] == "text"]
    annotations = [one for text in texts for one in text.get("annotations") or []]
    named = {key: message[key] for key in ("run_id", "assistant_id") if message.get(key)}
    return {**named, **({"annotations": annotations} if annotations else {})}


def _posted(part: Object) -> Object:
    if part["type"] == "text":
        return {"type": "text", "text": part["text"]["value"]}
    return {"type": "text", "text": part["refusal"]} if part["type"] == "refusal" else part


#: Parameters that a run takes from its assistant unless the request has its own, and the defaults of others.
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
    """The parameters and the outcome of a run that is at rest."""
    parameters: Object = {"id": run["id"], "assistant_id": run["assistant_id"]}
    own = [key for key in _OF_THE_ASSISTANT if assistant and run.get(key) not in (None, assistant.get(key))]
    own += [key for key, usual in _BY_DEFAULT.items() if run.get(key) not in (None, usual)]
    parameters |= {key: run[key] for key in own}
    if "tools" in parameters:
        parameters["tools"] = [_plain_tool(tool) for tool in parameters["tools"]]
    outcome: Object = {"status": run["status"]}
    usage = run.get("usage") or {}
    if usage.get("prompt_tokens") or usage.get("completion_tokens"):
        outcome["usage"] = _counted(usage)
    if error := run.get("last_error"):
        outcome["last_error"] = _error(error)
    if isinstance(why := (run.get("incomplete_details") or {}).get("reason"), str):
        outcome["incomplete_details"] = {"reason": why}
    return parameters, outcome


def active_run(run: Object, assistant: Object, *, is_cancelled: bool) -> tuple[Object, Object]:
    """The parameters and the state of an active run. ``is_cancelled``: by a request, before which it was active."""
    parameters, _ = given_run(run, assistant)
    action = {"required_action": run["required_action"]} if run.get("required_action") else {}
    before = run["status"] if run["status"] in ("queued", "requires_action") else "in_progress"
    return parameters, {"status": before if is_cancelled else run["status"], **action}


def given_step(step: Object) -> Object:
    """A run step that is at its end, as the API shows it."""
    given: Object = {"id": step["id"], "step_details": step["step_details"]}
    given |= {"status": step["status"]} if step["status"] != "completed" else {}
    given |= {"usage": _counted(step["usage"])} if step.get("usage") else {}
    return {**given, **({"last_error": _error(step["last_error"])} if step.get("last_error") else {})}


def is_whole_step(step: Object) -> bool:
    """True for a run step at its end with all that a scenario needs of it."""
    details = step.get("step_details")
    kinds = ("message_creation", "tool_calls")
    return step.get("status") in _STEP_ENDS and isinstance(details, dict) and details.get("type") in kinds


def _counted(usage: Object) -> Object:
    details = {key: value for key, value in usage.items() if isinstance(value, dict) and any(value.values())}
    return {key: usage[key] for key in _COUNTERS if isinstance(usage.get(key), int)} | details


def _error(error: Object) -> Object:
    return {key: str(error[key]) for key in ("code", "message")}


_STEP_ENDS: Final = frozenset({"completed", "failed", "cancelled", "expired"})
_COUNTERS: Final = ("prompt_tokens", "completion_tokens", "total_tokens")
