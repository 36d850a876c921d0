"""Requests to a world that takes no others than those of a recording."""

from __future__ import annotations

from emulator.apis.http import errors
from emulator.apis.http.pending import ResolvedRequest, json_or_none
from emulator.base.problems import Problem
from emulator.scenarios.strict_replay import RecordedRequest, body_of
from emulator.world.journal import Entry
from emulator.world.world import World


def check_recorded(world: World, resolved: ResolvedRequest, entry: Entry) -> None:
    """Raises ApiError, and reports a problem, for a request that a strict replay has not recorded."""
    body = resolved.form.as_json() if resolved.form else json_or_none(resolved.raw)
    recorded = RecordedRequest(resolved.operation.name, resolved.path, resolved.query, body_of(body), "")
    if why := world.not_recorded(entry.method, recorded):
        world.report(Problem("not_recorded", f"{entry.method} {entry.path} was not recorded: {why}"))
        raise errors.not_recorded(entry.method, entry.path, why)
