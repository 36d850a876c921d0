"""A tool that the model has in a turn."""

from __future__ import annotations

from typing import Any, NamedTuple


class Tool(NamedTuple):
    """A tool that the model has. ``name``: the function's, or else the tool's kind.

    ``hosted_names``: the names under which the service itself runs the tool, so that no scenario can call it.
    ``parameters``: a function's JSON Schema. ``limit``, ``threshold``: how many results a file search shows, and the
    score that each has at least.
    """

    kind: str
    name: str
    parameters: Any = None
    limit: int = 20
    threshold: float = 0.0
    hosted_names: tuple[str, ...] = ()
