"""Limits of time and memory for tests of code that should have limits of its own."""

from __future__ import annotations

import faulthandler
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

#: Address space and timers of a process are asked for where there are such.
needs_limits = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's limits of a process")


@contextmanager
def bounded(seconds: float = 20, mebibytes: int = 512) -> Iterator[None]:
    """Limits the block to so much additional memory and so much time. Exceeding them is an error instead of a hang.

    The time measures nothing: it is enough for a slow machine, and an attack that succeeds would never end.
    """
    was, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_address_space() + mebibytes * 1024 * 1024, hard))
    before = signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    faulthandler.dump_traceback_later(seconds * 3, exit=True)  # for what does not come back to Python
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, (was, hard))


class TookTooLong(BaseException):
    """Not an ``Exception``, so that no tested code handles it."""


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TookTooLong("it takes longer than its bound")


def _address_space() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()
