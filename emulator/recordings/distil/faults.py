"""What went wrong between server and client, as faults; and what was asked outside the API, as stubs.

The server's errors are faults. Errors that the client earned are none: the emulator has its own rules for them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.apis.http.fault_errors import error_body
from emulator.base.json_types import Object
from emulator.base.operations import CREATE_RUN, OF_A_RUN
from emulator.recordings.distil.api_calls import BEGINS_LEG, FAILURES, LIVE, Seen, has_address
from emulator.recordings.distil.history import History
from emulator.recordings.distil.turns import Conditions, Draft, folded
from emulator.recordings.exchange import parsed
from emulator.scenarios.conditions import Situation, first_mismatch
from emulator.world.journal import nested_beyond

#: Events after which a stream has told all.
_LAST: Final = ("thread.run.requires_action", "thread.run.completed", "thread.run.failed", "thread.run.incomplete",
                "thread.run.cancelled", "thread.run.expired")  # fmt: skip
#: Characters of a body that goes into a fault or stub, and levels of one that is JSON.
_BODY_LIMIT: Final = 20_000
_DEPTH: Final = 80
#: The highest status of HTTP.
LAST_STATUS: Final = 599


@dataclass(slots=True)
class Mishap:
    """A fault as a scenario says it, and the exchanges that it came from."""

    fault: Object
    seens: list[Seen]


@dataclass(slots=True)
class Mishaps:
    faults: list[Mishap] = field(default_factory=list)
    #: Each stub with the exchange that it came from.
    stubs: list[tuple[Object, Seen]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read_mishaps(seens: list[Seen], history: History, made: list[Draft]) -> Mishaps:
    """Faults in the order of their requests; each lets those pass that came before it and were answered well."""
    mishaps = Mishaps()
    reader = _Faults(history, made)
    for seen in seens:
        if seen.operation is not None:
            reader.read(seen)
        if seen.sent_again:
            what = "it was never answered, and sent again; here it is refused with a 503, so that it is done once"
            mishaps.left_out.append(f"{seen.exchange.described()}: {what}")
    mishaps.faults = reader.found
    _read_stubs(seens, mishaps)
    return mishaps


# ---- Faults ----


def _fault(seen: Seen) -> Object | None:
    """Operation, kind and what belongs to it; None for an answer without a fault."""
    base: Object = {"operation": seen.operation}
    if seen.events:
        return _fault_of_stream(seen, base)
    if seen.failed and 400 <= seen.status <= LAST_STATUS:
        error: Object = {**base, "kind": "error", "status": seen.status}
        return error | _body_of(seen.exchange.answer_body, error)
    if seen.sent_again:
        return {**base, "kind": "error", "status": 503}
    kind = FAILURES.get(seen.exchange.ended)
    if kind is None and seen.fine and _asks_for_stream(seen) and seen.exchange.answer_body == b"":
        kind = "truncate"
    if kind is None:
        return None
    return {**base, "kind": kind, **({"after": 0} if _asks_for_stream(seen) else {})}


def _asks_for_stream(seen: Seen) -> bool:
    return bool(seen.events) or seen.body.get("stream") is True


def _fault_of_stream(seen: Seen, base: Object) -> Object | None:
    names = [name for name, _ in seen.events]
    if "error" in names:
        after = names.index("error")
        data = seen.events[after][1]
        return {**base, "kind": "error", **({"body": data} if isinstance(data, dict) else {}), "after": after}
    if "done" in names or any(data == "[DONE]" for _, data in seen.events):
        return None
    if kind := FAILURES.get(seen.exchange.ended):
        return {**base, "kind": kind, "after": len(names)}
    if names[-1] in _LAST or seen.exchange.ended in ("client_left", "stopped"):
        return None
    return {**base, "kind": "truncate", "after": len(names)}


def _body_of(raw: bytes | None, error: Object) -> Object:
    """The body, if it is another than the fault has by itself."""
    value = parsed(raw)
    if raw is None or value == parsed(error_body(error["status"])):
        return {}
    if isinstance(value, dict) and not nested_beyond(_DEPTH, raw, value):
        return {"body": value}
    return {"body": raw.decode("utf-8", "replace")[:_BODY_LIMIT]}


class _Faults:
    """Reads faults, request by request."""

    def __init__(self, history: History, made: list[Draft]) -> None:
        self._history = history
        self._conditions = Conditions(made)
        #: How many polls find a run under way.
        self._live = {
            story.id: (draft.told.polls or {}).get("in_progress", 1) for draft in made for story in draft.stories
        }
        #: The requests of each operation that no fault spoilt, with what they were about.
        self._passed: defaultdict[str, list[tuple[Seen, str, Situation | None]]] = defaultdict(list)
        #: Operations that were answered well since the last fault.
        self._since: set[str] = set()
        self.found: list[Mishap] = []

    def read(self, seen: Seen) -> None:
        operation, situation = seen.operation or "", self._situation(seen)
        fault = _fault(seen)
        if fault is None:
            entry = (seen, situation.message.casefold() if situation else "", situation)
            for one in (operation, *(["get_run"] if operation in BEGINS_LEG else [])):
                self._passed[one].append(entry)
            self._since.add(operation)
            return
        if situation is not None and (when := self._conditions.of(situation)):
            fault["when"] = when
        last = self.found[-1] if self.found else None
        if last and operation not in self._since and _bare(last.fault) == fault:
            last.seens.append(seen)
            last.fault["times"] += 1
            return
        skip = self._skip(operation, fault)
        self.found.append(Mishap({**fault, **({"skip": skip} if skip else {}), "times": 1}, [seen]))
        self._since.clear()

    def _situation(self, seen: Seen) -> Situation | None:
        """Which run it was about, where a fault can ask that."""
        if seen.operation in CREATE_RUN:
            situation = self._history.situations.get(seen.order)
            known = situation and self._history.knows("assistant", situation.assistant["id"])
            return situation if known else None  # of a run that could not be, nothing can be asked
        story = self._history.stories.by_id.get(seen.path.get("run_id", ""))
        return story.situation if story and seen.operation in OF_A_RUN else None

    def _skip(self, operation: str, fault: Object) -> int:
        """How many earlier requests the fault would be asked of, and has to let pass."""
        when = fault.get("when", {})
        words = folded(when)
        asked = [
            seen
            for seen, message, situation in self._passed[operation]
            if words in message
            and ("after" not in fault or _asks_for_stream(seen))
            and (not when or (situation is not None and first_mismatch(when, situation) is None))
        ]
        return self._polls(asked) if operation == "get_run" else len(asked)

    def _polls(self, asked: list[Seen]) -> int:
        """How many polls a client sends in place of these: those that only waited are not needed."""
        shown: dict[str, str] = {}
        count = 0
        for one in asked:
            run_id = one.path["run_id"]
            if one.operation in BEGINS_LEG:
                shown.pop(run_id, None)
                continue
            status = str(one.answer.get("status")) if isinstance(one.answer, dict) else ""
            before, live = shown.get(run_id), self._live.get(run_id, 1)
            if status in LIVE:
                count += before is None
                shown[run_id] = "live"
            else:
                count += {None: live + 1, "live": live}.get(before, 1)
                shown[run_id] = "rest"
        return count


def _bare(fault: Object) -> Object:
    return {key: value for key, value in fault.items() if key not in ("skip", "times")}


# ---- Stubs ----


def _read_stubs(seens: list[Seen], mishaps: Mishaps) -> None:
    """The first answer to each request outside the API, on the API's own host."""
    hosts = {seen.exchange.host for seen in seens if seen.operation is not None and not seen.inferred}
    answers: dict[str, tuple[Object, Seen]] = {}
    strange: dict[str, int] = {}
    for seen in seens:
        exchange = seen.exchange
        if seen.operation is not None or not has_address(exchange):
            continue
        if exchange.host and exchange.host not in hosts and "openai" not in exchange.host:
            strange[exchange.host] = strange.get(exchange.host, 0) + 1
            continue
        stub = _stub(seen)
        if stub is None:
            mishaps.left_out.append(f"{exchange.described()}: an answer that a stub cannot give")
        elif (known := answers.setdefault(stub["request"], (stub, seen)))[0] != stub:
            mishaps.left_out.append(f"{exchange.described()}: it was answered otherwise before, a stub has one answer")
        elif known[1] is seen:
            mishaps.stubs.append(known)
    mishaps.left_out += [
        f"{count} request{'s'[: count != 1]} to {host}, which is not the API's host" for host, count in strange.items()
    ]


_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _stub(seen: Seen) -> Object | None:
    exchange = seen.exchange
    raw = exchange.answer_body or b""
    if exchange.method not in _METHODS or not 100 <= seen.status <= LAST_STATUS or len(raw) > _BODY_LIMIT:
        return None
    value: Any = parsed(raw)
    if not isinstance(value, (dict, list)) or nested_beyond(_DEPTH, raw, value):
        try:
            value = raw.decode("utf-8")
        except UnicodeDecodeError:
            return None
    path = re.sub(r"[*?[]", r"[\g<0>]", exchange.path)  # in a stub they stand for something else
    stub: Object = {"request": f"{exchange.method} {path}", "status": seen.status, "body": value}
    kind = exchange.answer_header("content-type")
    if isinstance(value, str) and kind and kind.isprintable():
        stub["headers"] = {"content-type": kind}
    return stub
