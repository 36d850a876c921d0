"""Reads files of users. What is no file is refused before it is opened: a pipe waits for ever, a device has no end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Final

from emulator.base.limits import MAX_INPUT_FILE

_KINDS: Final = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
#: Opening waits for nobody, also if another file takes the place of the one that was looked at.
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)


def read_file(path: str | Path, limit: int = MAX_INPUT_FILE) -> bytes:
    """The content of a regular file. Raises OSError for all else, also for one of more bytes than ``limit``."""
    refuse_special(path)
    with open(path, "rb", opener=lambda name, flags: os.open(name, _FLAGS)) as file:
        found = os.fstat(file.fileno())
        _refuse(found, path)
        if found.st_size > limit:
            raise OSError(errno.EFBIG, f"expected at most {limit} bytes in a file", str(path))
        return file.read()


def refuse_special(path: str | Path) -> None:
    """Raises OSError for a path that does not exist, or whose file cannot be read to an end. Opens nothing."""
    _refuse(os.stat(path), path)


def _refuse(found: os.stat_result, path: str | Path) -> None:
    if stat.S_ISREG(found.st_mode):
        return
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    kind = next((words for is_kind, words in _KINDS if is_kind(found.st_mode)), "something else")
    raise OSError(errno.EINVAL, f"expected a file, got {kind}", str(path))
