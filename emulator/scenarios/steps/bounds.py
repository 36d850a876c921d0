"""What the parameters of a request bind the model to: steps that break them are impossible, on every API.

An API says which of its parameters are in force (``Bounds``); the turn checks each action against them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from emulator.scenarios.steps.actions import Action, Called, Completed, RanCode, Refused, Said, Searched
from emulator.scenarios.steps.context import StepFailed
from emulator.scenarios.steps.step import Step

#: A tool: its kind, and a function's name or else its kind again.
Use = tuple[str, str]

#: Kinds of tools that steps use.
_KINDS: Final = frozenset({"function", "file_search", "code_interpreter"})
#: Steps by which the model uses a tool, or after which it need not come to one.
_MAY_STILL_USE_TOOL: Final = frozenset({"call", "code", "search", "fail", "incomplete", "expire"})


class Bounds(NamedTuple):
    """What binds the model now.

    ``may_use``: false for the choice ``none``. ``must_use``: it has to use a tool, one of ``allowed``, before it is
    done. ``allowed``: the only tools that it may use; None for all that it ``has`` (their kinds). ``is_parallel``: it
    may make several function calls at once. ``most``: how often it may use tools that are no functions. ``used``: kinds
    of the tools that it has used so far.
    """

    may_use: bool
    must_use: bool
    allowed: frozenset[Use] | None
    is_parallel: bool
    has: frozenset[str]
    used: Sequence[str] = ()
    most: int | None = None

    def check(self, action: Action, steps_to_come: Iterable[Step]) -> None:
        """Raises StepFailed (``impossible``) for an action that they rule out."""
        match action:
            case Called(calls):
                self._check_uses([("function", call.name) for call in calls])
            case RanCode(executions):
                self._check_uses([("code_interpreter", "code_interpreter")] * len(executions))
            case Searched(searches):
                self._check_uses([("file_search", "file_search")] * len(searches))
            case Said() | Refused():
                self._check_without_tool(steps_to_come)
            case Completed():
                self._check_without_tool(())

    def _check_uses(self, uses: list[Use]) -> None:
        if not self.may_use:
            raise StepFailed("impossible", f"the model cannot use {_names(uses)}: tool_choice is none")
        if self.allowed is not None and (others := [use for use in uses if use not in self.allowed]):
            raise StepFailed(
                "impossible",
                f"the model cannot use {_names(others)}: tool_choice allows only {_names(sorted(self.allowed))}",
            )
        if len(uses) > 1 and uses[0][0] == "function" and not self.is_parallel:
            raise StepFailed(
                "impossible", f"the model cannot make {len(uses)} calls at once: parallel_tool_calls is false"
            )
        self._check_count(uses)

    def _check_count(self, uses: list[Use]) -> None:
        if self.most is None:
            return
        before = [kind for kind in self.used if kind != "function"]
        now = [kind for kind, _ in uses if kind != "function"]
        if now and len(before) + len(now) > self.most:
            raise StepFailed(
                "impossible",
                f"the model cannot use tools {len(before) + len(now)} times: max_tool_calls is {self.most}",
            )

    def _check_without_tool(self, steps_to_come: Iterable[Step]) -> None:
        """The model must use a tool, has used none, and never will."""
        if not self.must_use or self.used or any(step.kind in _MAY_STILL_USE_TOOL for step in steps_to_come):
            return
        kinds = {kind for kind, _ in self.allowed} if self.allowed else self.has
        if not kinds or kinds - _KINDS:
            return  # it has no tool, or may have used one of which there is no step, as web search
        required = _names(sorted(self.allowed)) if self.allowed else "a tool"
        raise StepFailed("impossible", f"the model has to use {required} before it is done: tool_choice requires it")


def _names(uses: Iterable[Use]) -> str:
    return ", ".join(repr(name) for _, name in uses)
