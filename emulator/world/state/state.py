"""The state of a world: what the engine, given objects and endpoints need of it.

Clock, ids, store, holds, the turns that are being played, and problems. One event loop and one thread touch a world, so
there are no locks, and nothing here awaits.
"""

from __future__ import annotations

import logging
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Literal, Protocol

from emulator.base.clock import Clock, make_clock, parse_instant
from emulator.base.ids import Ids
from emulator.base.json_types import Object
from emulator.base.limits import HOLD_LIMIT, MAX_PROBLEMS, MAX_TRANSCRIPTS
from emulator.base.loose_ends import LooseEnd
from emulator.base.problems import Problem
from emulator.base.text import shorten
from emulator.scenarios.model import Scenario
from emulator.world.state import extract
from emulator.world.state.changes import Changes
from emulator.world.state.store import Store
from emulator.world.state.vector_stores import Outcome

#: ``wire``: what the service sends. ``spec``: what its published schema demands beyond that.
Shape = Literal["wire", "spec"]


_LOG: Final = logging.getLogger("assistants_emulator")

_CANNOT_PARSE: Final = {"code": "invalid_file", "message": "The file could not be parsed."}


class PlayedTurn(Protocol):
    """A turn that is or was played, as its world sees it."""

    #: Of the run that plays it.
    status: str
    #: The hold at which it stands.
    held: str | None

    def is_orphaned(self) -> bool:
        """True when the object that it was played on is no longer there."""

    def held_problem(self) -> Problem:
        """Why it still stands at its hold."""

    def break_off(self) -> None:
        """Its stream ends here, without an end."""

    def let_go(self) -> None:
        """Forgets what is still to come."""

    def transcript(self) -> dict[str, Any]:
        """What a user would notice of it."""

    def forget_transcript(self) -> None:
        """Its transcript is no longer kept."""

    def as_json(self) -> dict[str, Any]:
        """Its ids, turn, status and timeline."""


class State:
    """What a world holds."""

    def __init__(self, settings: Object, hold_limit: float = HOLD_LIMIT) -> None:
        self.hold_limit = hold_limit
        self.changes = Changes()
        #: Newest first.
        self.scenarios: tuple[Scenario, ...] = ()
        #: The holds that were released, for turns that come to them later.
        self.open_holds: set[str] = set()
        #: The turns that are not at their end, and all turns, by the id of the run that plays them.
        self.active: dict[str, PlayedTurn] = {}
        self.turns: dict[str, PlayedTurn] = {}
        #: Turns whose transcripts are kept, oldest first, and the number of those that were dropped.
        self.with_transcript: deque[PlayedTurn] = deque()
        self.dropped_transcripts = 0
        #: Called when a turn comes to stand at a hold.
        self.on_held: list[Callable[[], None]] = []
        #: Called when the world is gone, by those who still wait for something in it.
        self.on_end: list[Callable[[], None]] = []
        self.problems: list[Problem] = []
        self.more_problems = 0
        #: What is accepted and should be known; each only once.
        self.warnings: list[Problem] = []
        #: Loose ends that only their moment shows.
        self.noted: list[LooseEnd] = []
        self.begin(settings)

    def begin(self, settings: Object) -> None:
        """Makes clock, ids and an empty store, by the settings."""
        start = settings.get("start")
        self.settings = settings
        self.clock: Clock = make_clock(settings.get("clock", "skip"), None if start is None else parse_instant(start))
        self.ids = Ids(settings.get("seed", 0))
        self.store = Store()
        self.shapes: Shape = settings.get("shapes", "wire")

    @property
    def now(self) -> int:
        """The second of the world's clock, since the epoch."""
        return int(self.clock.now())

    @property
    def unknown_models(self) -> set[str]:
        """Models that every API refuses, as a scenario says."""
        return self.store.unknown_models

    # ---- Turns ----

    def break_off(self, id: str) -> None:
        """The turn is gone, with the object that it was played on."""
        turn = self.active.pop(id, None)
        if turn is not None:
            turn.break_off()

    def keep_transcript(self, turn: PlayedTurn) -> None:
        """Keeps the transcript of a turn that begins; beyond ``MAX_TRANSCRIPTS`` the oldest one is dropped."""
        self.with_transcript.append(turn)
        if len(self.with_transcript) > MAX_TRANSCRIPTS:
            self.with_transcript.popleft().forget_transcript()
            self.dropped_transcripts += 1

    # ---- Indexing ----

    def indexing_outcome(self, file: Object) -> Outcome:
        """What indexing a file leads to: as a scenario says, or as the file's contents are."""
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
        """Keeps a problem; of those beyond ``MAX_PROBLEMS`` the number."""
        self.changes.mark()
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)
        else:
            self.more_problems += 1

    def warn(self, warning: Problem) -> None:
        """Keeps a warning, and logs it, unless it is known already."""
        if warning not in self.warnings and len(self.warnings) < MAX_PROBLEMS:
            self.warnings.append(warning)
            _LOG.warning("assistants-emulator: warning: %s", warning)

    def note(self, end: LooseEnd) -> None:
        """Keeps a loose end of this moment, once; of those beyond ``MAX_PROBLEMS`` none."""
        if end not in self.noted and len(self.noted) < MAX_PROBLEMS:
            self.noted.append(end)

    def report_exception(self, error: BaseException) -> None:
        """Keeps a fault of the emulator's own, with its traceback, or what the machine refused it; logs a line."""
        if isinstance(error, OSError):
            self.report(Problem("machine", f"the machine refused the emulator something: {error}"))
            _LOG.error("assistants-emulator: the machine refused the emulator something: %s", error)
            return
        text = "".join(traceback.format_exception(error)).rstrip()
        self.report(Problem("internal", f"the emulator failed, which is a bug in it:\n{text}"))
        _LOG.error("assistants-emulator: the emulator failed, which is a bug in it: %s; check() has more", _line(error))


def _line(error: BaseException) -> str:
    """An exception in one line, with the place that raised it."""
    where = traceback.extract_tb(error.__traceback__)[-1:]
    place = f" ({where[0].name}, {where[0].filename}:{where[0].lineno})" if where else ""
    return f"{shorten(' '.join(repr(error).split()), 300)}{place}"
