"""Two things by turns, in the same seconds of the same machine, so that what disturbs one disturbs the other."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.bench.load import CONNECTIONS, drive
from tests.bench.report import Aim, Row, Spread
from tests.bench.servers import Process


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds a request: of the server's processor, and by the wall."""

    cpu: float
    wall: float

    @property
    def used(self) -> float:
        """Of the processor; by the wall where the system does not tell."""
        return self.wall if math.isnan(self.cpu) else self.cpu


def cost(used: Callable[[], float], work: Callable[[], None], many: int) -> Cost:
    """What each of the many requests costs that this work sends; repeated until a coarse processor clock has moved.

    ``used``: seconds of processor time so far, of what is measured.
    """
    cpu, wall, repeats = used(), time.perf_counter(), 0
    while not repeats or used() <= cpu:
        work()
        repeats += 1
    wall = time.perf_counter() - wall
    return Cost((used() - cpu) / (many * repeats), wall / (many * repeats))


def cost_of(process: Process, requests: Sequence[bytes], connections: int = CONNECTIONS) -> Cost:
    return cost(process.cpu, lambda: drive(process.port, requests, connections), len(requests))


Pairs = list[tuple[Cost, Cost]]


def paired(ours: Callable[[], Cost], other: Callable[[], Cost], rounds: int, warm_up: int = 1) -> Pairs:
    """Both in every round, the first of them last in the next one. So many more rounds, at first, warm up."""
    pairs: Pairs = []
    for number in range(rounds + warm_up):
        if number % 2:
            our_cost = ours()
            other_cost = other()
        else:
            other_cost = other()
            our_cost = ours()
        pairs.append((our_cost, other_cost))
    return pairs[warm_up:]


def speed_row(name: str, against: str, unit: str, pairs: Pairs, aim: Aim | None = None) -> Row:
    """How many times as fast as the other. ``unit``: ``us`` or ``ms``, and of what."""
    return _row(name, against, unit, pairs, [(b.used / a.used, b.wall / a.wall) for a, b in pairs], aim)


def cost_row(name: str, against: str, unit: str, pairs: Pairs, aim: Aim | None = None) -> Row:
    """How many times the other's cost."""
    return _row(name, against, unit, pairs, [(a.used / b.used, a.wall / b.wall) for a, b in pairs], aim)


def waited(work: Callable[[], object]) -> Cost:
    """What one waits for that work, by the wall alone."""
    begin = time.perf_counter()
    work()
    return Cost(float("nan"), time.perf_counter() - begin)


def _row(name: str, against: str, unit: str, pairs: Pairs, ratios: list[tuple[float, float]], aim: Aim | None) -> Row:
    scale = {"us": 1e6, "ms": 1e3}[unit.split()[0]]
    return Row(
        name,
        against,
        unit,
        Spread.of([a.used * scale for a, _ in pairs]).median,
        Spread.of([b.used * scale for _, b in pairs]).median,
        Spread.of([used for used, _ in ratios]),
        Spread.of([wall for _, wall in ratios]) if any(a.used != a.wall for a, _ in pairs) else None,
        aim,
    )
