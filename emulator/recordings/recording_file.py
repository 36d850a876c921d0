"""The file that a recorder writes. Each line is appended in one write, so that lines never mix.

A line survives the death of the process as soon as it is written: the operating system has it then.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Final

from emulator.base.files import read_file
from emulator.base.problems import EmulatorError
from emulator.recordings.own_format import header_line, read_contents

_FLAGS: Final = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)


class RecordingFile:
    """A file that is open until ``close``.

    ``last_number``: the highest number of its requests. ``cut_off``: the bytes of an incomplete last line that were
    removed. Raises EmulatorError for a file that exists, unless ``append`` is set and its header is the same. Raises
    RecordingError for a file that is not a recording.
    """

    def __init__(self, path: Path, upstream: str, *, files: bool = False, append: bool = False) -> None:
        self.path = path
        self.last_number = self.cut_off = 0
        try:
            self._descriptor = os.open(path, _FLAGS | os.O_CREAT | (0 if append else os.O_EXCL), 0o666)
        except FileExistsError:
            raise EmulatorError(f"{path} already exists. Use --append to add to it, or another --out.") from None
        except FileNotFoundError:
            raise EmulatorError(f"cannot write {path}: there is no directory {path.parent}") from None
        except OSError as error:
            raise EmulatorError(f"cannot write {path}: {error.strerror}") from None
        try:
            self._lock()
            if self.size:
                self._resume(upstream, files=files)
            else:
                self.write(header_line(upstream, files=files))
        except EmulatorError:
            self.close()
            raise

    @property
    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def write(self, line: bytes) -> None:
        """Writes a line. Raises OSError if that fails; then no part of the line is written."""
        before = self.size
        try:
            written = 0
            while written < len(line):  # once, unless the disk is full or a signal interrupts it
                written += os.write(self._descriptor, line[written:])
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, before)
            raise

    def close(self) -> None:
        os.close(self._descriptor)

    def _resume(self, upstream: str, *, files: bool) -> None:
        raw = read_file(self.path)
        contents = read_contents(raw, str(self.path))
        for name, ours in (("upstream", upstream), ("files", files)):
            if (theirs := contents.header.get(name)) != ours:
                raise EmulatorError(f"{self.path} was recorded with {name} {theirs!r}, not {ours!r}; use another --out")
        self.last_number = max([0, *contents.exchanges, *contents.open])
        self.cut_off = contents.torn
        if contents.torn:
            os.ftruncate(self._descriptor, len(raw) - contents.torn)
        elif not raw.endswith(b"\n"):
            self.write(b"\n")

    def _lock(self) -> None:
        """Refuses a second recorder, which would use the same numbers. Windows has no such lock."""
        if sys.platform == "win32":
            return
        import fcntl

        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise EmulatorError(f"another recorder writes to {self.path}") from None
