"""Where two answers differ in what counts: statuses, events, words, calls; not in ids, times and how texts were cut."""

from __future__ import annotations

from typing import Any, Final

from emulator.base.json_types import Object
from emulator.recordings.distil.history import text_in

#: How far a run or file has come that goes on by itself.
RANK: Final = {"queued": 0, "in_progress": 1, "cancelling": 2}


def different_events(want: list[Any], got: list[Any]) -> str | None:
    mine, other = _names(got), _names(want)
    if "thread.run.cancelled" in other and mine == other[: len(mine)]:
        return None  # a stream whose run somebody else cancels is read no further here
    if mine == other:
        pairs = zip(_whole(want), _whole(got), strict=False)
        return next((found for one, its in pairs if (found := different_answer(one, its))), None)
    place = next(
        (n for n, pair in enumerate(zip(other, mine, strict=False)) if pair[0] != pair[1]), min(len(mine), len(other))
    )
    was, is_now = ([*names, "the end"][place] for names in (other, mine))
    return f"event {place + 1} was {was}, the emulator sends {is_now}"


def _names(events: list[Any]) -> list[str]:
    """Names of events; pieces of the same thing count once."""
    names: list[str] = []
    for name, _ in events:
        if not (name.endswith(".delta") and names and names[-1] == name):
            names.append(name)
    return names


def _whole(events: list[Any]) -> list[Any]:
    """What events show that are no pieces."""
    return [data for name, data in events if not name.endswith(".delta")]


def different_answer(want: Any, got: Any) -> str | None:
    """A run that came out otherwise; other words; other steps."""
    if not isinstance(want, dict) or not isinstance(got, dict) or want.get("object") != got.get("object"):
        return None
    if want.get("object") == "thread.run":
        return _different_run(want, got)
    if want.get("object") == "thread.message" and want.get("content"):
        said, says = text_in(want), text_in(got)
        return None if said == says else f"it said {said!r}, the emulator says {says!r}"
    for kind, shown, words in (("thread.message", text_in, "messages"), ("thread.run.step", _step, "run steps")):
        was, is_now = ([shown(one) for one in _rows(answer, kind)] for answer in (want, got))
        if was and was != is_now:
            return f"it listed the {words} {was}, the emulator lists {is_now}"
    return None


def _rows(answer: Object, kind: str) -> list[Object]:
    rows = answer.get("data")
    return [
        one for one in (rows if isinstance(rows, list) else ()) if isinstance(one, dict) and one.get("object") == kind
    ]


def _step(step: Object) -> str:
    """What a run step did, without ids."""
    calls = (step.get("step_details") or {}).get("tool_calls")
    if calls is None:
        return "message"
    return ", ".join(_called(one["function"]) if "function" in one else str(one.get("type")) for one in calls)


def _called(function: Object) -> str:
    return f"{function.get('name')}({function.get('arguments')})"


def _different_run(want: Object, got: Object) -> str | None:
    before, now = want.get("status"), got.get("status")
    if RANK.get(str(before), 3) < 3:
        return None  # under way: it may be further here
    if before != now:
        return f"the run was {before}, here it is {now}"
    was, is_now = ((one.get("last_error") or {}).get("code") for one in (want, got))
    if was is not None and was != is_now:
        return f"the run failed with {was!r}, here with {is_now!r}"
    asked, asks = (
        [
            _called(call["function"])
            for call in ((one.get("required_action") or {}).get("submit_tool_outputs") or {}).get("tool_calls") or ()
        ]
        for one in (want, got)
    )
    return None if asked == asks else f"it called {', '.join(asked)}, here it calls {', '.join(asks)}"
