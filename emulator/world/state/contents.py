"""What files contain: bytes that may be large, on disk when they are, and gone when nobody refers to them."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Iterator, Sequence
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import IO

#: Up to this many bytes stay in memory; the rest goes to a temporary file without a name.
SPOOL = 1024 * 1024
_PIECE = 256 * 1024
_READING = Lock()


class _Spool:
    """A temporary file that is closed, and so gone, when nobody refers to it."""

    __slots__ = ("__weakref__", "file")

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        weakref.finalize(self, file.close)


class Content:
    """Bytes, read in pieces. Never changed once made, so worlds and snapshots can share one."""

    __slots__ = ("__weakref__", "_parts", "size")

    def __init__(self, parts: Sequence[IO[bytes]]) -> None:
        self._parts = tuple(_Spool(part) for part in parts)
        self.size = sum(_size(part) for part in parts)

    @classmethod
    def of(cls, data: bytes) -> Content:
        """Contents that are there already."""
        spool: IO[bytes] = SpooledTemporaryFile(SPOOL)  # noqa: SIM115  # closed by _Spool
        spool.write(data)
        return cls([spool])

    @classmethod
    def joined(cls, contents: Sequence[Content]) -> Content:
        """Several contents, one behind the other; nothing is copied."""
        whole = cls([])
        whole._parts = tuple(part for content in contents for part in content._parts)
        whole.size = sum(content.size for content in contents)
        return whole

    def pieces(self) -> Iterator[bytes]:
        """All bytes, in pieces of bounded size."""
        for part in self._parts:
            position = 0
            while True:
                with _READING:  # an export reads in a thread of its own
                    part.file.seek(position)  # another reader may have moved it in between
                    piece = part.file.read(_PIECE)
                if not piece:
                    break
                position += len(piece)
                yield piece

    def read(self) -> bytes:
        """All bytes at once; for those that are known to be small enough."""
        return b"".join(self.pieces())

    def md5(self) -> str:
        """The checksum that ``complete`` of an upload compares."""
        digest = hashlib.md5(usedforsecurity=False)
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()


def _size(part: IO[bytes]) -> int:
    part.seek(0, 2)
    return part.tell()
