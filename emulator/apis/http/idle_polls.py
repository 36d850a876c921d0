"""Stops a client that polls without end what no poll changes any more."""

from __future__ import annotations

from collections.abc import Callable

from emulator.apis.http import errors
from emulator.base.limits import MAX_IDLE_POLLS
from emulator.base.problems import Problem
from emulator.world.journal import Entry
from emulator.world.world import World


def count_idle_poll(world: World, entry: Entry, at_rest: Callable[[], str]) -> None:
    """Counts a poll of what is at rest, as ``at_rest`` says. One too many is a problem, and raises ApiError."""
    polls = world.idle_polls
    if not polls.is_one_too_many((entry.path, entry.query, entry.body)):
        return
    error = errors.polls_without_end(at_rest(), MAX_IDLE_POLLS)
    if not polls.is_reported:
        polls.is_reported = True
        world.report(Problem("polls", error.message))
    raise error
