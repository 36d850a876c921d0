"""The steps of a turn: one generator a kind, pure, yielding what the model does (``actions``).

Importing the package registers all kinds, in the order in which they are documented.
"""

# ruff: noqa: I001  # the order of import is the order of the documentation
from emulator.scenarios.steps.messages import reason, refuse, say
from emulator.scenarios.steps.calls import call
from emulator.scenarios.steps.tools import code, search
from emulator.scenarios.steps.ends import expire, fail, hold, incomplete, wait
from emulator.scenarios.steps.registry import STEP_KINDS, USAGE, StepKind, step

__all__ = [
    "STEP_KINDS",
    "USAGE",
    "StepKind",
    "call",
    "code",
    "expire",
    "fail",
    "hold",
    "incomplete",
    "reason",
    "refuse",
    "say",
    "search",
    "step",
    "wait",
]
