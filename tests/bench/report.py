"""What a measurement says: rows, a table to read, JSON to keep."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class MeasurementFailed(Exception):
    """Something answered otherwise than it should, so its speed means nothing."""


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
    """What a ratio is to reach: at least (``>=``) or at most (``<=``) ``now``; ``later``: what a later issue asks."""

    sign: str
    now: float
    later: float | None = None

    def is_met(self, ratio: float) -> bool:
        return ratio >= self.now if self.sign == ">=" else ratio <= self.now

    def __str__(self) -> str:
        later = f", later {self.later:g}" if self.later is not None else ""
        return f"{self.sign} {self.now:g}{later}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``ratio`` decides whether the aim is met; ``wall`` is the same by the clock on the wall.

    A row without ``aim`` informs; one without ``ratio`` has nothing beside it.
    """

    name: str
    against: str
    unit: str
    emulator: float
    other: float | None = None
    ratio: Spread | None = None
    wall: Spread | None = None
    aim: Aim | None = None

    @property
    def verdict(self) -> str:
        if self.aim is None or self.ratio is None:
            return ""
        return "met" if self.aim.is_met(self.ratio.median) else "MISSED"

    def cells(self) -> list[str]:
        other = "" if self.other is None else f"{self.other:.4g}"
        shown = [f"{self.emulator:.4g}", other, self.unit, str(self.ratio or ""), str(self.wall or "")]
        return [self.name, self.against, *shown, str(self.aim or ""), self.verdict]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "against": self.against,
            "unit": self.unit,
            "emulator": self.emulator,
            "other": self.other,
            "ratio": self.ratio and self.ratio.as_json(),
            "wall": self.wall and self.wall.as_json(),
            "aim": self.aim and {"sign": self.aim.sign, "now": self.aim.now, "later": self.aim.later},
            "met": None if not self.verdict else self.verdict == "met",
        }


HEADINGS = ["row", "against", "emulator", "other", "unit", "ratio", "by the wall", "aim", ""]


def table(rows: Sequence[Row]) -> str:
    """All rows, in columns."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(HEADINGS))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([text[0], "-" * max(map(len, text)), *text[1:]])


def write(rows: Sequence[Row], path: Path, **about: Any) -> None:
    """The rows as JSON, with what else is known about the run."""
    path.write_text(json.dumps({**about, "rows": [row.as_json() for row in rows]}, indent=2) + "\n")
