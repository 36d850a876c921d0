"""What has changed in a world since somebody looked, made in pieces so that no other request waits for long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

import orjson

from emulator.admin.snapshot import overview, requests, turns
from emulator.admin.snapshot.chats import Chats
from emulator.base.json_types import Object
from emulator.base.limits import MAX_SNAPSHOT
from emulator.engine.active_turn import ActiveTurn
from emulator.world.world import World

#: A key of the snapshot with its value, as JSON; a list comes in pieces.
Piece = bytes

_SEPARATOR: Final = b","


def pieces(world: World, after: int, epoch: str = "") -> Iterator[Piece]:
    """The JSON of a snapshot: what has changed after the change ``after`` of the world of that ``epoch``.

    All of it if ``after`` is 0, if the world is another one by now, or if a scenario was loaded since. The lists
    ``requests``, ``turns`` and ``chats`` have at most ``MAX_SNAPSHOT`` entries each, the newest; everything else is
    whole, and ``files`` are left out if they have not changed.
    """
    changes = world.changes
    full = after == 0 or epoch not in ("", changes.epoch) or after < changes.rebuilt or after > changes.seq
    since = 0 if full else after
    entries = [entry for entry in world.journal.requests() if entry.changed > since]
    played = [turn for turn in list(world.turns.values()) if turns.changed_at(turn) > since]
    chats = Chats(world)
    touched = list(chats) if full else _touched(entries, played)
    head = {"seq": changes.seq, "epoch": changes.epoch, "full": full, "dropped": world.journal.dropped}
    yield orjson.dumps({**head, **overview.overview(world, since)})[:-1]
    yield from _list("requests", (requests.row(entry, world) for entry in entries[-MAX_SNAPSHOT:]))
    yield from _list("turns", (turns.turn_row(turn, world) for turn in played[-MAX_SNAPSHOT:]))
    yield from _list("chats", (chats.chat(id) for id in touched[-MAX_SNAPSHOT:]))
    left_out = {
        "requests": max(0, len(entries) - MAX_SNAPSHOT),
        "turns": max(0, len(played) - MAX_SNAPSHOT),
        "chats": max(0, len(touched) - MAX_SNAPSHOT),
    }
    yield b',"left_out":' + orjson.dumps(left_out) + b"}\n"


def _touched(entries: list[Any], played: list[Any]) -> list[str]:
    """The chats that requests or turns were about."""
    of_requests = [entry.thread_id for entry in entries if entry.thread_id]
    of_turns = [cast("ActiveTurn", turn).thread_id for turn in played]
    return list(dict.fromkeys([*of_requests, *of_turns]))


def _list(name: str, values: Iterator[Object]) -> Iterator[Piece]:
    yield b',"%b":[' % name.encode()
    separator = b""
    for value in values:
        yield separator + orjson.dumps(value, default=str)
        separator = _SEPARATOR
    yield b"]"
