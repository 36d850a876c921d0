"""Server-sent events as the service writes them: ``event:`` and ``data:``, compact JSON, an empty line.

No ``id:``, no ``retry:``, no comment lines: none in any byte-exact recording (docs/wire.md §3).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

#: The last frame of every stream that comes to its end.
DONE = b"event: done\ndata: [DONE]\n\n"


def is_delta(frame: bytes) -> bool:
    """True for the frame of an event whose name says that it is a delta."""
    return frame.partition(b"\n")[0].endswith(b".delta")


def encode(event: str, data: Mapping[str, Any]) -> bytes:
    """One frame."""
    return frame(event, orjson.dumps(data))


def frame(event: str, data: bytes) -> bytes:
    """One frame, of data that is encoded already."""
    return b"event: %b\ndata: %b\n\n" % (event.encode(), data)
