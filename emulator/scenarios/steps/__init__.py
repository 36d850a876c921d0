"""The steps of a turn: one generator per verb, pure, yielding what happens (``events``).

Importing the package registers all verbs, in the order in which they are documented.
"""

# ruff: noqa: I001  # the order of import is the order of the documentation
from emulator.scenarios.steps.messages import complete_open, cut, refuse, say
from emulator.scenarios.steps.calls import call
from emulator.scenarios.steps.tools import code, search
from emulator.scenarios.steps.ends import (
    cancel_run,
    close_open,
    expire,
    expire_run,
    fail,
    fail_run,
    hold,
    incomplete,
    wait,
)
from emulator.scenarios.steps.registry import TEXT, USAGE, VERBS, Act, Verb, step

__all__ = [
    "TEXT",
    "USAGE",
    "VERBS",
    "Act",
    "Verb",
    "call",
    "cancel_run",
    "close_open",
    "code",
    "complete_open",
    "cut",
    "expire",
    "expire_run",
    "fail",
    "fail_run",
    "hold",
    "incomplete",
    "refuse",
    "say",
    "search",
    "step",
    "wait",
]
