"""What a measurement says: rows, a table to read, JSON to keep."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: The part of its aim that a median may miss before the bench fails: what a busy machine does to a ratio.
TOLERANCE = 0.2


class MeasurementFailed(Exception):
    """Something answered otherwise than it should, so its speed means nothing."""


class Skipped(Exception):
    """What a measurement needs is not here; the message says what."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Repeats of one figure: their median, and where the middle half of them lies."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        if len(values) < 2:
            return cls(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high)

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f}-{self.high:.2f})"

    def as_json(self) -> dict[str, float]:
        return {"median": self.median, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class Aim:
    """What a ratio is to reach: at least (``>=``) or at most (``<=``) so much."""

    sign: str
    value: float

    def missed_by(self, ratio: float) -> float:
        """The part of the aim that is missing, or too much; 0 or less where it is met."""
        beyond = ratio / self.value - 1
        return -beyond if self.sign == ">=" else beyond

    def __str__(self) -> str:
        return f"{self.sign} {self.value:g}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``ratio`` decides whether the aim is met; ``wall`` is the same by the clock on the wall.

    A row without ``aim`` informs; one without ``ratio`` has nothing beside it. ``note``: what a ratio does not say.
    """

    name: str
    against: str
    unit: str
    emulator: float
    other: float | None = None
    ratio: Spread | None = None
    wall: Spread | None = None
    aim: Aim | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """Whether the median meets the aim, and by how much not; empty where there is no aim."""
        missed = self.missed_by
        if missed is None:
            return ""
        if missed <= 0:
            return "met"
        by = f"missed by {missed * 100:.0f} %"
        return f"{by}, within {TOLERANCE * 100:.0f} %" if missed <= TOLERANCE else by.upper()

    @property
    def missed_by(self) -> float | None:
        if self.aim is None or self.ratio is None:
            return None
        return self.aim.missed_by(self.ratio.median)

    def cells(self) -> list[str]:
        other = "" if self.other is None else f"{self.other:.4g}"
        shown = [f"{self.emulator:.4g}", other, self.unit, str(self.ratio or ""), str(self.wall or "")]
        return [self.name, self.against, *shown, str(self.aim or ""), self.verdict, self.note]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "against": self.against,
            "unit": self.unit,
            "emulator": self.emulator,
            "other": self.other,
            "ratio": self.ratio and self.ratio.as_json(),
            "wall": self.wall and self.wall.as_json(),
            "aim": self.aim and {"sign": self.aim.sign, "value": self.aim.value},
            "verdict": self.verdict or None,
            "note": self.note,
        }


HEADINGS = ["row", "against", "emulator", "other", "unit", "ratio", "by the wall", "aim", "", ""]


def table(rows: Sequence[Row]) -> str:
    """All rows, in columns."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(HEADINGS))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([text[0], "-" * max(map(len, text)), *text[1:]])


def failures(rows: Sequence[Row]) -> list[Row]:
    """Those that miss their aim by more than is tolerated."""
    return [row for row in rows if (row.missed_by or 0) > TOLERANCE]


def write(rows: Sequence[Row], path: Path, **about: Any) -> None:
    """The rows as JSON, with what else is known about the run."""
    path.write_text(json.dumps({**about, "rows": [row.as_json() for row in rows]}, indent=2) + "\n")
