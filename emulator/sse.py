"""Server-sent events as the service writes them: ``event:`` and ``data:``, compact JSON, an empty line.

No ``id:``, no ``retry:``, no comment lines: none in any byte-exact recording (FACTS §3).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

#: The last frame of every stream that comes to its end.
DONE = b"event: done\ndata: [DONE]\n\n"


def encode(event: str, data: Mapping[str, Any]) -> bytes:
    """One frame."""
    return b"event: %b\ndata: %b\n\n" % (event.encode(), orjson.dumps(data))
