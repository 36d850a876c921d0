"""What is measured, before it is: rows by name, so that some can be asked for, and how much of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.bench.report import MeasurementFailed, Row


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured. ``requests``: in a round, None for as many as it needs to last long enough."""

    rounds: int
    requests: int | None
    deltas: int
    messages: int
    page_rounds: int
    posts: int
    calls: int
    worlds: int
    turns: int
    streams: int
    starts: int
    runs: int
    uploads: int
    mebibytes: int
    files: int
    searches: int
    documents: int
    file_turns: int
    cassettes: int
    exported: int
    suite: str


FULL = Scale(
    rounds=9,
    requests=None,
    deltas=1000,
    messages=100_000,
    page_rounds=11,
    posts=2000,
    calls=50,
    worlds=1000,
    turns=1000,
    streams=500,
    starts=11,
    runs=100,
    uploads=8,
    mebibytes=8,
    files=10_000,
    searches=20,
    documents=1000,
    file_turns=2600,
    cassettes=15,
    exported=5000,
    suite="tests",
)
QUICK = Scale(
    rounds=1,
    requests=20,
    deltas=20,
    messages=200,
    page_rounds=1,
    posts=20,
    calls=1,
    worlds=5,
    turns=20,
    streams=5,
    starts=1,
    runs=2,
    uploads=1,
    mebibytes=1,
    files=200,
    searches=1,
    documents=20,
    file_turns=20,
    cassettes=2,
    exported=200,
    suite="tests/base",
)


@dataclass(frozen=True, slots=True)
class Measurement:
    """Rows that share what is dear to set up, and so are measured together. ``names``: theirs, in their order."""

    names: tuple[str, ...]
    measure: Callable[[], Iterator[Row]]

    def rows(self) -> Iterator[Row]:
        """Each as soon as it is measured. Raises MeasurementFailed if one is not called as it was announced."""
        announced = list(self.names)
        for row in self.measure():
            if not announced or row.name != announced.pop(0):
                raise MeasurementFailed(f"{row.name!r} is not among the rows {self.names} in their order")
            yield row
        if announced:
            raise MeasurementFailed(f"{announced} were not measured")


def one(name: str, measure: Callable[[], Row]) -> Measurement:
    """A row that shares nothing."""

    def rows() -> Iterator[Row]:
        yield measure()

    return Measurement((name,), rows)


def is_wanted(name: str, patterns: Sequence[re.Pattern[str]]) -> bool:
    """Whether any of the patterns is found in a row's name; all are wanted where there is none."""
    return not patterns or any(pattern.search(name) for pattern in patterns)


def wanted(measurements: Iterable[Measurement], patterns: Sequence[re.Pattern[str]]) -> list[Measurement]:
    """Those that have a row of a wanted name."""
    return [each for each in measurements if any(is_wanted(name, patterns) for name in each.names)]
