"""Counts the tokens of the turns that a world has played, by model, and the days that its vector stores were kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

from emulator.base.cost import Cost, ModelUsage
from emulator.base.json_types import Object
from emulator.base.prices import Prices
from emulator.engine.active_turn import ActiveTurn
from emulator.world.state.vector_stores import KeptBytes
from emulator.world.world import World

_DAY: Final = 86_400.0
_GB: Final = 1_000_000_000


def cost_of(world: World, prices: Prices) -> Cost:
    """The usage of all turns on both APIs, and the storage until now; of ``prices`` the free storage counts."""
    played = cast("list[ActiveTurn]", list(world.turns.values()))
    used = [one for turn in played if (one := _usage(turn)) is not None]
    intervals = [*world.store.kept_bytes, *_kept_now(world)]
    whole = sum(one.bytes * max(0.0, one.until - one.since) for one in intervals)
    charged = _beyond(intervals, prices.free_gb * _GB)
    return Cost(Cost.total(Cost((one,)) for one in used).models, whole / _GB / _DAY, charged / _GB / _DAY)


def _usage(turn: ActiveTurn) -> ModelUsage | None:
    """The tokens of a turn; None if it has not come so far."""
    counted: Object | None = turn.log.transcript.usage
    if counted is None:
        return None
    stated = turn.turn.usage is not None or any(
        (isinstance(step.value, dict) and "usage" in step.value) or "usage" in step.beside for step in turn.turn.steps
    )
    return ModelUsage(
        turn.situation.model, 1, counted["prompt_tokens"], counted["completion_tokens"], estimated=not stated
    )


def _kept_now(world: World) -> Iterable[KeptBytes]:
    """The vector stores that are there, until now or until they expired."""
    now = world.clock.now()
    for store in world.store.vector_stores:
        expires_at = store.object["expires_at"]
        until = now if expires_at is None else min(now, expires_at)
        yield KeptBytes(store.object["usage_bytes"], store.object["created_at"], until)


def _beyond(intervals: list[KeptBytes], free: float) -> float:
    """Byte-seconds above ``free`` bytes, of all intervals together."""
    changes = [(one.since, one.bytes) for one in intervals] + [(one.until, -one.bytes) for one in intervals]
    kept, beyond, before = 0, 0.0, 0.0
    for instant, change in sorted(changes):
        beyond += max(0.0, kept - free) * (instant - before)
        kept, before = kept + change, instant
    return beyond
