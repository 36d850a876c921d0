"""The regular expressions by which users name what else is secret."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from emulator.base.limits import REGEX_TIMEOUT
from emulator.base.problems import EmulatorError
from emulator.sandbox import patterns as patterns_


class Patterns:
    """The regular expressions of the user. Raises EmulatorError for an invalid one."""

    def __init__(self, patterns: Collection[str]) -> None:
        self._compiled: list[Any] = []
        #: Expressions that took too long for a text; such a text is redacted as a whole.
        self.slow: set[str] = set()
        for pattern in patterns:
            try:
                self._compiled.append(patterns_.compiled(pattern))
            except patterns_.BadPattern as error:
                raise EmulatorError(f"--redact {pattern!r} is not a regular expression: {error}") from None

    def __bool__(self) -> bool:
        return bool(self._compiled)

    def find(self, text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        for compiled in self._compiled:
            try:
                yield from [match.span() for match in compiled.finditer(text, start, end, timeout=REGEX_TIMEOUT)]
            except TimeoutError:
                self.slow.add(compiled.pattern)
                yield start, end
