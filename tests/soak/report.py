"""What the soak says: load held, what was survived, what is left over against its bound, and the books."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.soak.rounds import Soaked
from tests.soak.subject import Holding

#: Of what may be left when all is quiet: how much more than after the warm-up.
BOUNDS: Final[dict[str, float]] = {
    "resident": 48.0,  # MiB: what the allocator keeps in its arenas varies by tens
    "fds": 4,
    "sockets": 2,
    "files": 0,
    "threads": 40,  # anyio keeps as many to write uploads to disk, and ends those that have idled
    "tasks": 0,
    "connections": 0,
    "worlds_alive": 4,  # ended ones: they go without the collector
}
#: Milliseconds that the loop may be kept at once, in any round.
LOOP: Final = 50
_UNITS: Final = {
    "resident": "memory, MiB",
    "files": "temporary files",
    "worlds_alive": "ended worlds in memory",
    "loop": "loop kept, ms",
}


@dataclass(frozen=True, slots=True)
class Leak:
    """A thing that is held: after the warm-up, at the end, and how much more there may be."""

    name: str
    before: float
    after: float
    most: float

    @property
    def bound(self) -> float:
        return self.before + self.most

    @property
    def holds(self) -> bool:
        return self.after <= self.bound

    def as_json(self) -> dict[str, Any]:
        return {"before": self.before, "after": self.after, "bound": self.bound, "holds": self.holds}


def leaks(holdings: Sequence[Holding]) -> list[Leak]:
    """After the warm-up, a quarter of the rounds, against the last; and the longest that the loop was kept."""
    warm = holdings[(len(holdings) - 1) // 4]
    last = holdings[-1]
    kept = Leak("loop", 0, max(one.loop for one in holdings), LOOP)
    return [*(Leak(name, getattr(warm, name), getattr(last, name), most) for name, most in BOUNDS.items()), kept]


def is_fine(soaked: Soaked, exit_code: int) -> bool:
    return not soaked.violations and exit_code == 0 and all(leak.holds for leak in leaks(soaked.holdings))


def as_json(soaked: Soaked, exit_code: int, **about: Any) -> dict[str, Any]:
    return {
        **about,
        "seconds": round(soaked.seconds, 1),
        "requests": dict(soaked.requests.most_common()),
        "answers": {str(status): many for status, many in sorted(soaked.answers.items())},
        "unanswered": soaked.unanswered,
        "repeats": soaked.repeats,
        "dropped": soaked.dropped,
        "worlds": soaked.worlds,
        "news": soaked.news,
        "rows": soaked.rows,
        "acts": dict(soaked.acts.most_common()),
        "interrupted": soaked.interrupted,
        "faults": dict(soaked.faults.most_common()),
        "problems": dict(soaked.problems.most_common()),
        "leaks": {leak.name: leak.as_json() for leak in leaks(soaked.holdings)},
        "holdings": [holding.as_json() for holding in soaked.holdings],
        "violations": soaked.violations,
        "exit_code": exit_code,
        "fine": is_fine(soaked, exit_code),
    }


def lines(soaked: Soaked, exit_code: int) -> Iterator[str]:
    """The same for people."""
    total = sum(soaked.requests.values())
    yield f"load: {total:,} requests in {soaked.seconds:.0f} s, {total / soaked.seconds:,.0f} a second"
    yield f"  of {len(soaked.requests)} operations in {sum(soaked.acts.values()):,} acts; " + _counted(soaked.acts)
    yield "answers: " + _counted({str(status): many for status, many in sorted(soaked.answers.items())})
    yield f"  {soaked.unanswered:,} without an answer: their clients had left, or a fault let them wait"
    yield f"worlds of visitors: {soaked.worlds:,}; news for the inspector: {soaked.news:,}, with {soaked.rows:,} rows"
    yield f"survived: {soaked.interrupted:,} acts that a fault or a reset ended; faults: " + _counted(soaked.faults)
    yield "problems that were provoked: " + _counted(soaked.problems)
    yield ""
    yield f"{'when all is quiet':<24}{'warm':>10}{'at the end':>12}{'bound':>10}"
    for leak in leaks(soaked.holdings):
        verdict = "" if leak.holds else "  BROKEN"
        name = _UNITS.get(leak.name, leak.name)
        yield f"{name:<24}{leak.before:>10g}{leak.after:>12g}{leak.bound:>10g}{verdict}"
    yield ""
    state = "balance" if not soaked.violations else f"{len(soaked.violations)} VIOLATIONS"
    yield f"books: {state} ({soaked.repeats:,} repeated looks counted, {soaked.dropped:,} entries dropped)"
    yield from (f"  {line}" for line in soaked.violations[:20])
    yield f"exit code of the server: {exit_code}"


def _counted(things: dict[str, int]) -> str:
    return ", ".join(f"{name} {many:,}" for name, many in things.items()) or "none"
