"""What is sent of assistants, threads, messages, runs and run steps: views of stored objects.

A view depends on where the object is sent (a JSON response, an event, the response to modify), on the world's shape and
on the flavour. ``wire`` is what the service really sends, also where it breaks its own published schema
(docs/wire.md §2 and §7); ``spec`` adds what that schema requires. Azure leaves out what OpenAI added in 2025
(docs/wire.md §6).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator.apis.assistants.objects import MESSAGE_STATE, without
from emulator.apis.files.objects import RANKING_DEFAULTS
from emulator.apis.http.request import JsonResponse, Request, json_response
from emulator.base.json_types import Object
from emulator.scenarios.model import TERMINAL
from emulator.world.state.state import Shape

#: An object of this API, as it is stored.
Stored = Mapping[str, Any]

_CODE_INTERPRETER: Final[Object] = {"code_interpreter": {"file_ids": []}}

#: Keys of a stored run step that the published schema has and the service never sent (docs/wire.md §2).
_STEP_SPEC_ONLY: Final = ("expired_at", "metadata")


def in_json(
    thing: Stored, shape: Shape = "wire", *, azure: bool = False, run_status: str = "", content: bool = False
) -> Stored:
    """An object as create, get and list show it.

    For run steps: ``run_status`` is their run's, ``content`` whether search results show their text (``include[]``).
    """
    if azure:
        thing = _on_azure(thing)
    kind = thing["object"]
    if kind == "thread.run.step":
        return _run_step(thing, shape, live=run_status not in TERMINAL, content=content)
    if shape == "spec":
        return _in_spec(thing)
    if kind == "thread.message":
        return without(thing, MESSAGE_STATE)
    return thing


def got_thread(thing: Stored) -> Stored:
    """A thread as ``GET`` and events show it: with a code interpreter's empty file list that ``POST`` leaves out."""
    resources = {**thing["tool_resources"]}
    resources.setdefault("code_interpreter", {"file_ids": []})
    return {**thing, "tool_resources": resources}


def modified_message(thing: Stored, shape: Shape = "wire") -> Stored:
    """A message as modify shows it: ``file_ids`` in place of ``attachments``, as in v1 (docs/wire.md §2)."""
    if shape == "spec":
        return thing
    return {
        ("file_ids" if key == "attachments" else key): ([] if key == "attachments" else value)
        for key, value in without(thing, MESSAGE_STATE).items()
    }


def in_event(thing: Stored, shape: Shape = "wire", *, azure: bool = False, content: bool = False) -> Stored:
    """An object as the data of a server-sent event."""
    if azure:
        thing = _on_azure(thing)
    kind = thing["object"]
    if kind == "thread.run" and not thing["tool_resources"]:
        thing = {**thing, "tool_resources": _CODE_INTERPRETER}
    if kind == "thread.run.step":
        return _run_step(thing, shape, live=True, content=content)
    if kind == "thread":
        return got_thread(thing)
    return _in_spec(thing) if shape == "spec" else thing


def _in_spec(thing: Stored) -> Stored:
    """An object without the nulls that the published schema forbids."""
    if thing["object"] == "thread.run" and thing["instructions"] is None:
        return {**thing, "instructions": ""}
    return thing


def _on_azure(thing: Stored) -> Stored:
    """Without ``reasoning_effort``, ``completion_tokens_details`` and the defaults of tools (docs/wire.md §6)."""
    kind = thing["object"]
    if kind not in ("assistant", "thread.run", "thread.run.step"):
        return thing
    shown = {key: value for key, value in thing.items() if key != "reasoning_effort"}
    if shown.get("tools"):
        shown["tools"] = [_tool_on_azure(tool) for tool in shown["tools"]]
    if shown.get("usage"):
        shown["usage"] = {key: value for key, value in shown["usage"].items() if key != "completion_tokens_details"}
    return shown


def _tool_on_azure(tool: Object) -> Object:
    if tool["type"] != "file_search":
        return tool
    options = {key: value for key, value in tool["file_search"].items() if value != RANKING_DEFAULTS}
    return {"type": "file_search", "file_search": options} if options else {"type": "file_search"}


def _run_step(step: Stored, shape: Shape, *, live: bool, content: bool) -> Object:
    """``expires_at`` is the run's while the run lives and in every event, and null afterwards."""
    step = step if content else _without_content(step)
    shown = without(step, () if shape == "spec" else _STEP_SPEC_ONLY)
    if not live:
        shown["expires_at"] = None
    return shown


def _without_content(step: Stored) -> Stored:
    """A run step whose search results keep their text to themselves."""
    calls = step["step_details"].get("tool_calls")
    if not calls or not any(call["type"] == "file_search" and call["file_search"]["results"] for call in calls):
        return step
    return {**step, "step_details": {**step["step_details"], "tool_calls": [_call_without(call) for call in calls]}}


def _call_without(call: Object) -> Object:
    if call["type"] != "file_search":
        return call
    results = [{k: v for k, v in result.items() if k != "content"} for result in call["file_search"]["results"]]
    return {**call, "file_search": {**call["file_search"], "results": results}}


# ---- Responses ----


def view_of(request: Request, thing: Stored, *, run_status: str = "", content: bool = False) -> Stored:
    """An object as this request sees it.

    ``run_status`` and ``content`` are for run steps: their run's status, and whether search results show their text.
    """
    return in_json(thing, request.world.shapes, azure=request.on_azure, run_status=run_status, content=content)


def shown(request: Request, thing: Stored, *, poll_after: int | None = None) -> JsonResponse:
    """The response that is an object."""
    return json_response(view_of(request, thing), poll_after=poll_after)
