"""The fault that applies to a request."""

from __future__ import annotations

from emulator.apis.http.endpoints import Endpoints
from emulator.apis.http.pending import ResolvedRequest
from emulator.world.faults import ActiveFault
from emulator.world.journal import Entry
from emulator.world.world import World


def chosen_fault(endpoints: Endpoints, world: World, resolved: ResolvedRequest, entry: Entry) -> ActiveFault | None:
    """The fault that applies to a request, noted in its entry."""
    name = resolved.operation.name
    active = world.faults.choose(
        name,
        lambda: endpoints.fault_targets[resolved.operation.api](world, name, resolved.path, resolved.raw),
        streams=resolved.streams,
    )
    if active:
        entry.fault = active.fault.kind.name
    return active
