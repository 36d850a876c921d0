"""Recordings in a wrapper: compressed with gzip, or in a zip archive together with what they refer to."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from typing import Final

from emulator.base.limits import MAX_ARCHIVE_FILES, MAX_DECODED
from emulator.recordings.exchange import RecordingError

_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
#: Window of zlib for data with the header of gzip.
_WITH_HEADER: Final = 31


def is_wrapped(raw: bytes) -> bool:
    return raw.startswith((_GZIP, _ZIP))


def unwrapped(raw: bytes, file: str) -> Mapping[str, bytes]:
    """The files in a wrapper, by name; of gzip it is one. Raises RecordingError for a broken or too large one."""
    return {"": _unzipped(raw, file)} if raw.startswith(_GZIP) else _members(raw, file)


def _too_large(file: str) -> RecordingError:
    return RecordingError(f"{file}: it unpacks to more than {MAX_DECODED} bytes")


def _unzipped(raw: bytes, file: str) -> bytes:
    found: list[bytes] = []
    size = 0
    try:
        while raw.startswith(_GZIP):  # gzip files may follow each other
            unpacker = zlib.decompressobj(_WITH_HEADER)
            found.append(unpacker.decompress(raw, MAX_DECODED + 1 - size))
            size += len(found[-1])
            if size > MAX_DECODED:
                raise _too_large(file)
            if not unpacker.eof:
                raise RecordingError(f"{file}: expected a whole file of gzip, it breaks off")
            raw = unpacker.unused_data
    except zlib.error as error:
        raise RecordingError(f"{file}: expected a file of gzip: {error}") from None
    return b"".join(found)


def _members(raw: bytes, file: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    left = MAX_DECODED
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            if len(members) > MAX_ARCHIVE_FILES:
                raise RecordingError(f"{file}: expected at most {MAX_ARCHIVE_FILES} files in it, got {len(members)}")
            for member in members:
                with archive.open(member) as opened:
                    found[member.filename] = opened.read(left + 1)
                left -= len(found[member.filename])
                if left < 0:
                    raise _too_large(file)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, IndexError) as error:
        raise RecordingError(f"{file}: expected a zip archive: {error}") from None
    except (RuntimeError, NotImplementedError) as error:  # a password, or another compression
        raise RecordingError(f"{file}: this zip archive cannot be read: {error}") from None
    return found
