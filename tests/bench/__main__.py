"""Measures everything once, prints the table and writes it as JSON. Exit code 1 if a measurement fails."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import amounts, endpoints, files, plugin, recorders, searches, times
from tests.bench.report import MeasurementFailed, Row, table, write
from tests.bench.servers import ROOT


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured. ``requests``: in a round, None for as many as it needs to last long enough."""

    rounds: int
    requests: int | None
    messages: int
    page_rounds: int
    starts: int
    runs: int
    uploads: int
    mebibytes: int
    files: int
    searches: int
    documents: int


FULL = Scale(
    rounds=9,
    requests=None,
    messages=100_000,
    page_rounds=11,
    starts=11,
    runs=100,
    uploads=8,
    mebibytes=8,
    files=10_000,
    searches=20,
    documents=1000,
)
QUICK = Scale(
    rounds=1,
    requests=20,
    messages=200,
    page_rounds=1,
    starts=1,
    runs=2,
    uploads=1,
    mebibytes=1,
    files=200,
    searches=1,
    documents=20,
)


_LEGEND = """
ratio: of paired rounds, median (middle half). How many times as fast as the other; with <=, or where it is said, cost
by cost."""


def measure(scale: Scale) -> Iterator[Row]:
    yield from endpoints.measure(scale.rounds, scale.requests)
    yield from amounts.measure(scale.page_rounds, scale.messages)
    yield from files.measure(scale.page_rounds, scale.uploads, scale.mebibytes, scale.files)
    yield from searches.measure(scale.page_rounds, scale.searches, scale.documents)
    yield from times.measure(scale.starts, scale.runs)
    yield from recorders.measure(scale.runs)
    yield from plugin.measure(scale.starts, scale.messages // 10)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run, which says nothing about speed")
    parser.add_argument("--out", type=Path, default=ROOT / "bench.json", help="where the JSON goes (bench.json)")
    options = parser.parse_args(arguments)
    rows: list[Row] = []
    try:
        for row in measure(QUICK if options.quick else FULL):
            print(f"measured: {row.name}", file=sys.stderr, flush=True)
            rows.append(row)
    except MeasurementFailed as failure:
        print(f"a measurement failed: {failure}", file=sys.stderr)
        return 1
    print(table(rows))
    print(_LEGEND)
    write(rows, options.out, python=platform.python_version(), cores=os.cpu_count(), quick=options.quick)
    return 0


if __name__ == "__main__":
    sys.exit(main())
