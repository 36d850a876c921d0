"""What is sent whole: clock, scenarios, faults, holds and problems each time, files when there are others."""

from __future__ import annotations

import base64
from typing import Any, Final, cast

from emulator.admin.snapshot import turns
from emulator.base.json_types import Object
from emulator.base.limits import MAX_SNAPSHOT
from emulator.base.operations import BY_NAME
from emulator.base.version import __version__
from emulator.engine.active_turn import ActiveTurn
from emulator.scenarios.faults import KINDS
from emulator.scenarios.model import Scenario, Turn
from emulator.scenarios.schema import fault_schema
from emulator.world.world import World

#: Bytes of an image that is shown as it is.
_MAX_IMAGE: Final = 64 * 1024
#: Bytes of all images together.
_MAX_IMAGES: Final = 2 * 1024 * 1024
#: How image files begin that browsers show, without those that can hold scripts.
_IMAGES: Final = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}


def overview(world: World, since: int) -> Object:
    """The parts of a snapshot that are sent whole; near misses only of turns that have changed after ``since``.

    ``files`` are left out where they are the same as at ``since``.
    """
    problems = world.check()
    return {
        "version": __version__,
        "clock": {"name": world.clock.name, "now": world.clock.now()},
        "settings": world.settings,
        "problems": [problem.as_json() for problem in problems],
        "near_misses": turns.near_miss_tables(world, problems, since),
        "scenarios": [_scenario(one, world) for one in world.scenarios],
        "faults": [{**one.fault.as_json(), "applied": one.applied} for one in world.faults],
        "holds": _holds(world),
        **({"files": _files(world)} if _files_changed(world) > since or not since else {}),
        **({} if since else {"fault_form": _fault_form()}),
    }


def _fault_form() -> Object:
    """What a form for a fault asks: the operations, and the parameters of each kind."""
    shared = fault_schema("")["properties"]
    counts = {name: one for name, one in shared.items() if name not in ("kind", "operation", "when")}
    return {
        "operations": ["*", *BY_NAME],
        "kinds": [
            {"kind": name, "summary": kind.summary, "parameters": {**kind.parameters, **counts}}
            for name, kind in KINDS.items()
        ],
    }


def _scenario(scenario: Scenario, world: World) -> Object:
    return {
        "name": scenario.name,
        "file": scenario.file,
        "turns": [_turn(turn, world.played[scenario.name, turn.name]) for turn in scenario.turns],
    }


def _turn(turn: Turn, played: int) -> Object:
    return {
        "name": turn.name,
        "line": turn.line,
        "times": turn.times,
        "played": played,
        "when": turn.when,
        "steps": [turns.step_row(step) for step in turn.steps],
    }


def _holds(world: World) -> list[Object]:
    """All holds that scenarios name, released or not, with the turns that stand there."""
    standing = [(id, cast("ActiveTurn", turn)) for id, turn in world.active.items() if turn.held]
    return [
        {
            "label": label,
            "released": label in world.open_holds,
            "runs": [{"id": id, "thread_id": turn.thread_id} for id, turn in standing if turn.held == label],
        }
        for label in sorted(world.labels())
    ]


def _files_changed(world: World) -> int:
    """The change since which the files are as they are now: names and images are sent again only after it."""
    newest = next((id for id, _ in world.store.files.newest_first()), "")
    seen = len(world.store.files), newest
    if world.changes.files_seen[0] != seen:
        world.changes.files_seen = seen, world.changes.seq
    return world.changes.files_seen[1]


def _files(world: World) -> list[Object]:
    """The newest files by their names and sizes; small images with their contents, as a ``data:`` URL."""
    rows, budget = list[Object](), _MAX_IMAGES
    newest = [file for _, (_, file) in zip(range(MAX_SNAPSHOT), world.store.files.newest_first(), strict=False)]
    for file in newest:
        row: dict[str, Any] = {"id": file["id"], "filename": file["filename"], "bytes": file["bytes"]}
        content = world.store.contents.get(file["id"])
        if content is not None and content.size <= min(_MAX_IMAGE, budget) and (url := _data_url(content.read())):
            row["image"] = url
            budget -= content.size
        rows.append(row)
    return rows


def _data_url(content: bytes) -> str | None:
    for beginning, kind in _IMAGES.items():
        if content.startswith(beginning):
            return f"data:{kind};base64,{base64.b64encode(content).decode()}"
    return None
