"""Measures everything once, prints the table and writes it as JSON.

Exit code 0; 1 if a median misses its aim by more than 20 %; 2 if a measurement fails, so that there is no table.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.bench import (
    amounts,
    apis,
    bulk,
    endpoints,
    files,
    growth,
    many_worlds,
    plugin,
    recorders,
    sdk,
    searches,
    starts,
    suite,
)
from tests.bench.plan import FULL, QUICK, Measurement, Scale, is_wanted, wanted
from tests.bench.report import MeasurementFailed, Row, Skipped, failures, table, write
from tests.bench.servers import ROOT

_LEGEND = """
ratio: of paired rounds, median (middle half). How many times as fast as the other; with <=, or where it is said, cost
by cost."""


def measurements(scale: Scale) -> Iterator[Measurement]:
    modules = (
        endpoints,
        apis,
        amounts,
        sdk,
        many_worlds,
        growth,
        starts,
        plugin,
        recorders,
        files,
        searches,
        bulk,
        suite,
    )
    for module in modules:
        yield from module.measurements(scale)


def main(
    arguments: Sequence[str] | None = None,
    plan: Callable[[Scale], Iterator[Measurement]] | None = None,
    prog: str = "python -m tests.bench",
    out: str = "bench.json",
) -> int:
    """``plan``: all that is measured; that of this module by default."""
    parser = argparse.ArgumentParser(prog=prog, description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run, which says nothing about speed")
    parser.add_argument("--out", type=Path, default=ROOT / out, help=f"where the JSON goes ({out})")
    parser.add_argument(
        "--only",
        metavar="PATTERN",
        action="append",
        type=lambda text: re.compile(text, re.IGNORECASE),
        default=[],
        help="measure only rows in whose name this regular expression is found; may be repeated",
    )
    options = parser.parse_args(arguments)
    scale = QUICK if options.quick else FULL
    planned = list((plan or measurements)(scale))
    chosen = wanted(planned, options.only)
    if not chosen:
        names = "\n  ".join(name for each in planned for name in each.names)
        parser.error(f"no row has such a name; there are\n  {names}")
    skipped: dict[str, str] = {}
    try:
        rows = list(_measured(chosen, options.only, skipped))
    except MeasurementFailed as failure:
        print(f"a measurement failed: {failure}", file=sys.stderr)
        return 2
    print(table(rows))
    print(_LEGEND)
    for name, why in skipped.items():
        print(f"skipped: {name}: {why}")
    write(
        rows, options.out, skipped=skipped, python=platform.python_version(), cores=os.cpu_count(), quick=options.quick
    )
    return 0 if options.quick else _verdict(rows)


def _measured(
    chosen: Sequence[Measurement], patterns: Sequence[re.Pattern[str]], skipped: dict[str, str]
) -> Iterator[Row]:
    """``skipped``: gets the names of rows that need what is not here, and what that is."""
    for measurement in chosen:
        try:
            for row in measurement.rows():
                if is_wanted(row.name, patterns):
                    print(f"measured: {row.name}", file=sys.stderr, flush=True)
                    yield row
        except Skipped as missing:
            skipped.update(dict.fromkeys(measurement.names, str(missing)))


def _verdict(rows: Sequence[Row]) -> int:
    failed = failures(rows)
    for row in failed:
        print(f"{row.name}: {row.verdict}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
