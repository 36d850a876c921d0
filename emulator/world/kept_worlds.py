"""The worlds of many keys, within bounds: how many there are, and how long one is kept that nobody uses.

Nothing happens in the background: a request lets go of the worlds that have been idle for too long.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

from emulator.base.clock import monotonic
from emulator.base.limits import MAX_BARE_WORLDS, MAX_FORGOTTEN, MAX_WORLDS
from emulator.base.problems import Refusal
from emulator.base.text import duration
from emulator.world.world import World

_LOG: Final = logging.getLogger("assistants_emulator")
#: The numbers of worlds at which the log warns.
_WARNINGS: Final = (1_000, 10_000)
#: Idle worlds that one request lets go of at most, since nobody should wait for that.
_AT_ONCE: Final = 20


class NoWorld(Refusal):
    """A request that gets no world. ``status`` and ``code``: of the response."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class KeptWorlds:
    """Worlds by key; with ``forget_idle``, the one that was used longest ago comes first.

    A world that no request has changed is *bare*: it does not count, and only the newest of them are kept. ``limit``:
    how many others there may be. ``forget_idle``: real seconds without a request or an open response, after which a
    world is let go of; None for never. ``on_gone`` is called with each key whose world is let go of.
    """

    def __init__(self, limit: int = MAX_WORLDS, forget_idle: float | None = None) -> None:
        self.limit, self.forget_idle = limit, forget_idle
        self.on_gone: Callable[[str], object] = lambda name: None
        #: Frees what a world has held that has ended; where a loop answers requests, it does so bit by bit.
        self.let_go: Callable[[World], object] = lambda world: deque(world.forget(), maxlen=0)
        self._worlds: OrderedDict[str, World] = OrderedDict()
        #: Those that may be bare, oldest first.
        self.bare: OrderedDict[str, None] = OrderedDict()
        #: Hashes of the keys whose next request is told that its world was forgotten.
        self._forgotten: OrderedDict[int, None] = OrderedDict()
        self._warned = 0

    def get(self, name: str) -> World | None:
        """The world of a key, which is used now; None if there is none. Raises NoWorld, once, for a forgotten one."""
        world = self._worlds.get(name)
        if world is not None:
            if self.forget_idle is None:  # nobody asks who was used when
                return world
            now = monotonic()
            if not self._is_idle(world, now):
                world.used_at = now
                self._worlds.move_to_end(name)
                return world
            self._let_go(name, world)
        if self._forgotten and hash(name) in self._forgotten:
            del self._forgotten[hash(name)]
            after = duration(self.forget_idle or 0)
            raise NoWorld(
                410,
                "world_forgotten",
                f"The emulator has forgotten the world of this key, because it got no request for {after} "
                "(`--forget-idle`). All objects in it are gone. The next request of this key begins an empty world.",
            )
        return None

    def put(self, name: str, world: World) -> None:
        """Keeps a new world. Raises NoWorld if there are too many."""
        self._let_go_of_idle()
        while len(self.bare) >= MAX_BARE_WORLDS:
            oldest, _ = self.bare.popitem(last=False)
            if self._worlds[oldest].is_bare:
                self._let_go(oldest, self._worlds[oldest])
        if len(self._worlds) >= self.limit + MAX_BARE_WORLDS:
            raise self._too_many()
        world.used_at = monotonic()
        self._worlds[name] = world
        self.bare[name] = None

    def admit(self, name: str) -> None:
        """A request is going to change a world in ``bare``. Raises NoWorld if it would be one too many."""
        if not self._worlds[name].is_bare:
            del self.bare[name]
            return
        if len(self._worlds) >= self.limit and self.number() >= self.limit:
            self._let_go_of_idle()
            if self.number() >= self.limit:
                raise self._too_many()
        for number in _WARNINGS:
            if self._warned < number <= len(self._worlds) and self.number() + 1 >= number:
                self._warned = number
                _LOG.warning(
                    "assistants-emulator: warning: there are %s worlds, one for each API key; at most %s are kept "
                    "(--max-worlds), and DELETE /_emulator/world ends one",
                    f"{number:,}",
                    f"{self.limit:,}",
                )

    def number(self) -> int:
        """How many worlds there are that are not bare."""
        for name in [name for name in self.bare if not self._worlds[name].is_bare]:
            del self.bare[name]
        return len(self._worlds) - len(self.bare)

    def pop(self, name: str) -> World | None:
        """Takes the world of a key away. Its next request is told nothing."""
        self.bare.pop(name, None)
        self._forgotten.pop(hash(name), None)
        return self._worlds.pop(name, None)

    def items(self) -> list[tuple[str, World]]:
        return list(self._worlds.items())

    def __contains__(self, name: str) -> bool:
        return name in self._worlds

    def _too_many(self) -> NoWorld:
        return NoWorld(
            429,
            "too_many_worlds",
            f"The emulator keeps at most {self.limit} worlds, one for each API key, and there are as many. Use fewer "
            "keys, end a world with DELETE /_emulator/world, or start the emulator with a larger `--max-worlds`.",
        )

    def _is_idle(self, world: World, now: float) -> bool:
        if self.forget_idle is None or now - world.used_at <= self.forget_idle or world.is_bare:
            return False
        return not world.has_open_responses

    def _let_go_of_idle(self) -> None:
        if self.forget_idle is None:
            return
        now = monotonic()
        for _ in range(_AT_ONCE):
            name, world = next(iter(self._worlds.items()), ("", None))
            if world is None or now - world.used_at <= self.forget_idle:
                return
            if world.has_open_responses:
                world.used_at = now
                self._worlds.move_to_end(name)
            else:
                self._let_go(name, world)

    def _let_go(self, name: str, world: World) -> None:
        is_bare = world.is_bare
        self.pop(name)
        if not is_bare:
            self._forgotten[hash(name)] = None
            if len(self._forgotten) > MAX_FORGOTTEN:
                self._forgotten.popitem(last=False)
        self.on_gone(name)
        world.end()
        self.let_go(world)
