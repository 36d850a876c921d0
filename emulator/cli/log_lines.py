"""What the emulator logs, as lines of ``serve``."""

from __future__ import annotations

import contextlib
import logging

from emulator.cli.terminal import CountingLines


class LogLines(logging.Handler):
    """Writes records, without secrets, among the lines of the request log."""

    def __init__(self, lines: CountingLines) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        from emulator.base.secrets.texts import redact_text

        with contextlib.suppress(OSError):  # the reader of the log has left; requests must not fail for that
            self._lines.write_text(redact_text(self.format(record)), "yellow")


def show_log(lines: CountingLines) -> None:
    """From now on, what the emulator logs appears among these lines."""
    logging.getLogger("assistants_emulator").addHandler(LogLines(lines))
