"""The responses from before the recording, as a scenario gives them: requests name them, or show what they are."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any, Final

from emulator.base.json_types import Object
from emulator.recordings.distil.api_calls import ApiCall
from emulator.recordings.distil.given_form import properties_of, valid_parameters
from emulator.recordings.distil.response_turns import items_of, output_of, responses_in

#: What a response shows besides the parameters of its request.
_SHOWN: Final = ("status", "output", "usage", "error", "incomplete_details")
#: What the service chooses where a request states nothing, and what a given response cannot continue.
_LEFT_OUT: Final = frozenset({"previous_response_id", "conversation", "prompt", "service_tier", "store"})


def earlier_responses(api_calls: Iterable[ApiCall], created: Container[str]) -> tuple[list[Object], list[str]]:
    """The given responses, and notes on what they lack. ``created``: the ids of those that requests create."""
    shown: dict[str, Object] = {}
    inputs: dict[str, list[Object]] = {}
    calls: dict[str, list[Object]] = {}
    named: dict[str, None] = {}
    for api_call in api_calls:
        if not api_call.succeeded:
            continue
        shown |= {one["id"]: one for one in responses_in(api_call) if "deleted" not in one}
        previous = str(api_call.body.get("previous_response_id") or "")
        id = previous if api_call.operation == "create_response" else api_call.parameters.get("response_id", "")
        if id and id not in created:
            named[id] = None
            if api_call.operation == "list_input_items":
                inputs.setdefault(id, _rows(api_call))
            calls.setdefault(id, []).extend(_called(api_call))
    found = [_given(id, shown.get(id), inputs.get(id, []), calls.get(id, [])) for id in named]
    notes = [
        f"response {id}: a request names it, and no response shows it; its output is made up (to do)"
        for id in named
        if id not in shown
    ]
    return found, notes


def _given(id: str, response: Object | None, input: list[Object], calls: list[Object]) -> Object:
    first = response or {}
    allowed = properties_of("create_response") - _LEFT_OUT
    stated = {key: value for key, value in first.items() if key in allowed and value not in (None, [], {})}
    body, _ = valid_parameters("create_response", {"model": "gpt-4o", **stated})
    output = output_of(first)
    known = {item.get("call_id") for item in output}
    made_up = [call for call in calls if call["call_id"] not in known]
    shown = {key: first[key] for key in _SHOWN if first.get(key) not in (None, [], "completed")}
    if made_up:
        shown["output"] = [*output, *made_up]
    return {"id": id, **body, **({"input": input} if input else {}), **shown}


def _rows(api_call: ApiCall) -> list[Object]:
    """The listed items, oldest first."""
    rows = api_call.response.get("data") if isinstance(api_call.response, dict) else None
    found = [one for one in (rows if isinstance(rows, list) else []) if isinstance(one, dict)]
    return found if "order=asc" in api_call.exchange.query else found[::-1]


def _called(api_call: ApiCall) -> Iterable[Object]:
    """The calls whose outputs a request brings: the response that it continues has made them."""
    sent: list[Any] = items_of(api_call) if api_call.operation == "create_response" else []
    ids = [item["call_id"] for item in sent if item.get("type") == "function_call_output" and item.get("call_id")]
    brought = {item.get("call_id") for item in sent if item.get("type") == "function_call"}
    for number, id in enumerate(one for one in ids if one not in brought):
        yield {
            "id": f"fc_{number}_{id}",
            "type": "function_call",
            "status": "completed",
            "arguments": "{}",
            "call_id": id,
            "name": "unknown_function",
        }
