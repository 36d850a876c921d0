"""Faults: what goes wrong between server and client. They never change a run.

A kind is one registered class. Those that act before the request is handled have ``before``; the others wrap the
answer's ``send``, which is how a stream is spoilt at any of its events.

    error, delay            before the request is handled (``error`` with ``after`` ends a stream)
    stall, disconnect, truncate, slice, garble, error with ``after``          spoil the answer
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from emulator.base.json_types import Object
from emulator.base.operations import ALSO_CALLED, OF_A_RUN
from emulator.base.problems import EmulatorError, Problem
from emulator.sandbox import patterns
from emulator.sandbox.json_schema import Schema
from emulator.scenarios.conditions import Situation, first_mismatch

#: Faults that are injected into a world at most.
MAX_INJECTED: Final = 1000
#: Headers of an answer: a name that HTTP allows, a value in one line.
HEADERS: Final[Schema] = {
    "type": "object",
    "propertyNames": {
        "pattern": r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?![\s\S])",
        "description": "a header's name, as Retry-After",
    },
    "additionalProperties": {
        "type": "string",
        "pattern": r"^[^\x00\r\n]*(?![\s\S])",  # to the very end: $ would let one newline by
        "description": "a header's value: text in one line",
    },
}
#: Parameters of each kind, beside the keys that all have; what is marked by True is needed.
KINDS: Final[dict[str, dict[str, tuple[Schema, bool]]]] = {
    "error": {
        "status": ({"type": "integer", "minimum": 400, "maximum": 599}, False),
        "body": ({"type": ["object", "string"]}, False),
        "headers": (HEADERS, False),
    },
    "delay": {"seconds": ({"type": "number", "minimum": 0}, True)},
    "stall": {},
    "disconnect": {},
    "truncate": {},
    "slice": {"bytes": ({"type": "integer", "minimum": 1}, True)},
    "garble": {},
}
SUMMARIES: Final = {
    "error": "answers with this status (500), body and headers; with `after`, ends the stream with an `error` event",
    "delay": "waits this many real seconds before the request is handled",
    "stall": "says nothing more until the client leaves",
    "disconnect": "closes the socket",
    "truncate": "ends the answer cleanly, a stream without `done`",
    "slice": "sends the answer in pieces of this many bytes",
    "garble": "drops the last character of the event's or body's JSON",
}


@dataclass(slots=True)
class Fault:
    """A fault as a scenario or test says it. ``operations``: names, or none for all of them."""

    kind: str
    operations: frozenset[str] = frozenset()
    when: Object = field(default_factory=dict)
    skip: int = 0
    times: int | None = None
    after: int | None = None
    status: int = 500
    body: Object | str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    bytes: int = 0
    file: str | None = None
    line: int | None = None

    @property
    def acts_before(self) -> bool:
        """It acts before the request is handled."""
        return self.kind == "delay" or (self.kind == "error" and self.after is None)

    def described(self) -> str:
        operations = ", ".join(sorted(self.operations)) or "*"
        return f"fault {self.kind!r} of {operations}"

    def as_json(self) -> Object:
        said: Object = {"kind": self.kind, "operation": sorted(self.operations) or "*", "when": self.when}
        said |= {"skip": self.skip, "times": self.times, "after": self.after}
        return said | {name: getattr(self, name) for name in KINDS[self.kind]}


#: Numbers that JSON may write as 2.0.
_WHOLE: Final = frozenset({"skip", "times", "after", "status", "bytes"})


def fault_of(data: Object, file: str | None = None, line: int | None = None) -> Fault:
    """A fault from checked data."""
    named = data["operation"]
    names = [named] if isinstance(named, str) else named
    operations = frozenset() if "*" in names else frozenset(ALSO_CALLED.get(name, name) for name in names)
    rest: Object = {key: int(value) if key in _WHOLE else value for key, value in data.items() if key != "operation"}
    return Fault(operations=operations, file=file, line=line, **rest)


@dataclass(slots=True, eq=False)
class Armed:
    """A fault in a world: how many requests it let pass, and how often it was applied."""

    fault: Fault
    passed: int = 0
    applied: int = 0

    def fits(self, operation: str, situation: Callable[[], Situation | None], *, streams: bool) -> bool:
        fault = self.fault
        if fault.operations and operation not in fault.operations:
            return False
        if fault.times is not None and self.applied >= fault.times:
            return False
        if fault.after is not None and not streams:
            return False
        if fault.when:
            run = situation() if operation in OF_A_RUN else None
            if run is None or first_mismatch(fault.when, run) is not None:
                return False
        if self.passed < fault.skip:
            self.passed += 1
            return False
        return True


class Faults:
    """The faults of one world: injected ones are asked before those of scenarios."""

    def __init__(self) -> None:
        self._injected: list[Armed] = []
        self._scripted: dict[str, list[Armed]] = {}

    @property
    def any(self) -> bool:
        """False in most worlds: their requests need not be looked at."""
        return bool(self._injected or self._scripted)

    def inject(self, fault: Fault) -> None:
        """Raises EmulatorError when there are too many: each request looks at all of them."""
        if len(self._injected) >= MAX_INJECTED:
            raise EmulatorError(f"expected at most {MAX_INJECTED} injected faults; clear them first")
        self._injected.insert(0, Armed(fault))

    def clear(self) -> None:
        """Forgets the injected ones."""
        self._injected.clear()

    def load(self, scenario: str, faults: tuple[Fault, ...]) -> None:
        """The faults of a scenario that was loaded: asked before those that are there."""
        others = {name: armed for name, armed in self._scripted.items() if name != scenario}
        self._scripted = {scenario: [Armed(fault) for fault in faults], **others} if faults else others

    def order(self, scenarios: Sequence[str]) -> None:
        """Those of scenarios are asked in this order; those of others are gone."""
        self._scripted = {name: self._scripted[name] for name in scenarios if name in self._scripted}

    def __iter__(self) -> Iterator[Armed]:
        yield from self._injected
        for armed in self._scripted.values():
            yield from armed

    def choose(self, operation: str, situation: Callable[[], Situation | None], *, streams: bool) -> Armed | None:
        """The first that fits a request, counted as applied."""
        with patterns.sharing():
            for armed in self:
                if armed.fits(operation, situation, streams=streams):
                    armed.applied += 1
                    return armed
        return None

    def unfired(self) -> Iterator[Problem]:
        """Those with ``times`` that were not applied that often."""
        for armed in self:
            fault = armed.fault
            if fault.times is not None and armed.applied < fault.times:
                message = f"{fault.described()} was applied {armed.applied} of {fault.times} times"
                yield Problem("times", message, fault.file, fault.line)


# ---- What an error says ----

_WORDS: Final = {
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    404: ("invalid_request_error", None, "Not found"),
    429: ("tokens", "rate_limit_exceeded", "Rate limit reached for requests. Please try again in 20ms."),
    503: ("server_error", None, "The engine is currently overloaded, please try again later."),
}
_SERVER_ERROR: Final = (
    "server_error",
    None,
    "The server had an error processing your request. Sorry about that! You can retry your request, or contact us "
    "through our help center at help.openai.com if you keep seeing this error.",
)
#: What the SDKs read before they try again: soon, so that tests are fast.
_RETRY: Final = {"retry-after-ms": "20", "retry-after": "1", "x-should-retry": "true"}


def error_body(fault: Fault) -> bytes:
    """The body of an error fault: as it says, or in the service's words for the status."""
    if isinstance(fault.body, str):
        return fault.body.encode()
    body = {"error": _error(fault)} if fault.body is None else fault.body
    return orjson.dumps(body, option=orjson.OPT_INDENT_2)


def error_event(fault: Fault) -> bytes:
    """The event that ends a stream: the error stands in ``error`` (docs/wire.md §3 K)."""
    data = fault.body if isinstance(fault.body, dict) else {"error": _error(fault)}
    if "error" not in data:
        data = {"error": data}
    return b"event: error\ndata: %b\n\n" % orjson.dumps(data)


def _error(fault: Fault) -> Object:
    default = _SERVER_ERROR if fault.status >= 500 else ("invalid_request_error", None, "Bad request")
    kind, code, message = _WORDS.get(fault.status, default)
    return {"message": message, "type": kind, "param": None, "code": code}


def error_headers(fault: Fault) -> list[tuple[bytes, bytes]]:
    """429 and 5xx carry what the SDKs' retries read; what the fault says comes instead."""
    retried = _RETRY if fault.status == 429 or fault.status >= 500 else {}
    said: dict[str, Any] = {**retried, **{name.lower(): value for name, value in fault.headers.items()}}
    return [(name.encode(), value.encode("latin-1", "replace")) for name, value in said.items()]
