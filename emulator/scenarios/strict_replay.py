"""The requests of a recording, for worlds that take no others: ``replay --strict``.

A request was recorded if one of the same operation, query and body was. Objects that requests make have other ids in
another world, so an id of the recording stands for any. A GET may come any number of times, polls above all; a request
that changes something may come as often as it was recorded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from emulator.base.json_types import Object
from emulator.base.text import shorten


class RecordedRequest(NamedTuple):
    """One recorded request. ``body`` None: it was not recorded. ``origin``: where it stands."""

    operation: str
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any
    origin: str


class StrictReplay(NamedTuple):
    """All requests of a recording. ``ids``: those of what its requests made."""

    requests: tuple[RecordedRequest, ...]
    ids: frozenset[str]

    def take(self, played: Counter[int], method: str, request: RecordedRequest) -> str | None:
        """Counts a request as played, in ``played``. Answers why it was refused if it was not recorded."""
        missed: list[tuple[int, str]] = []
        for number, recorded in enumerate(self.requests):
            if recorded.operation != request.operation:
                continue
            found = self._differences(recorded, request)
            used_up = not found and method != "GET" and played[number] > 0
            if not found and not used_up:
                played[number] += 1
                return None
            why = f"{recorded.origin} was played already" if used_up else f"{recorded.origin} has {found[0]}"
            missed.append((len(found), why))
        return min(missed)[1] if missed else f"no {request.operation} was recorded"

    def _differences(self, recorded: RecordedRequest, request: RecordedRequest) -> list[str]:
        return [
            *self._differ(dict(recorded.path), dict(request.path), "the path's"),
            *self._differ(dict(recorded.query), dict(request.query), "the query's"),
            *(self._differ(recorded.body, request.body, "the body's") if recorded.body is not None else ()),
        ]

    def _differ(self, want: Any, got: Any, place: str) -> list[str]:
        """Where two values differ, in words."""
        if isinstance(want, dict) and isinstance(got, dict):
            return [
                difference
                for key in {**want, **got}
                for difference in self._differ(want.get(key), got.get(key), f"{place} {key}")
            ]
        if isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
            pairs = enumerate(zip(want, got, strict=True))
            return [difference for n, pair in pairs for difference in self._differ(*pair, f"{place}[{n}]")]
        same = want == got or (isinstance(want, str) and want in self.ids and isinstance(got, str))
        return [] if same else [f"{place} = {_short(want)}, not {_short(got)}"]


def body_of(value: Any) -> Object:
    """A body to compare: what is null says as little as what is absent, and a form's file is compared by its name."""
    if not isinstance(value, dict):
        return {}
    plain = {key: inner for key, inner in value.items() if inner is not None}
    return {
        key: {"filename": one["filename"]} if isinstance(one, dict) and "filename" in one else one
        for key, one in plain.items()
    }


def _short(value: Any) -> str:
    return shorten(repr(value))
