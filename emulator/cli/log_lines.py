"""What the emulator logs, as lines of ``serve``."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Final

from emulator.cli.terminal import CountingLines

#: Ours, and those of libraries whose warnings would go to stderr by themselves, in words of their own.
_LOGGERS: Final = ("assistants_emulator", "asyncio", "python_multipart", "uvicorn")


class LogLines(logging.Handler):
    """Writes records, without secrets, among the lines of the request log."""

    def __init__(self, lines: CountingLines) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        from emulator.base.secrets.texts import redact_text

        with contextlib.suppress(OSError):  # the reader of the log has left; requests must not fail for that
            self._lines.write_text(redact_text(_in_words(record)), "yellow")


def _in_words(record: logging.LogRecord) -> str:
    """A record in one line, with the name of the library that made it."""
    words = " ".join(record.getMessage().split())
    if record.exc_info and (error := record.exc_info[1]):
        words += f": {error!r}"
    return words if record.name == "assistants_emulator" else f"{record.name}: {words}"


@contextlib.contextmanager
def show_log(lines: CountingLines) -> Iterator[None]:
    """Within the block, what the emulator and its libraries log appears among these lines."""
    shown = LogLines(lines)
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addHandler(shown)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(shown)
