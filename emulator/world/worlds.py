"""Worlds by key: one for everybody, or one a key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Literal

from emulator.base.json_types import Object
from emulator.base.limits import MAX_PROBLEMS, MAX_WORLDS
from emulator.base.loose_ends import LooseEnd
from emulator.base.problems import ScenarioError
from emulator.scenarios.model import Scenario, placed
from emulator.world.kept_worlds import KeptWorlds
from emulator.world.loose_ends import OF_ALL_WORLDS, loose_ends_of, times_played
from emulator.world.options import Options, check_options
from emulator.world.templates import Templates
from emulator.world.world import Baseline, World

WorldsMode = Literal["one", "key"]


@dataclass(slots=True)
class Worlds:
    """One world for all keys, or one a key; made at its first request."""

    options: Options = field(default_factory=Options)
    scenarios: tuple[Scenario, ...] = ()
    mode: WorldsMode = "one"
    #: Whoever has this key may list all worlds.
    admin_key: str | None = None
    #: Bounds of ``KeptWorlds``.
    max_worlds: int = MAX_WORLDS
    forget_idle: float | None = None
    _worlds: KeptWorlds = field(init=False)
    _templates: Templates = field(init=False)
    #: By key; the last of them is in force.
    _baselines: dict[str, list[Baseline]] = field(default_factory=dict)
    _overrides: dict[str, Object] = field(default_factory=dict)
    _counts: dict[str, Counter[str | None]] = field(default_factory=dict)
    #: The loose ends of worlds that were reset are remembered.
    remembers: bool = False
    _left: dict[str, list[LooseEnd]] = field(default_factory=dict)
    _played: dict[str, Counter[str]] = field(default_factory=dict)
    _ended: dict[str, frozenset[str]] = field(default_factory=dict)
    #: The keys whose clients may outlive their event loops (``emulator.server.many_loops``).
    many_loops: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._worlds = KeptWorlds(self.max_worlds, self.forget_idle)
        self._worlds.on_gone = self._forget_all
        self._templates = Templates(self.options, self.scenarios)

    def of(self, key: str, *, changes: bool = False) -> World:
        """The world of that key. ``changes``: the request is going to change it.

        Raises NoWorld if the world was forgotten, or if it would be one too many.
        """
        name = key if self.mode == "key" else ""
        world = self._worlds.get(name)
        if world is None:
            world = self._templates.world(self._overrides.get(name, {}))
            self._worlds.put(name, world)
            world.journal.counts = self._counts.setdefault(name, world.journal.counts)
            world.ended_ids = self._ended.get(name, frozenset())
            if baselines := self._baselines.get(name):
                world.restore(baselines[-1])
            world.is_used = bool(baselines or name in self._overrides or name in self.many_loops)
        if changes and name in self._worlds.bare:
            self._worlds.admit(name)
        return world

    def needs_preparing(self, options: Object) -> bool:
        """True if a new world with these options takes long to make. Raises EmulatorError for such that cannot be."""
        check_options(options)
        return self._templates.needs(options)

    def prepare(self, options: Object) -> None:
        """Makes what new worlds with these options begin with, if it is much. It touches no world that is there."""
        self._templates.prepare(options)

    def delete(self, key: str) -> World | None:
        """The key's world ends, with its options and baselines, and does not count any more. Answers the old one."""
        name = key if self.mode == "key" else ""
        old = self._worlds.pop(name)
        self._forget_all(name)
        if old is not None:
            old.end()
        return old

    def let_go(self, world: World) -> None:
        """Frees what a world has held that has ended."""
        self._worlds.let_go(world)

    def let_go_by(self, way: Callable[[World], object]) -> None:
        """Says how worlds that have ended are freed."""
        self._worlds.let_go = way

    def _forget_all(self, name: str) -> None:
        for kept in (self._overrides, self._baselines, self._counts, self._left, self._played, self._ended):
            kept.pop(name, None)
        self.many_loops.discard(name)

    @property
    def number(self) -> int:
        """How many worlds there are; one that no request has changed does not count."""
        return self._worlds.number()

    def reset(self, key: str, options: Object) -> World | None:
        """The key's world ends; the next request meets a new one, made with these options. Answers the old one.

        Raises EmulatorError for options that cannot be.
        """
        check_options(options)
        name = key if self.mode == "key" else ""
        if options and name not in self._overrides:
            self.of(key, changes=True)  # its options outlive the world, so they have to find a place
        old = self._worlds.pop(name)
        self._overrides[name] = options
        if not options:
            del self._overrides[name]
        if old is not None:
            if self.remembers:
                self._remember(name, old)
            old.end()
        return old

    def _remember(self, name: str, world: World) -> None:
        left = self._left.setdefault(name, [])
        left += [end for end in loose_ends_of(world) if end.kind not in OF_ALL_WORLDS][: MAX_PROBLEMS - len(left)]
        self._ended[name] = world.journal.ids()
        played = self._played.setdefault(name, Counter())
        played.update({scenario.name: times_played(world, scenario) for scenario in world.scenarios})

    def loose_ends(self, key: str, world: World) -> list[LooseEnd]:
        """What was left undone in the world of that key (or a copy of it), and in those before that are remembered."""
        name = key if self.mode == "key" else ""
        played = self._played.get(name, Counter())
        now = [end for end in loose_ends_of(world) if not played[end.scenario or ""]]
        return [*self._left.get(name, ()), *now]

    def times_played(self, key: str, scenario: Scenario) -> int:
        """How often the turns of a scenario were played, together, in the same worlds."""
        name = key if self.mode == "key" else ""
        return times_played(self.of(key), scenario) + self._played.get(name, Counter())[scenario.name]

    def set_many_loops(self, key: str, are_many: bool) -> None:
        """The clients of that key may outlive their event loops, or none does."""
        name = key if self.mode == "key" else ""
        if are_many:
            self.of(key, changes=True)  # what is said of a key lives as long as its world
            self.many_loops.add(name)
        else:
            self.many_loops.discard(name)

    def has_many_loops(self, key: str) -> bool:
        """True if the clients of that key may outlive their event loops."""
        return (key if self.mode == "key" else "") in self.many_loops

    def keep(self, key: str) -> None:
        """What is there now is the baseline that resets return to. Raises EmulatorError while a run is under way."""
        self._baselines.setdefault(key if self.mode == "key" else "", []).append(self.of(key).baseline())

    def forget(self, key: str, *, all: bool = False) -> None:
        """Resets return to the baseline that was kept before, if there is one, or (``all``) to an empty world."""
        name = key if self.mode == "key" else ""
        baselines = [] if all else self._baselines.get(name, [])[:-1]
        self._baselines[name] = baselines

    def reload(self, scenario: Scenario, *, instead_of: str | None = None) -> list[str]:
        """A scenario whose file has changed, for all worlds and baselines, where ``instead_of`` was; objects stay.

        Answers why those that cannot take it keep the old.
        """
        together = placed(scenario, self.scenarios[::-1], instead_of)[::-1]
        try:
            World(self.options, together)  # what cannot be together must not meet worlds to come
        except ScenarioError as error:
            return [str(error)]
        self.scenarios, self._templates = together, Templates(self.options, together)
        refusals = []
        for _, world in self._worlds.items():
            try:
                world.load(scenario, instead_of=instead_of)
            except ScenarioError as error:
                refusals.append(str(error))
        for baselines in self._baselines.values():
            for number, baseline in enumerate(baselines):
                try:
                    baselines[number] = self._rebased(baseline, scenario, instead_of)
                except ScenarioError as error:
                    refusals.append(f"a baseline keeps the old one: {error}")
        return refusals

    def _rebased(self, baseline: Baseline, scenario: Scenario, instead_of: str | None) -> Baseline:
        """Raises ScenarioError if a world could not return to it then."""
        gone = (scenario.name, instead_of)
        played = Counter({key: times for key, times in baseline.played.items() if key[0] not in gone})
        changed = baseline._replace(scenarios=placed(scenario, baseline.scenarios, instead_of), played=played)
        World(self.options).restore(changed)
        return changed

    def keys(self) -> list[str]:
        """The keys with a world, or one that is remembered, in the order of their first requests; "" for one world."""
        return [key for key in self._counts if key in self._worlds or key in self._left]

    def end(self) -> None:
        for _, world in self._worlds.items():
            world.end()

    def is_admin(self, key: str) -> bool:
        """True for the key whose holder may list all worlds."""
        return self.admin_key is not None and compare_digest(key.encode(), self.admin_key.encode())

    def by_key(self) -> list[tuple[str, World]]:
        """All worlds with their keys, oldest first; the one world of all keys has an empty one."""
        worlds = dict(self._worlds.items())
        return [(name, worlds[name]) for name in self._counts if name in worlds]

    def all(self) -> list[World]:
        return [world for _, world in self._worlds.items()]
