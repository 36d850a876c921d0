"""A world: all that a reset forgets. Objects, clock, ids, scenarios, gates, problems, journal.

One event loop and one thread touch a world, so there are no locks.
"""

from __future__ import annotations

import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import dropwhile
from typing import Any, Literal, NamedTuple

from emulator.apis.assistants import objects, views
from emulator.apis.assistants.views import Shape
from emulator.base.clock import Clock, ClockName, make_clock, parse_instant
from emulator.base.ids import Ids
from emulator.base.json_types import Object
from emulator.base.problems import EmulatorError, Problem, ScenarioError, near_misses_in_words
from emulator.engine import usage
from emulator.engine.active_turn import DEFAULT_POLLS, Performance
from emulator.engine.turn_engine import HOLD_LIMIT, Performer
from emulator.scenarios import selection
from emulator.scenarios.checks import option_problems
from emulator.scenarios.conditions import Situation
from emulator.scenarios.faults import Faults
from emulator.scenarios.loading import Scenario, Stub, Turn, placed
from emulator.scenarios.steps import VERBS
from emulator.scenarios.steps.context import Fake, Stage
from emulator.scenarios.tape import Taped
from emulator.world.given import give
from emulator.world.journal import Journal
from emulator.world.state import extract
from emulator.world.state.contents import Content
from emulator.world.state.store import Store, Thread
from emulator.world.state.vector_stores import Outcome, VectorStore

_CANNOT_PARSE = {"code": "invalid_file", "message": "The file could not be parsed."}

#: Scenarios of a world, and problems that it keeps.
MAX_SCENARIOS = 1000
MAX_PROBLEMS = 1000
#: Settings that objects are made with: they cannot change once requests have made some.
_FOUNDATIONS = ("seed", "clock", "start")


@dataclass(frozen=True, slots=True)
class Options:
    """What is said by argument, marker or option. It beats ``settings`` of scenarios; None leaves them the word."""

    seed: int | str | None = None
    clock: ClockName | None = None
    start: str | None = None
    unmatched: Literal["fail", "improvise"] | None = None
    shapes: Shape | None = None
    hold_limit: float = HOLD_LIMIT
    #: The Assistants operations answer as a removed API does. No setting: it is not for a scenario to say.
    after_sunset: bool = False

    def given(self) -> Object:
        """The settings that are said here."""
        said = {key: getattr(self, key) for key in ("seed", "clock", "start", "unmatched", "shapes")}
        return {key: value for key, value in said.items() if value is not None}

    def check(self) -> None:
        """Raises EmulatorError for options that cannot be."""
        said = self.given()
        if self.after_sunset is not False:
            said["after_sunset"] = self.after_sunset
        if said and (found := option_problems(said)):
            raise EmulatorError("; ".join(found))


class Snapshot(NamedTuple):
    """A world's baseline: what a reset returns to."""

    store: Store
    ids: Ids
    now: float
    scenarios: tuple[Scenario, ...]
    played: Counter[tuple[str, str]]
    taped: dict[str, Counter[int]]
    settings: Object
    unnamed: int
    made_by_requests: bool


class World:
    """The objects of one key, or of everybody, and what goes on with them."""

    def __init__(self, options: Options, scenarios: tuple[Scenario, ...] = ()) -> None:
        self.options = options
        self.hold_limit = options.hold_limit
        self.journal = Journal()
        self.problems: list[Problem] = []
        self._more_problems = 0
        #: Gates that were released, for runs that come to them later.
        self.open_gates: set[str] = set()
        self.scenarios: tuple[Scenario, ...] = ()
        #: A scenario takes no requests but those of its recording.
        self.is_strict = False
        #: How often each turn was played, by scenario and turn.
        self.played: Counter[tuple[str, str]] = Counter()
        #: How often each request of each scenario's tape was played.
        self.taped: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self.runs: dict[str, Performance] = {}
        self.faults = Faults()
        #: Called when the world is gone, by those who still wait for something in it.
        self.on_end: list[Callable[[], None]] = []
        self._made_by_requests = False
        self._unnamed = 0
        self._found(options.given())
        self.performer = Performer(self)
        for scenario in scenarios:
            self.load(scenario)

    def _found(self, settings: Object) -> None:
        """Clock, ids and an empty store, as the settings say."""
        start = settings.get("start")
        self.settings = settings
        self.clock: Clock = make_clock(settings.get("clock", "skip"), None if start is None else parse_instant(start))
        self.ids = Ids(settings.get("seed", 0))
        self.store = Store()
        self.shapes: Shape = settings.get("shapes", "wire")

    # ---- Scenarios ----

    def load(self, scenario: Scenario, *, instead_of: str | None = None) -> None:
        """Adds a scenario, to be asked first; one of the same name is replaced.

        ``instead_of``: it takes the place of the one of that name, and is asked when that one was.
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
        settings = self._settings_of(loaded)
        changed = [key for key in _FOUNDATIONS if settings.get(key) != self.settings.get(key)]
        if changed and self._made_by_requests:
            raise ScenarioError(
                [f"{scenario.file}: {' and '.join(changed)} cannot change once requests have made objects; reset first"]
            )
        before = self.settings, self.shapes, self.clock, self.ids, self.store
        try:
            if changed or not self._made_by_requests:
                self._found(settings)
                if not {"clock", "start"} & set(changed):
                    self.clock = before[2]  # time never goes back
                for one in reversed(loaded):
                    give(self, one)
            else:
                self.settings, self.shapes = settings, settings.get("shapes", "wire")
                give(self, scenario)
        except ScenarioError:
            self.settings, self.shapes, self.clock, self.ids, self.store = before
            raise
        for run_id, performance in list(self.performer.active.items()):
            if self.store.threads.get(performance.run["thread_id"]) is not performance.thread:
                self.performer.abandon(run_id)  # its thread was given anew
        self.scenarios = loaded
        self.is_strict = any(one.tape for one in loaded)
        self.faults.load(scenario.name, scenario.faults)
        self.faults.order([one.name for one in loaded])
        for turn in scenario.turns:
            self.played.pop((scenario.name, turn.name), None)
        self.taped.pop(scenario.name, None)

    def _settings_of(self, scenarios: tuple[Scenario, ...]) -> Object:
        """What all scenarios (newest first) and the options say together; those that disagree are refused."""
        said: dict[str, tuple[Any, str]] = {}
        for scenario in reversed(scenarios):
            for key, value in scenario.settings.items():
                if key in said and said[key][0] != value and key not in self.options.given():
                    other, file = said[key]
                    raise ScenarioError(
                        [f"{scenario.file}: settings.{key} is {value!r} here, but {other!r} in {file}; they must agree"]
                    )
                said.setdefault(key, (value, scenario.file))
        return {key: value for key, (value, _) in said.items()} | self.options.given()

    def labels(self) -> set[str]:
        """All gates that scenarios name."""
        return {label for scenario in self.scenarios for label in scenario.labels()}

    def stub(self, method: str, path: str) -> Stub | None:
        """What answers a request outside the API, if a scenario says."""
        for scenario in self.scenarios:
            for stub in scenario.stubs:
                if stub.method == method and fnmatchcase(path, stub.path):
                    return stub
        return None

    def not_recorded(self, method: str, asked: Taped) -> str | None:
        """Why a strict replay refuses a request; None if there is no such replay, or if one has recorded it."""
        why = None
        for scenario in self.scenarios:
            if scenario.tape is not None:
                why = scenario.tape.take(self.taped[scenario.name], method, asked)
                if why is None:
                    return None
        return why

    # ---- Runs ----

    def perform(
        self,
        thread: Thread,
        run: Object,
        assistant: Object,
        stores: Sequence[VectorStore] = (),
        *,
        azure: bool = False,
        turn: Turn | None = None,
    ) -> Performance:
        """Chooses the run's turn and counts it: the first that fits, in the order of the files and turns.

        ``stores``: those that its file_search looks into. ``azure``: files that it makes have Azure's ids.
        ``turn``: the one to play, when nothing is to be chosen.
        """
        file_kind = "azure file" if azure else "file"
        situation = selection.situation_of(thread.last_user_text(), run, assistant, thread.object, len(thread.runs) + 1)
        turn = turn or self._choose(situation, run["id"])
        stage = Stage(
            run=run,
            message=situation.message,
            assistant=assistant,
            thread=thread.object,
            make_id=lambda kind: self.ids.make(kind, run["id"]),
            fake=Fake(lambda: self.ids.stream("fake", run["id"]), run["created_at"]),
            prompt_tokens=lambda: usage.prompt(run, _read_by(run, thread)),
            find_file=self.store.find_file,
            file_names=lambda: [file["filename"] for file in self.store.files],
            make_file=lambda filename, content: self._make_file(file_kind, run["id"], filename, content),
            search=lambda query: self._search(stores, query),
            contents=turn.contents,
            stated_usage=turn.usage,
            stated_for_steps=max(sum(VERBS[act.verb].makes_run_step for act in turn.acts), 1),
        )
        polls = {**DEFAULT_POLLS, **self.settings.get("polls", {}), **turn.polls}
        performance = Performance(thread, stage, turn, polls, situation)
        self.runs[run["id"]] = performance
        return performance

    def _make_file(self, kind: str, run_id: str, filename: str, content: bytes) -> Object:
        """A file that a run's code makes; ``kind`` of its id."""
        id = self.ids.make(kind, run_id)
        made = objects.file(id, int(self.clock.now()), filename, "assistants_output", len(content))
        self.store.put_file(made, Content.of(content))
        return made

    def _search(self, stores: Sequence[VectorStore], query: str) -> list[Object]:
        """Results of all stores, best first. What two stores hold is found twice (recorded)."""
        found = [one for store in stores for one in store.search(query)]
        found.sort(key=lambda one: -one.score)
        return [objects.search_result(one.file_id, one.filename, one.score, one.attributes, one.text) for one in found]

    def _choose(self, situation: Situation, run_id: str) -> Turn:
        turn, missed = selection.choose(self.scenarios, self.played, situation)
        if turn is not None:
            return turn
        if self.settings.get("unmatched", "fail" if missed else "improvise") == "improvise":
            return selection.improvised()
        nearest, first = selection.near_misses(missed), next(selection.turns_of(self.scenarios), None)
        why = near_misses_in_words(nearest)
        place = (first.file, first.line) if first else (None, None)
        message = f"no turn fits {run_id} (nearest first): {why}"
        self.report(Problem("unmatched", message, *place, run_id=run_id, nearest=nearest))
        return selection.unmatched(why)

    def indexing_outcome(self, file: Object) -> Outcome:
        """What comes of indexing a file: as a scenario says, or as its contents are."""
        for scenario in self.scenarios:
            for rule in scenario.indexing:
                if rule["file"] in (file["id"], file["filename"]):
                    error = rule.get("error") or (_CANNOT_PARSE if rule["outcome"] == "failed" else None)
                    text = self._text_of(file).text if rule["outcome"] == "completed" else ""
                    return Outcome(rule["outcome"], text, error, rule.get("polls", 0))
        return self._text_of(file)

    def _text_of(self, file: Object) -> Outcome:
        if extract.extension(file["filename"]) not in extract.SEARCHABLE:
            error = {"code": "unsupported_file", "message": "The file type is not supported."}
            return Outcome("failed", error=error)
        content = self.store.contents[file["id"]]
        try:
            if content.size > extract.MAX_BYTES:
                raise extract.Unreadable(extract.TOO_LARGE)
            return Outcome("completed", extract.text_of(file["filename"], content.read()))
        except extract.Unreadable as error:
            return Outcome("failed", error={"code": "invalid_file", "message": str(error)})

    # ---- Problems ----

    def report(self, problem: Problem) -> None:
        """The first so many are kept, and how many more there were."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)
        else:
            self._more_problems += 1

    def report_exception(self, error: BaseException) -> None:
        """A fault of the emulator's own, with its traceback."""
        text = "".join(traceback.format_exception(error)).rstrip()
        self.report(Problem("internal", f"the emulator failed, which is a bug in it:\n{text}"))

    def check(self) -> list[Problem]:
        """Everything that went wrong or was left undone in this world."""
        found = list(self.problems)
        if self._more_problems:
            found.append(Problem("more", f"and {self._more_problems} more problems"))
        for performance in self.performer.active.values():
            if performance.held:
                act = performance.act
                message = f"{performance.run['id']} still stands at {performance.held!r}; nobody released it"
                found.append(Problem("gate", message, performance.turn.file, act.line if act else None))
        if self.runs:
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

    def made(self) -> None:
        """A request has made an object."""
        self._made_by_requests = True

    def snapshot(self) -> Snapshot:
        """What is there now, to be returned to. Raises EmulatorError while a run is under way."""
        if self.performer.active:
            under_way = ", ".join(self.performer.active)
            raise EmulatorError(f"a baseline cannot hold runs that are under way: {under_way}")
        return Snapshot(
            store=self.store.copy(),
            ids=self.ids.copy(self.ids.seed),
            now=self.clock.now(),
            scenarios=self.scenarios,
            played=self.played.copy(),
            taped={name: played.copy() for name, played in self.taped.items()},
            settings=self.settings,
            unnamed=self._unnamed,
            made_by_requests=self._made_by_requests,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Takes over a baseline; for a world that nobody has used yet."""
        self._found(self._settings_of(snapshot.scenarios))
        self.store, self.ids = snapshot.store.copy(), snapshot.ids.copy(self.settings.get("seed", 0))
        if all(self.settings.get(key) == snapshot.settings.get(key) for key in ("clock", "start")):
            self.clock.move_to(snapshot.now)
        self.scenarios, self.played = snapshot.scenarios, snapshot.played.copy()
        self.taped |= {name: played.copy() for name, played in snapshot.taped.items()}
        self.is_strict = any(one.tape for one in self.scenarios)
        for scenario in reversed(self.scenarios):
            self.faults.load(scenario.name, scenario.faults)
        self._unnamed, self._made_by_requests = snapshot.unnamed, snapshot.made_by_requests

    def end(self) -> None:
        """Ends every open answer: its connection is closed without ``done``."""
        self.performer.end()
        self.store.contents.clear()
        self.store.uploads.clear()
        for listener in self.on_end:
            listener()

    def forget(self) -> None:
        """Lets go of everything, once it has ended and nobody asks it any more.

        World, performer and runs refer to each other: left alone, all would stay until the collector comes.
        """
        asked, self.journal = self.journal.asked, Journal()
        self.journal.asked = asked
        self.store = Store()
        for performance in self.runs.values():
            performance.go_on_with(iter(()))
        self.runs.clear()
        del self.performer


def _read_by(run: Object, thread: Thread) -> Iterator[bytes]:
    """The messages that were there before the run wrote any, newest first."""
    rows = (row for _, row in thread.messages.newest_first())
    return dropwhile(lambda row: views.row_has_run(row, run["id"]), rows)


def _renamed(scenario: Scenario, name: str) -> Scenario:
    return replace(scenario, name=name, turns=tuple(replace(turn, scenario=name) for turn in scenario.turns))
