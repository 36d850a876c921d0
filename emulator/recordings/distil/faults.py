"""The failures in a recording as faults, and its requests outside the API as stubs.

Only failures of the server become faults. The emulator itself refuses the requests that were the client's mistakes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.apis.http.fault_errors import error_body
from emulator.base.json_types import Object
from emulator.base.operations import CREATE_RUN, OF_A_TURN
from emulator.base.text import plural
from emulator.recordings.distil.api_calls import ACTIVE, FAULT_BY_ENDING, RESUMES_RUN, ApiCall, has_address
from emulator.recordings.distil.history import History
from emulator.recordings.distil.literal import verbatim_in
from emulator.recordings.distil.turns import Conditions, TurnDraft, folded
from emulator.recordings.exchange import parsed
from emulator.scenarios.conditions import Situation, first_mismatch
from emulator.world.journal import nested_beyond

#: Events that are the last of a stream, before ``done``.
_LAST: Final = ("thread.run.requires_action", "thread.run.completed", "thread.run.failed", "thread.run.incomplete",
                "thread.run.cancelled", "thread.run.expired", "response.completed", "response.failed",
                "response.incomplete", "response.cancelled")  # fmt: skip
#: Characters of the body of a fault or stub, and levels of a JSON body.
_BODY_LIMIT: Final = 20_000
_DEPTH: Final = 80
#: The highest status of HTTP.
LAST_STATUS: Final = 599


@dataclass(slots=True)
class RecordedFault:
    """A fault in the form of a scenario, and the API calls that it stands for."""

    fault: Object
    api_calls: list[ApiCall]


@dataclass(slots=True)
class RecordedFaults:
    """Faults, stubs and what neither of them can express."""

    faults: list[RecordedFault] = field(default_factory=list)
    #: Each stub with the API call that it stands for.
    stubs: list[tuple[Object, ApiCall]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read_faults(api_calls: list[ApiCall], history: History, turn_drafts: list[TurnDraft]) -> RecordedFaults:
    """Reads faults in the order of their requests; ``skip`` of a fault counts the requests that succeeded before it."""
    recorded = RecordedFaults()
    reader = _FaultReader(history, turn_drafts)
    for api_call in api_calls:
        if api_call.operation is not None:
            reader.read(api_call)
        if api_call.was_retried:
            what = "no response, and the client sent it again; here it gets a 503, so that it takes effect once"
            recorded.left_out.append(f"{api_call.exchange.described()}: {what}")
    recorded.faults = reader.found
    _read_stubs(api_calls, recorded)
    return recorded


# ---- Faults ----


def _fault(api_call: ApiCall) -> Object | None:
    """The fault of an API call: operation, kind and parameters. None if it shows none."""
    base: Object = {"operation": api_call.operation}
    if api_call.events:
        return _fault_of_stream(api_call, base)
    if api_call.server_failed and 400 <= api_call.status <= LAST_STATUS:
        error: Object = {**base, "kind": "error", "status": api_call.status}
        return error | _body_of(api_call.exchange.response_body, error)
    if api_call.was_retried:
        return {**base, "kind": "error", "status": 503}
    kind = FAULT_BY_ENDING.get(api_call.exchange.ended)
    is_empty = api_call.succeeded and api_call.exchange.response_body == b"" and _asks_for_stream(api_call)
    if kind is None and is_empty and api_call.exchange.ended == "complete":  # other formats may have left it out
        kind = "truncate"
    if kind is None:
        return None
    return {**base, "kind": kind, **({"after": 0} if _asks_for_stream(api_call) else {})}


def _asks_for_stream(api_call: ApiCall) -> bool:
    return bool(api_call.events) or api_call.body.get("stream") is True


def _fault_of_stream(api_call: ApiCall, base: Object) -> Object | None:
    names = [name for name, _ in api_call.events]
    if "error" in names and "response.failed" not in names:
        after = names.index("error")
        data = api_call.events[after][1]
        return {**base, "kind": "error", **({"body": data} if isinstance(data, dict) else {}), "after": after}
    if "done" in names or any(data == "[DONE]" for _, data in api_call.events):
        return None
    if kind := FAULT_BY_ENDING.get(api_call.exchange.ended):
        return {**base, "kind": kind, "after": len(names)}
    if names[-1] in _LAST or api_call.exchange.ended in ("client_left", "stopped", "unknown"):
        return None
    return {**base, "kind": "truncate", "after": len(names)}


def _body_of(raw: bytes | None, error: Object) -> Object:
    """The body, unless it is the default body of the fault."""
    value = parsed(raw)
    if raw is None or value == parsed(error_body(error["status"])):
        return {}
    if isinstance(value, dict) and not nested_beyond(_DEPTH, raw, value):
        return {"body": value}
    return {"body": raw.decode("utf-8", "replace")[:_BODY_LIMIT]}


class _FaultReader:
    """Reads faults, one API call after another."""

    def __init__(self, history: History, turn_drafts: list[TurnDraft]) -> None:
        self._history = history
        self._conditions = Conditions(turn_drafts)
        #: How many polls find a run active, by its id.
        self._live = {
            run_history.id: (draft.script.polls or {}).get("in_progress", 1)
            for draft in turn_drafts
            for run_history in draft.runs
        }
        #: By operation: the API calls without a fault, with their folded message and their situation.
        self._passed: defaultdict[str, list[tuple[ApiCall, str, Situation | None]]] = defaultdict(list)
        #: Operations that succeeded since the last fault.
        self._since: set[str] = set()
        self.found: list[RecordedFault] = []

    def read(self, api_call: ApiCall) -> None:
        operation, situation = api_call.operation or "", self._situation(api_call)
        fault = _fault(api_call)
        if fault is None:
            entry = (api_call, situation.message.casefold() if situation else "", situation)
            for one in (operation, *(["get_run"] if operation in RESUMES_RUN else [])):
                self._passed[one].append(entry)
            self._since.add(operation)
            return
        if situation is not None and (when := self._conditions.of(situation)):
            fault["when"] = when
        last = self.found[-1] if self.found else None
        if last and operation not in self._since and _bare(last.fault) == fault:
            last.api_calls.append(api_call)
            last.fault["times"] += 1
            return
        skip = self._skip(operation, fault)
        self.found.append(RecordedFault({**fault, **({"skip": skip} if skip else {}), "times": 1}, [api_call]))
        self._since.clear()

    def _situation(self, api_call: ApiCall) -> Situation | None:
        """The situation of the run in question, where a fault can have a condition on it."""
        if api_call.operation == "create_response":
            return self._history.situations.get(api_call.order)
        if api_call.operation in CREATE_RUN:
            situation = self._history.situations.get(api_call.order)
            known = situation and self._history.find("assistant", situation.assistant["id"])
            return situation if known else None  # a request for an unknown assistant has no situation
        run_history = self._history.runs.by_id.get(api_call.parameters.get("run_id", ""))
        return run_history.situation if run_history and api_call.operation in OF_A_TURN else None

    def _skip(self, operation: str, fault: Object) -> int:
        """How many earlier requests fit the fault, which has to let them pass."""
        when = fault.get("when", {})
        words = folded(when)
        matching = [
            api_call
            for api_call, message, situation in self._passed[operation]
            if words in message
            and ("after" not in fault or _asks_for_stream(api_call))
            and (not when or (situation is not None and first_mismatch(when, situation) is None))
        ]
        return self._polls(matching) if operation == "get_run" else len(matching)

    def _polls(self, matching: list[ApiCall]) -> int:
        """How many polls a client of the emulator sends in place of these: repeated ones are not needed."""
        latest: dict[str, str] = {}
        count = 0
        for one in matching:
            run_id = one.parameters["run_id"]
            if one.operation in RESUMES_RUN:
                latest.pop(run_id, None)
                continue
            status = str(one.response.get("status")) if isinstance(one.response, dict) else ""
            before, live = latest.get(run_id), self._live.get(run_id, 1)
            if status in ACTIVE:
                count += before is None
                latest[run_id] = "live"
            else:
                count += {None: live + 1, "live": live}.get(before, 1)
                latest[run_id] = "rest"
        return count


def _bare(fault: Object) -> Object:
    return {key: value for key, value in fault.items() if key not in ("skip", "times")}


# ---- Stubs ----


def _read_stubs(api_calls: list[ApiCall], recorded: RecordedFaults) -> None:
    """Makes a stub of the first response to each request outside the API, on the API's own host."""
    hosts = {
        api_call.exchange.host for api_call in api_calls if api_call.operation is not None and not api_call.inferred
    }
    stubs_by_request: dict[str, tuple[Object, ApiCall]] = {}
    foreign_hosts: dict[str, int] = {}
    for api_call in api_calls:
        exchange = api_call.exchange
        if api_call.operation is not None or not has_address(exchange):
            continue
        if exchange.host and exchange.host not in hosts and "openai" not in exchange.host:
            foreign_hosts[exchange.host] = foreign_hosts.get(exchange.host, 0) + 1
            continue
        stub = _stub(api_call)
        if stub is None:
            recorded.left_out.append(f"{exchange.described()}: a stub cannot give this response")
        elif (known := stubs_by_request.setdefault(stub["request"], (stub, api_call)))[0] != stub:
            recorded.left_out.append(
                f"{exchange.described()}: its response differs from an earlier one, and a stub has only one"
            )
        elif known[1] is api_call:
            recorded.stubs.append(known)
    recorded.left_out += [
        f"{plural(count, 'request')} to {host}, which is not the API's host" for host, count in foreign_hosts.items()
    ]


_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _stub(api_call: ApiCall) -> Object | None:
    exchange = api_call.exchange
    raw = exchange.response_body or b""
    if exchange.method not in _METHODS or not 100 <= api_call.status <= LAST_STATUS or len(raw) > _BODY_LIMIT:
        return None
    value: Any = parsed(raw)
    if not isinstance(value, (dict, list)) or nested_beyond(_DEPTH, raw, value):
        try:
            value = raw.decode("utf-8")
        except UnicodeDecodeError:
            return None
    path = re.sub(r"[*?{[]", r"[\g<0>]", exchange.path)  # a stub takes them for wildcards
    stub: Object = {"request": f"{exchange.method} {path}", "status": api_call.status, "body": verbatim_in(value)}
    kind = exchange.response_header("content-type")
    if isinstance(value, str) and kind and kind.isprintable():
        stub["headers"] = {"content-type": kind}
    return stub
