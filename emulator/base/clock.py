"""A world's clock. The only module that reads the machine's time.

``skip`` is a clock that stands still until something moves it: reads are free, waits take no real time, and two
runs of the same test see the same instants. ``real`` goes on by itself, from a start, whatever becomes of the wall
clock. Both count seconds since the epoch.
"""

from __future__ import annotations

import functools
import time
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime
from typing import Literal, Protocol

ClockName = Literal["skip", "real"]

#: 2026-01-01T00:00:00Z, where a ``skip`` clock starts unless the scenario says otherwise.
DEFAULT_START = 1767225600.0


#: No instant comes after it.
FOREVER = float("inf")
#: 9999-12-31T23:59:59Z, the last that a calendar has.
LAST_INSTANT = 253402300799.0
#: 9991-01-01T00:00:00Z: what is made there still has time to expire.
LAST_START = 253118131200.0


#: The machine's own clocks, in a place where libraries that fake time put no others.
_MACHINE = {"time": time.time, "monotonic": time.monotonic}


class Clock(Protocol):
    """What a world asks of its clock."""

    name: ClockName
    #: Seconds that one change of a run's status takes.
    status_seconds: float

    def now(self) -> float:
        """Seconds since the epoch."""

    def move_to(self, instant: float) -> None:
        """Lets time pass until ``instant``; an instant in the past changes nothing."""

    def go_on_from(self, instant: float) -> None:
        """The clock is not earlier than ``instant``, which a clock before it has reached."""


class SkipClock:
    """Stands still until it is moved, and never goes back."""

    name: ClockName = "skip"
    status_seconds = 1.0

    def __init__(self, start: float = DEFAULT_START) -> None:
        self._now = start

    def now(self) -> float:
        return self._now

    def move_to(self, instant: float) -> None:
        self._now = max(self._now, instant)

    go_on_from = move_to


class RealClock:
    """Goes on by itself. Nobody moves it: ``move_to`` is for instants that have come already.

    It starts at an instant, by default the wall clock's, and counts from there by the machine's monotonic clock: a jump
    of the wall clock changes nothing.
    """

    name: ClockName = "real"
    status_seconds = 0.0

    def __init__(self, start: float | None = None) -> None:
        self._zero = (_MACHINE["time"]() if start is None else start) - _MACHINE["monotonic"]()

    def now(self) -> float:
        return self._zero + _MACHINE["monotonic"]()

    def move_to(self, instant: float) -> None:
        """Time passes by itself."""

    def go_on_from(self, instant: float) -> None:
        self._zero += max(0.0, instant - self.now())


def make_clock(name: ClockName, start: float | None) -> Clock:
    """The clock of that name, from ``start`` on (seconds since the epoch)."""
    return RealClock(start) if name == "real" else SkipClock(DEFAULT_START if start is None else start)


def milliseconds() -> int:
    """The real time in milliseconds since the epoch, for people who watch a world; nothing is decided by it."""
    return time.time_ns() // 1_000_000


class OutOfRange(ValueError):
    """An instant at which no world can start."""


def parse_instant(text: str) -> float:
    """Seconds since the epoch of ``now`` or an ISO 8601 date and time; without an offset it is UTC.

    Raises ValueError for anything else, and for what lies before 1970 or so late that nothing made then could expire.
    """
    if text == "now":
        return float(int(_MACHINE["time"]()))
    instant = datetime.fromisoformat(text)
    seconds = (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()
    if not 0 <= seconds <= LAST_START:
        raise OutOfRange("from 1970 to 9990")
    return seconds


def recorded_instant(text: str) -> float | None:
    """Seconds since 1970 of a date and time as recordings have them: ISO 8601, or as the ``Date`` header has it."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            instant = read(text.removesuffix(" GMT") if read == datetime.fromisoformat else text)
            seconds = (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            continue
        return seconds if 0 <= seconds <= LAST_INSTANT else None
    return None


def monotonic() -> float:
    """Real seconds, for limits that protect a test from hanging."""
    return _MACHINE["monotonic"]()


def is_sleep(function: object) -> bool:
    """True for a function that stands in the place of ``time.sleep``."""
    return time.sleep == function


@functools.lru_cache(maxsize=64)
def http_date(second: int) -> bytes:
    """The ``Date`` header for a second since the epoch."""
    day, rest = divmod(second, 86_400)
    minutes, seconds = divmod(rest, 60)
    return b"%b %02d:%02d:%02d GMT" % (_http_day(day), minutes // 60, minutes % 60, seconds)


@functools.lru_cache(maxsize=64)
def _http_day(day: int) -> bytes:
    """The part of a ``Date`` header that a day shares; a skip clock visits many seconds of few days."""
    return formatdate(day * 86_400, usegmt=True).encode().removesuffix(b" 00:00:00 GMT")
