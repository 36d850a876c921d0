"""A world: all that a reset forgets.

``State`` is what others need of it; here are its scenarios, which turn is chosen, baselines, and its end.
"""

from __future__ import annotations

import copy
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from emulator.base.clock import monotonic
from emulator.base.ids import Ids
from emulator.base.json_types import Object
from emulator.base.limits import MAX_SCENARIOS
from emulator.base.problems import EmulatorError, Problem, ScenarioError, near_misses_in_words
from emulator.scenarios.model import Scenario, Turn, placed
from emulator.world.faults import ActiveFaults
from emulator.world.given import give
from emulator.world.idle_polls import IdlePolls
from emulator.world.journal import Entry, Journal
from emulator.world.options import Options, settings_of
from emulator.world.state.state import State
from emulator.world.state.store import Store

if TYPE_CHECKING:
    from emulator.scenarios.conditions import Situation
    from emulator.scenarios.selection import TurnIndex
    from emulator.scenarios.strict_replay import RecordedRequest
    from emulator.scenarios.stubs import MatchedStub, Stub

#: Settings that objects are made with: they cannot change once requests have made some.
_FOUNDATIONS = ("seed", "clock", "start")


class Baseline(NamedTuple):
    """What a reset returns to."""

    store: Store
    ids: Ids
    now: float
    scenarios: tuple[Scenario, ...]
    played: Counter[tuple[str, str]]
    replayed: dict[str, Counter[int]]
    stubbed: Counter[tuple[str, int]]
    settings: Object
    unnamed: int
    made_by_requests: bool
    #: The requests that led to it.
    requests: tuple[Entry, ...] = ()


class World(State):
    """The objects of one key, or of everybody, and what goes on with them."""

    def __init__(self, options: Options, scenarios: tuple[Scenario, ...] = ()) -> None:
        super().__init__(options.settings(), options.hold_limit)
        self.options = options
        self.journal = Journal(self.changes)
        #: It was reset, or the server stops: nobody shall wait for anything in it.
        self.ended = False
        #: A scenario takes no requests but those of its recording.
        self.is_strict = False
        #: How often each turn was played, by scenario and turn.
        self.played: Counter[tuple[str, str]] = Counter()
        #: How often each request of each strict replay was played, by scenario.
        self.replayed: defaultdict[str, Counter[int]] = defaultdict(Counter)
        #: How often each stub responded, by scenario and number.
        self.stubbed: Counter[tuple[str, int]] = Counter()
        self.faults = ActiveFaults()
        self.idle_polls = IdlePolls()
        #: What the world of the same key had that a reset has ended, if that is remembered.
        self.ended_ids: frozenset[str] = frozenset()
        #: A request has made an object.
        self.made_by_requests = False
        #: A request has changed something that no request made.
        self.is_used = False
        #: The real time of its last request, and the number of responses that have not ended.
        self.used_at = 0.0
        self.open_responses = 0
        self._unnamed = 0
        self._indexed: TurnIndex | None = None
        for scenario in scenarios:
            self.load(scenario)

    # ---- Scenarios ----

    def load(self, scenario: Scenario, *, instead_of: str | None = None, made: World | None = None) -> None:
        """Adds a scenario, which takes precedence over those already loaded; one of the same name is replaced.

        ``instead_of``: it takes the place of the one of that name. ``made``: a copy with what the scenario gives.
        Raises ScenarioError, and changes nothing, when its settings or given objects do not go with what is there.
        """
        if len(self.scenarios) >= MAX_SCENARIOS and all(one.name != scenario.name for one in self.scenarios):
            raise ScenarioError(
                [f"{scenario.file}: expected at most {MAX_SCENARIOS} scenarios in a world; reset first"]
            )
        if not scenario.name:
            self._unnamed += 1
            scenario = _renamed(scenario, f"unnamed-{self._unnamed}")
        loaded = placed(scenario, self.scenarios, instead_of)
        if made is None:
            self._make_given(scenario, loaded)
        else:
            self.settings, self.shapes, self.clock = made.settings, made.shapes, made.clock
            self.ids, self.store = made.ids, made.store
        for id, turn in list(self.active.items()):
            if turn.is_orphaned():
                self.break_off(id)  # its thread was given anew
        self.scenarios = loaded
        self.is_strict = any(one.strict_replay for one in loaded)
        self.faults.load(scenario.name, scenario.faults)
        self.faults.order([one.name for one in loaded])
        for turn_ in scenario.turns:
            self.played.pop((scenario.name, turn_.name), None)
        self.replayed.pop(scenario.name, None)
        for number in range(len(scenario.stubs)):
            self.stubbed.pop((scenario.name, number), None)
        self.changes.mark_all()

    def make_given(self, scenario: Scenario) -> None:
        """Makes what a scenario gives in a world that is kept only if that succeeds. Raises ScenarioError."""
        self._make_given(scenario, placed(scenario, self.scenarios), is_tried=True)

    def _make_given(self, scenario: Scenario, loaded: tuple[Scenario, ...], *, is_tried: bool = False) -> None:
        """Settings and given objects as all these scenarios say; of ``loaded``, ``scenario`` is the new one.

        As long as no request has made an object, everything is made anew. Raises ScenarioError, and changes nothing.
        """
        settings = settings_of(loaded, self.options)
        changed = [key for key in _FOUNDATIONS if settings.get(key) != self.settings.get(key)]
        if changed and self.made_by_requests:
            raise ScenarioError(
                [f"{scenario.file}: {' and '.join(changed)} cannot change once requests have made objects; reset first"]
            )
        before = self.settings, self.shapes, self.clock, self.ids, self.store
        try:
            if changed or not self.made_by_requests:
                self.begin(settings)
                if not {"clock", "start"} & set(changed):
                    self.clock = before[2]  # time never goes back
                for one in reversed(loaded):
                    give(self, one, is_tried=True)
            else:
                self.settings, self.shapes = settings, settings.get("shapes", "wire")
                give(self, scenario, is_tried=is_tried)
        except ScenarioError:
            self.settings, self.shapes, self.clock, self.ids, self.store = before
            raise

    def labels(self) -> set[str]:
        """All holds that scenarios name."""
        return {label for scenario in self.scenarios for label in scenario.labels()}

    def stub(self, method: str, path: str) -> MatchedStub | None:
        """The stub for a request outside the API, which is counted: the first that fits and is not used up."""
        from emulator.scenarios.stubs import MatchedStub

        for key, stub, parameters in self._fitting_stubs(method, path):
            if stub.times is None or self.stubbed[key] < stub.times:
                self.is_used = True
                self.stubbed[key] += 1
                return MatchedStub(stub, parameters, self.stubbed[key] - 1)
        return None

    def used_up_stubs(self, method: str, path: str) -> list[Stub]:
        """The stubs that responded to such requests as often as they may."""
        return [stub for _, stub, _ in self._fitting_stubs(method, path)]

    def _fitting_stubs(self, method: str, path: str) -> Iterator[tuple[tuple[str, int], Stub, dict[str, str]]]:
        """Each with its key and the parameters in the path, in order of precedence."""
        from emulator.scenarios.stubs import paths_of

        for spelling in paths_of(path):
            for scenario in self.scenarios:
                for number, stub in enumerate(scenario.stubs):
                    if stub.method == method and (parameters := stub.parameters(spelling)) is not None:
                        yield (scenario.name, number), stub, parameters

    def not_recorded(self, method: str, request: RecordedRequest) -> str | None:
        """Why a strict replay refuses a request; None if there is no such replay, or if one has recorded it."""
        why = None
        for scenario in self.scenarios:
            if scenario.strict_replay is not None:
                self.is_used = True
                why = scenario.strict_replay.take(self.replayed[scenario.name], method, request)
                if why is None:
                    return None
        return why

    def choose(self, situation: Situation, run_id: str) -> Turn:
        """The turn to play, which is counted: the first that fits, in the order of the files and turns.

        Without one, the world's ``unmatched`` decides: the turn improvises, or it fails and is a problem.
        """
        turn = self._turn_index().find(self.played, situation)
        if turn is not None:
            self.played[turn.scenario, turn.name] += 1
            return turn
        from emulator.scenarios import selection

        missed = selection.missed(self.scenarios, situation)
        if self.settings.get("unmatched", "fail" if missed else "improvise") == "improvise":
            return selection.improvised()
        nearest, first = selection.near_misses(missed), next(selection.turns_of(self.scenarios), None)
        why = near_misses_in_words(nearest)
        place = (first.file, first.line) if first else (None, None)
        message = f"no turn fits {run_id} (nearest first): {why}"
        self.report(Problem("unmatched", message, *place, run_id=run_id, nearest=nearest))
        return selection.unmatched(why)

    def fits(self, situation: Situation) -> bool:
        """True if a turn fits; nothing is counted."""
        return self._turn_index().find(self.played, situation) is not None

    def _turn_index(self) -> TurnIndex:
        """The index of the scenarios that are loaded now."""
        if self._indexed is None or self._indexed.scenarios is not self.scenarios:
            from emulator.scenarios.selection import TurnIndex

            self._indexed = TurnIndex(self.scenarios)
        return self._indexed

    # ---- Problems ----

    def check(self) -> list[Problem]:
        """Everything that went wrong or was left undone in this world."""
        found = list(self.problems)
        if self.more_problems:
            found.append(Problem("more", f"and {self.more_problems} more problems"))
        found += [turn.held_problem() for turn in self.active.values() if turn.held]
        if self.turns:
            found += [*self._unplayed(), *self.faults.unfired()]
        return found

    def _unplayed(self) -> list[Problem]:
        """Turns with ``times`` that were not played that often, in a world that created a run."""
        return [
            Problem("times", f"turn {turn.name!r} was played {played} of {turn.times} times", turn.file, turn.line)
            for scenario in self.scenarios
            for turn in scenario.turns
            if turn.times is not None and (played := self.played[scenario.name, turn.name]) < turn.times
        ]

    # ---- Beginning and end ----

    @property
    def is_bare(self) -> bool:
        """True if a world to come would be the same: no request has changed anything, and its journal is small."""
        return not (self.made_by_requests or self.is_used or self.has_open_responses or self.journal.is_large)

    @property
    def has_open_responses(self) -> bool:
        """Somebody still reads a response, or waits for one."""
        return bool(self.open_responses or self.on_end)

    @contextmanager
    def responding(self) -> Iterator[None]:
        """A response is open within the block; the world is in use until its end."""
        self.open_responses += 1
        try:
            yield
        finally:
            self.open_responses -= 1
            self.used_at = monotonic()

    def baseline(self) -> Baseline:
        """What is there now, for a reset to return to. Raises EmulatorError while a run is under way."""
        if self.active:
            under_way = ", ".join([*self.active][:10])
            raise EmulatorError(f"a baseline cannot hold runs that are under way: {under_way}")
        return Baseline(
            store=self.store.copy(),
            ids=self.ids.copy(self.ids.seed),
            now=self.clock.now(),
            scenarios=self.scenarios,
            played=self.played.copy(),
            replayed={name: played.copy() for name, played in self.replayed.items()},
            stubbed=self.stubbed.copy(),
            settings=self.settings,
            unnamed=self._unnamed,
            made_by_requests=self.made_by_requests,
            requests=(*self.journal.of_baseline, *self.journal.requests()),
        )

    def frozen(self) -> World:
        """The world as it is now, for a thread that reads it while requests go on.

        It costs the same at any number of messages and files, and about a tenth of a microsecond for each thread.
        """
        other = copy.copy(self)
        other.store, other.journal = self.store.copy(), self.journal.copy()
        other.turns, other.active = dict(self.turns), dict(self.active)
        return other

    def aside(self) -> World:
        """A copy for ``make_given``, whose result ``load`` takes."""
        other = copy.copy(self)
        other.store, other.ids = self.store.copy(), self.ids.copy(self.ids.seed)
        return other

    def restore(self, baseline: Baseline) -> None:
        """Takes over a baseline; for a world that nobody has used yet."""
        self.journal.of_baseline = baseline.requests
        self.begin(settings_of(baseline.scenarios, self.options))
        self.store, self.ids = baseline.store.copy(), baseline.ids.copy(self.settings.get("seed", 0))
        if all(self.settings.get(key) == baseline.settings.get(key) for key in ("clock", "start")):
            self.clock.go_on_from(baseline.now)
        self.scenarios, self.played = baseline.scenarios, baseline.played.copy()
        self.replayed |= {name: played.copy() for name, played in baseline.replayed.items()}
        self.stubbed = baseline.stubbed.copy()
        self.is_strict = any(one.strict_replay for one in self.scenarios)
        for scenario in reversed(self.scenarios):
            self.faults.load(scenario.name, scenario.faults)
        self._unnamed, self.made_by_requests = baseline.unnamed, baseline.made_by_requests

    def end(self) -> None:
        """Ends every open response: its connection is closed without ``done``."""
        self.ended = True
        for id in list(self.active):
            self.break_off(id)
        self.store.contents.clear()
        self.store.uploads.clear()
        for listener in self.on_end:
            listener()

    def forget(self) -> Iterator[None]:
        """Lets go of everything, piece by piece, once the world has ended and no request comes to it any more.

        Worlds and turns refer to each other: left alone, all would stay until the collector comes.
        """
        journal, self.journal = self.journal, Journal()
        self.journal.counts = journal.counts
        store, self.store = self.store, Store()
        self.with_transcript.clear()
        while self.turns:
            self.turns.popitem()[1].let_go()
            yield
        yield from journal.let_go()
        yield from store.let_go()


def _renamed(scenario: Scenario, name: str) -> Scenario:
    return replace(scenario, name=name, turns=tuple(replace(turn, scenario=name) for turn in scenario.turns))
