"""A local emulator and test double of the OpenAI Assistants API v2 and of the Responses API.

``Emulator`` starts one in this process, ``Control`` drives one that somebody else started.
"""

from __future__ import annotations

#: As type checkers know it; ``typing`` itself is large, and ``python -m emulator`` imports this module first.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from emulator.base.problems import CheckFailed, EmulatorError, EmulatorWarning, Problem, ScenarioError
    from emulator.base.version import __version__
    from emulator.control.client import Control
    from emulator.control.records import Request, Run
    from emulator.server.emulator import Emulator

__all__ = [
    "CheckFailed",
    "Control",
    "Emulator",
    "EmulatorError",
    "EmulatorWarning",
    "Problem",
    "Request",
    "Run",
    "ScenarioError",
    "__version__",
]

#: By this the doors of the distribution know that no other package of this name hides it.
__distribution__ = "assistants-emulator"

_HOMES = {
    "CheckFailed": "base.problems",
    "Control": "control.client",
    "Emulator": "server.emulator",
    "EmulatorError": "base.problems",
    "EmulatorWarning": "base.problems",
    "Problem": "base.problems",
    "Request": "control.records",
    "Run": "control.records",
    "ScenarioError": "base.problems",
    "__version__": "base.version",
}


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used: importing ``emulator`` alone costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'emulator' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"emulator.{_HOMES[name]}"), name)
