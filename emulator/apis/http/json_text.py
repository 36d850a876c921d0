"""JSON as the service writes it."""

from __future__ import annotations

from typing import Any

import orjson


def pretty(value: Any) -> bytes:
    """JSON as the service's Assistants endpoints write it: two spaces, raw UTF-8, no newline at the end."""
    # A copy, because orjson's result keeps its whole buffer (16 KiB for a short response), and most of these are kept.
    return bytes(memoryview(orjson.dumps(value, option=orjson.OPT_INDENT_2)))
