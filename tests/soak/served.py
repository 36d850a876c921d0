"""``serve`` as it is, in a process that also tells on stdout what cannot be seen from outside: its tasks and objects.

For each line on stdin it answers one line of JSON. ``loop`` is the longest time that the loop was kept since the last
line that was ``round``.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import threading
from typing import Any

import assistants_emulator
import emulator.server.server
from emulator.world.world import World
from tests.soak.watchdog import Watchdog

_serving: list[ObservedServer] = []
_watchdog = Watchdog()


class ObservedServer(emulator.server.server.Server):
    """Remembers itself."""

    async def main_loop(self) -> None:
        _serving.append(self)
        _watchdog.start()
        await super().main_loop()


def _look(*, count_worlds: bool) -> dict[str, Any]:
    own = (asyncio.current_task(), _watchdog.task)
    tasks = [task for task in asyncio.all_tasks() if task not in own]
    server = _serving[0]
    return {
        "tasks": len(tasks),
        "connections": len(server.server_state.connections),
        "worlds": len(server.worlds.all()),
        "worlds_alive": _ended_worlds() if count_worlds else 0,
        "named": sorted({task.get_coro().__qualname__ for task in tasks if task.get_coro() is not None})[:10],  # type: ignore[union-attr]
    }


def _ended_worlds() -> int:
    """How many ended worlds are in memory, those included that the collector leaves alone."""
    gc.unfreeze()
    found = sum(isinstance(one, World) and one.ended for one in gc.get_objects())
    gc.freeze()
    return found


def _answer_questions() -> None:
    for line in sys.stdin:
        is_round = line.strip() == "round"

        def tell(is_round: bool = is_round) -> None:
            kept = _watchdog.longest
            print(json.dumps({"loop": round(kept * 1000, 1), **_look(count_worlds=is_round)}), flush=True)
            _watchdog.forgive()  # the look itself keeps the loop
            if is_round:
                _watchdog.reset()

        _serving[0].call_soon(tell)


if __name__ == "__main__":
    emulator.server.server.Server = ObservedServer  # type: ignore[misc]
    threading.Thread(target=_answer_questions, daemon=True).start()
    sys.argv[1:1] = ["serve", "--port", "0"]
    sys.exit(assistants_emulator.main())
