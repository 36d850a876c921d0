"""A tool that the model has in a turn."""

from __future__ import annotations

from typing import Any, NamedTuple


class Tool(NamedTuple):
    """A tool that the model has. ``name``: the function's, or else the tool's kind.

    ``parameters``: a function's JSON Schema. ``limit``, ``threshold``: how many results a file search shows, and the
    score that each has at least.
    """

    kind: str
    name: str
    parameters: Any = None
    limit: int = 20
    threshold: float = 0.0
