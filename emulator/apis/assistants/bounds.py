"""What the parameters of a run bind the model to."""

from __future__ import annotations

from emulator.apis.assistants.objects import Run
from emulator.base.json_types import Object
from emulator.scenarios.steps.bounds import Bounds, Use


def is_bound(run: Run) -> bool:
    """True if ``tool_choice`` or ``parallel_tool_calls`` rules out something that the model could do."""
    return run["tool_choice"] != "auto" or not run["parallel_tool_calls"]


def bounds_of(run: Run, *, has_used: bool) -> Bounds:
    """``tool_choice`` and ``parallel_tool_calls``. ``has_used``: the model has used a tool in this run.

    Once the tool that ``tool_choice`` names is used, the model is free to go on as it likes (inferred: the
    documentation says only that this tool is called).
    """
    choice = run["tool_choice"]
    return Bounds(
        may_use=choice != "none",
        must_use=choice not in ("none", "auto"),
        allowed=frozenset({_named(choice)}) if isinstance(choice, dict) and not has_used else None,
        is_parallel=run["parallel_tool_calls"],
        has=frozenset(tool["type"] for tool in run["tools"]),
        used=["a tool"] if has_used else (),
    )


def _named(choice: Object) -> Use:
    kind = choice["type"]
    return kind, choice["function"]["name"] if kind == "function" else kind
