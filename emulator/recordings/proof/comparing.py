"""Compares a recorded response with the emulator's: statuses, events, texts, calls; not ids, times or chunks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from emulator.base.json_types import Object
from emulator.recordings.distil.history import text_in
from emulator.recordings.proof.comparing_responses import response_object_difference

#: The order of the statuses of a run or file that advances by itself. Every other status is at rest.
STATUS_ORDER: Final = {"queued": 0, "in_progress": 1, "cancelling": 2}
_AT_REST: Final = 3

#: Name and data of a server-sent event.
_Events = Sequence[tuple[str, Any]]


def rank(status: object) -> int:
    """How far a run or file with this status has come."""
    return STATUS_ORDER.get(str(status), _AT_REST)


def event_difference(expected: _Events, actual: _Events) -> str | None:
    """The first difference between two event streams in words; None if there is none."""
    expected_names, actual_names = _names(expected), _names(actual)
    if "thread.run.cancelled" in expected_names and actual_names == expected_names[: len(actual_names)]:
        return None  # the proof stops reading a stream whose run another request cancels
    if expected_names == actual_names:
        pairs = zip(_objects(expected), _objects(actual), strict=False)
        return next((found for one, other in pairs if (found := response_difference(one, other))), None)
    pairs_of_names = enumerate(zip(expected_names, actual_names, strict=False))
    shorter = min(len(expected_names), len(actual_names))
    place = next((n for n, (one, other) in pairs_of_names if one != other), shorter)
    was, is_now = ([*names, "the end"][place] for names in (expected_names, actual_names))
    return f"event {place + 1} was {was}, the emulator sends {is_now}"


def _names(events: _Events) -> list[str]:
    """The names of events; successive deltas count once."""
    names: list[str] = []
    for name, _ in events:
        if not (name.endswith(".delta") and names and names[-1] == name):
            names.append(name)
    return names


def _objects(events: _Events) -> list[Any]:
    """The data of all events but deltas."""
    return [_shown_object(data) for name, data in events if not name.endswith(".delta")]


def _shown_object(data: Any) -> Any:
    """The object that an event shows; events of the Responses API wrap the response."""
    return data["response"] if isinstance(data, dict) and "object" not in data and "response" in data else data


def response_difference(expected: Any, actual: Any) -> str | None:
    """How a run ended otherwise, or which texts or run steps differ, in words; None for no difference."""
    if not isinstance(expected, dict) or not isinstance(actual, dict) or expected.get("object") != actual.get("object"):
        return None
    if expected.get("object") == "response":
        return response_object_difference(expected, actual)
    if expected.get("object") == "thread.run":
        return _run_difference(expected, actual)
    if expected.get("object") == "thread.message" and expected.get("content"):
        said, says = text_in(expected), text_in(actual)
        return None if said == says else f"it said {said!r}, the emulator says {says!r}"
    for kind, describe, words in (("thread.message", text_in, "messages"), ("thread.run.step", _step, "run steps")):
        was, is_now = ([describe(one) for one in _rows(response, kind)] for response in (expected, actual))
        if was and was != is_now:
            return f"it listed the {words} {was}, the emulator lists {is_now}"
    return None


def _rows(response: Object, kind: str) -> list[Object]:
    rows = response.get("data")
    return [
        one for one in (rows if isinstance(rows, list) else ()) if isinstance(one, dict) and one.get("object") == kind
    ]


def _step(step: Object) -> str:
    """A run step in words, without ids."""
    calls = (step.get("step_details") or {}).get("tool_calls")
    if calls is None:
        return "message"
    return ", ".join(_call(one["function"]) if "function" in one else str(one.get("type")) for one in calls)


def _call(function: Object) -> str:
    return f"{function.get('name')}({function.get('arguments')})"


def _run_difference(expected: Object, actual: Object) -> str | None:
    was, is_now = expected.get("status"), actual.get("status")
    if rank(was) < _AT_REST:
        return None  # an active run may have come further here
    if was != is_now:
        return f"the run was {was}, here it is {is_now}"
    code, code_now = ((one.get("last_error") or {}).get("code") for one in (expected, actual))
    if code is not None and code != code_now:
        return f"the run failed with {code!r}, here with {code_now!r}"
    calls, calls_now = (_required_calls(one) for one in (expected, actual))
    return None if calls == calls_now else f"it called {', '.join(calls)}, here it calls {', '.join(calls_now)}"


def _required_calls(run: Object) -> list[str]:
    outputs = (run.get("required_action") or {}).get("submit_tool_outputs") or {}
    return [_call(call["function"]) for call in outputs.get("tool_calls") or ()]
