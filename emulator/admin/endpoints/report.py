"""The endpoint that tells what was left undone in a world, how its scenarios were used, its habits, and its cost."""

from __future__ import annotations

from asyncio import to_thread
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from emulator.admin.request import in_world, json_response, key_of, worlds_of
from emulator.base.prices import Prices
from emulator.engine import loose_ends as _of_turns  # noqa: F401  # registers the kinds of turns
from emulator.engine.turn_engine import TurnEngine
from emulator.scenarios.model import Scenario, Turn
from emulator.scenarios.selection import also_fitting
from emulator.world.world import World
from emulator.world.worlds import Worlds

#: Turns that are looked into for others that fitted.
_NEWEST = 100


@in_world
async def report(request: Request, world: World) -> Response:
    """Loose ends, the scenarios with how often their turns were played, which other turns fitted; habits and cost.

    ``?review=false`` leaves habits and cost out.
    """
    worlds, key = worlds_of(request), key_of(request)
    played = [(one, worlds.times_played(key, one)) for one in world.scenarios if one.turns]
    is_reviewed = request.query_params.get("review") != "false"
    # in a thread, since a long journal and many turns take long to read; of a world that does not change meanwhile
    return await to_thread(_report, worlds, key, world.frozen(), played, is_reviewed)


def _report(worlds: Worlds, key: str, world: World, played: list[tuple[Scenario, int]], is_reviewed: bool) -> Response:
    return json_response(
        {
            **(review(world) if is_reviewed else {}),
            "loose_ends": [end.as_json() for end in worlds.loose_ends(key, world)],
            "scenarios": [{"name": one.name, "file": one.file, "played": times} for one, times in played],
            "also_fitted": also_fitted(world),
        }
    )


def review(world: World) -> dict[str, Any]:
    """The habits that the requests break, and what the turns would have cost."""
    from emulator.apis.review.calls import Calls
    from emulator.apis.review.cost import cost_of
    from emulator.apis.review.habits import habits_of

    prices = world.options.prices or Prices.load()
    cost = cost_of(world, prices)
    priced = {"rows": cost.rows(prices), "total": cost.in_words(prices), "note": prices.in_words()}
    return {"habits": [one.as_json() for one in habits_of(Calls(world))], "cost": {**cost.as_json(), **priced}}


def also_fitted(world: World) -> list[dict[str, Any]]:
    """The newest turns for which others fitted too, with those others, in the order in which they would be chosen."""
    played = list(TurnEngine(world).turns.values())[-_NEWEST:]
    found = ((one, also_fitting(world.scenarios, one.turn, one.situation)) for one in played)
    return [
        {"run_id": one.id, "turn": one.turn.name, "others": list(map(_shown, others))}
        for one, others in found
        if others
    ]


def _shown(turn: Turn) -> dict[str, Any]:
    return {"turn": turn.name, "file": turn.file, "line": turn.line}
