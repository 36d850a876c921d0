"""Regular expressions of scenarios and clients, with a limit of time for each search.

The library ``regex`` has the syntax of ``re`` and a timeout. Searches that belong together share one limit.
"""

from __future__ import annotations

import functools
import re
from contextvars import ContextVar
from typing import Any, Final

from emulator.base.clock import monotonic
from emulator.base.limits import MAX_PATTERN, MAX_PATTERN_COUNT, REGEX_TIMEOUT
from emulator.base.problems import EmulatorError

#: Seconds that each of them has even when no time is left, so that a slow one does not fail the others.
_LEAST: Final = 0.001
#: Characters of the expression times those of the text, where case is ignored: there ``regex`` does not check its time.
_MAX_FOLDED: Final = 20_000_000
#: The parts of an expression that ``_largest_count`` tells apart: escapes, classes, parentheses, counts and the rest.
_PARTS: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()]|\{\d*,?\d*\}|.", re.DOTALL)
#: A brace that begins no count and is in no class or escape, which ``regex`` would read as fuzzy matching.
_FUZZY: Final = re.compile(r"(\\[pPN]\{[^}]*\}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d*,?\d*\})|\{", re.DOTALL)


class BadPattern(EmulatorError):
    """A text is no valid regular expression. The message has the reason."""


class TooSlow(EmulatorError):
    """A search exceeded its limit of time, or the memory that ``regex`` allows it."""


_LEFT: Final[ContextVar[list[float] | None]] = ContextVar("seconds left for searches that share a limit", default=None)


class shared_time_limit:  # noqa: N801  # it is used as a function
    """Makes all searches inside the block share the time of one. A class, because every run needs it once."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token = _LEFT.set([REGEX_TIMEOUT])

    def __exit__(self, *_: object) -> None:
        _LEFT.reset(self._token)


@functools.lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """The compiled expression, which has the methods of ``re.Pattern`` with a ``timeout``. Raises BadPattern."""
    import regex

    if len(pattern) > MAX_PATTERN:
        raise BadPattern(f"it has more than {MAX_PATTERN} characters")
    if _largest_count(pattern) > MAX_PATTERN_COUNT:
        raise BadPattern(f"its counts inside each other come to more than {MAX_PATTERN_COUNT}")
    try:
        return regex.compile(_FUZZY.sub(lambda found: found[1] or r"\{", pattern), cache_pattern=False)
    except RecursionError:
        raise BadPattern("it is nested too deeply") from None
    except Exception as error:  # its parser also raises other exceptions than regex.error
        raise BadPattern(str(error) or type(error).__name__) from None


def why_not(pattern: str) -> str | None:
    """A sentence that says why a text is no valid regular expression; None for a valid one."""
    try:
        compiled(pattern)
    except BadPattern as error:
        return f"{pattern[:200]!r} is no regular expression: {error}"
    return None


def _largest_count(pattern: str) -> int:
    """The largest product of a count and those around it."""
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
    """True if the expression matches somewhere in the text. Raises BadPattern and TooSlow."""
    expression, left = compiled(pattern), _LEFT.get()
    seconds = REGEX_TIMEOUT if left is None else max(left[0], _LEAST)
    start = monotonic()
    try:
        if expression.flags & re.IGNORECASE and len(pattern) * len(text) > _MAX_FOLDED:
            raise TimeoutError
        return expression.search(text, timeout=seconds) is not None
    except TimeoutError:
        why = ", which those before it left" if seconds < REGEX_TIMEOUT else ""
        raise TooSlow(
            f"the regular expression {pattern[:200]!r} takes longer than {seconds:.2g} seconds{why}"
        ) from None
    except MemoryError:  # ``regex`` limits its memory; a fast machine reaches that limit before the timeout
        raise TooSlow(f"the regular expression {pattern[:200]!r} takes too much memory") from None
    finally:
        if left is not None:
            left[0] -= monotonic() - start
