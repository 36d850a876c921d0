"""The faults in force in one world: which of them applies to a request, and how often each was applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.base.limits import MAX_INJECTED_FAULTS
from emulator.base.operations import OF_A_TURN
from emulator.base.problems import EmulatorError, Problem

if TYPE_CHECKING:
    from emulator.scenarios.conditions import Situation
    from emulator.scenarios.faults import Fault


@dataclass(slots=True, eq=False)
class ActiveFault:
    """A fault in a world. ``passed``: how many requests ``skip`` let pass. ``applied``: how often it was applied."""

    fault: Fault
    passed: int = 0
    applied: int = 0

    def fits(self, operation: str, situation: Callable[[], Situation | None], *, streams: bool) -> bool:
        """True if it applies to a request; counts a request that ``skip`` lets pass.

        ``situation``: that of the turn that the request is about, computed only for a fault with ``when``.
        ``streams``: the request is for a stream.
        """
        fault = self.fault
        if not fault.is_for(operation):
            return False
        if fault.times is not None and self.applied >= fault.times:
            return False
        if fault.after is not None and not streams:
            return False
        if fault.when:
            from emulator.scenarios.conditions import first_mismatch

            found = situation() if operation in OF_A_TURN else None
            if found is None or first_mismatch(fault.when, found) is not None:
                return False
        if self.passed < fault.skip:
            self.passed += 1
            return False
        return True


class ActiveFaults:
    """The faults of one world: injected ones come before those of scenarios.

    ``in_force``: all of them, in the order in which they are tried. Most worlds have none.
    """

    def __init__(self) -> None:
        self._injected: list[ActiveFault] = []
        self._of_scenarios: dict[str, list[ActiveFault]] = {}
        self.in_force: tuple[ActiveFault, ...] = ()

    def _put_in_force(self) -> None:
        self.in_force = tuple(self._injected + [one for active in self._of_scenarios.values() for one in active])

    def inject(self, fault: Fault) -> None:
        """Adds a fault before all others. Raises EmulatorError for too many: each request is compared with all."""
        if len(self._injected) >= MAX_INJECTED_FAULTS:
            raise EmulatorError(f"expected at most {MAX_INJECTED_FAULTS} injected faults; clear them first")
        self._injected.insert(0, ActiveFault(fault))
        self._put_in_force()

    def clear(self) -> None:
        """Removes the injected faults."""
        self._injected.clear()
        self._put_in_force()

    def load(self, scenario: str, faults: tuple[Fault, ...]) -> None:
        """Adds the faults of a scenario before those of other scenarios, in place of those it had."""
        others = {name: active for name, active in self._of_scenarios.items() if name != scenario}
        self._of_scenarios = {scenario: [ActiveFault(fault) for fault in faults], **others} if faults else others
        self._put_in_force()

    def order(self, scenarios: Sequence[str]) -> None:
        """Puts the faults of scenarios in this order, and removes those of scenarios that are not named."""
        self._of_scenarios = {name: self._of_scenarios[name] for name in scenarios if name in self._of_scenarios}
        self._put_in_force()

    def __iter__(self) -> Iterator[ActiveFault]:
        return iter(self.in_force)

    def choose(self, operation: str, situation: Callable[[], Situation | None], *, streams: bool) -> ActiveFault | None:
        """The first fault that fits a request, counted as applied. The parameters are those of ``fits``."""
        from emulator.sandbox import patterns

        with patterns.shared_time_limit():
            for active in self.in_force:
                if active.fits(operation, situation, streams=streams):
                    active.applied += 1
                    return active
        return None

    def unfired(self) -> Iterator[Problem]:
        """A problem for each fault with ``times`` that was applied less often."""
        for active in self.in_force:
            fault = active.fault
            if fault.times is not None and active.applied < fault.times:
                message = f"{fault.described()} was applied {active.applied} of {fault.times} times"
                yield Problem("times", message, fault.file, fault.line)
