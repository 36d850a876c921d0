"""Regular expressions of scenarios and clients. They may be anything, so each search has an end.

``regex`` reads what ``re`` does, and gives up when its time is over. Searches that belong together share theirs.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from emulator.base.clock import monotonic
from emulator.base.problems import EmulatorError

#: Real seconds that a search may take, and all that belong together.
TIMEOUT: Final = 1.0
#: What each of them has all the same: that one is slow says nothing of the others.
_LEAST: Final = 0.001
#: Characters of an expression, and what counted repetitions inside each other may come to: each is compiled.
MAX_PATTERN: Final = 10_000
MAX_COUNT: Final = 10_000
#: Characters of expression times text where case is ignored: there ``regex`` looks for words without a look at time.
_MAX_FOLDED: Final = 20_000_000
#: What matters for counts: escapes, classes, groups, and the counts.
_PARTS: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()]|\{\d*,?\d*\}|.", re.DOTALL)
#: A brace that begins no count, no class and no escape. ``regex`` would take what follows for how much may differ.
_FUZZY: Final = re.compile(r"(\\[pPN]\{[^}]*\}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d*,?\d*\})|\{", re.DOTALL)


class BadPattern(EmulatorError):
    """A text that is no regular expression, and why."""


class TooSlow(EmulatorError):
    """A search that was given up, because it took too much time or memory."""


_LEFT: Final[ContextVar[list[float] | None]] = ContextVar("seconds left for searches that share them", default=None)


@contextmanager
def sharing() -> Iterator[None]:
    """All searches inside take hardly longer than one may."""
    token = _LEFT.set([TIMEOUT])
    try:
        yield
    finally:
        _LEFT.reset(token)


@functools.lru_cache(maxsize=256)
def read(pattern: str) -> Any:
    """Raises BadPattern."""
    import regex

    if len(pattern) > MAX_PATTERN:
        raise BadPattern(f"it has more than {MAX_PATTERN} characters")
    if _count(pattern) > MAX_COUNT:
        raise BadPattern(f"its counts inside each other come to more than {MAX_COUNT}")
    try:
        return regex.compile(_FUZZY.sub(lambda found: found[1] or r"\{", pattern), cache_pattern=False)
    except RecursionError:
        raise BadPattern("it is nested too deeply") from None
    except Exception as error:  # its parser also fails in ways that are no regex.error
        raise BadPattern(str(error) or type(error).__name__) from None


def why_not(pattern: str) -> str | None:
    """Why a text is no regular expression, with its beginning; None for one that is."""
    try:
        read(pattern)
    except BadPattern as error:
        return f"{pattern[:200]!r} is no regular expression: {error}"
    return None


def _count(pattern: str) -> int:
    """What the largest of its counts comes to, those around it multiplied."""
    open_groups, largest, before = [1], 1, 1
    for part in _PARTS.findall(pattern):
        if part == "(":
            open_groups.append(1)
        elif part == ")":
            before = open_groups.pop() if len(open_groups) > 1 else 1
            open_groups[-1] = max(open_groups[-1], before)
        elif part.startswith("{"):
            before *= max([int(number[:9]) for number in re.findall(r"\d+", part)], default=1)
            open_groups[-1] = max(open_groups[-1], before)
            largest = max(largest, before)
        else:
            before = 1
    return largest


def found(pattern: str, text: str) -> bool:
    """True if a text has what the expression says. Raises BadPattern and TooSlow."""
    compiled, left = read(pattern), _LEFT.get()
    seconds = TIMEOUT if left is None else max(left[0], _LEAST)
    begun = monotonic()
    try:
        if compiled.flags & re.IGNORECASE and len(pattern) * len(text) > _MAX_FOLDED:
            raise TimeoutError
        return compiled.search(text, timeout=seconds) is not None
    except TimeoutError:
        why = ", which those before it left" if seconds < TIMEOUT else ""
        raise TooSlow(
            f"the regular expression {pattern[:200]!r} takes longer than {seconds:.2g} seconds{why}"
        ) from None
    except MemoryError:  # ``regex`` bounds what it remembers, and a fast machine gets there within the second
        raise TooSlow(f"the regular expression {pattern[:200]!r} takes too much memory") from None
    finally:
        if left is not None:
            left[0] -= monotonic() - begun
