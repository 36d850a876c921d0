"""A local emulator and test double of the OpenAI Assistants API v2.

``Emulator`` starts one in this process, ``Control`` drives one that somebody else started.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emulator.control import Control, Request, Run
    from emulator.problems import CheckFailed, EmulatorError, Problem, ScenarioError
    from emulator.server import Emulator

__version__ = "0.1.0"

__all__ = [
    "CheckFailed",
    "Control",
    "Emulator",
    "EmulatorError",
    "Problem",
    "Request",
    "Run",
    "ScenarioError",
    "__version__",
]

_HOMES = {
    "CheckFailed": "problems",
    "Control": "control",
    "Emulator": "server",
    "EmulatorError": "problems",
    "Problem": "problems",
    "Request": "control",
    "Run": "control",
    "ScenarioError": "problems",
}


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used: importing ``emulator`` alone costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'emulator' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"emulator.{_HOMES[name]}"), name)
