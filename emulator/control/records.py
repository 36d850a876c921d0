"""What a world tells of the past: requests, runs with their timelines, transcripts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """A request that the emulator has answered.

    ``operation`` is the API's operationId in snake_case (None for an unknown URL), ``json`` the parsed body, ``answer``
    the parsed response (for a stream a list of ``{"event", "data"}``), ``time`` the second of the world's clock.
    ``moved``: a poll that changed its run. ``repeats``: the number of equal polls after it that changed nothing.
    ``seq``: its number in its world. ``object_id``, ``text``: what it is about. ``file``, ``line``: of its turn.
    ``baseline``: it was sent before the test, and led to the baseline: at import time, or by a fixture of wider scope.
    """

    operation: str | None
    method: str
    path: str
    query: dict[str, Any]
    headers: dict[str, str]
    json: Any
    status: int
    answer: Any
    thread_id: str | None
    run_id: str | None
    turn: str | None
    fault: str | None
    time: int
    moved: bool
    repeats: int
    seq: int = field(default=0, compare=False)
    object_id: str | None = None
    text: str = ""
    file: str | None = None
    line: int | None = None
    baseline: bool = False


class TimelineEvent(str):
    """An event of a run: its name as text, with attributes.

    ``time``: the second of the world's clock. ``times``: the number of deltas in a row, 1 for any other event.
    ``object_id``: what the event is about. ``text``: what the model does, in a few words. ``line``: that of the step.
    """

    __slots__ = ("line", "object_id", "text", "time", "times")

    time: int
    times: int
    object_id: str | None
    text: str
    line: int | None

    def __new__(
        cls, event: str, time: int, times: int, object_id: str | None = None, text: str = "", line: int | None = None
    ) -> TimelineEvent:
        made = super().__new__(cls, event)
        made.time, made.times = time, times
        made.object_id, made.text, made.line = object_id, text, line
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        """The arguments of ``__new__``, for copies and pickles."""
        return str(self), self.time, self.times, self.object_id, self.text, self.line


@dataclass(frozen=True, slots=True)
class Run:
    """A turn that the emulator has played: a run, or the responses in its place.

    ``timeline``: its events in order, each equal to its name. ``responses``: the ids of the responses in their order,
    none of a run; ``id`` is then that of the first, ``thread_id`` that of the conversation or of the chain's beginning.

    ``str(run)`` is the same as text, for golden files: without ids, in world seconds since the run's first event.
    """

    id: str
    thread_id: str
    turn: str
    status: str
    timeline: tuple[TimelineEvent, ...]
    responses: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The turn and the status, then a line for each event."""
        return "\n".join([f"turn {self.turn!r}: {self.status}", *self.event_lines()])

    def event_lines(self) -> list[str]:
        """A line for each event: the seconds since the first event, the name, and the number in a row."""
        start = self.timeline[0].time if self.timeline else 0
        return [
            f"  {f'+{event.time - start}s':>5} {event}{f' ×{event.times}' if event.times > 1 else ''}"
            for event in self.timeline
        ]


@dataclass(frozen=True, slots=True)
class Transcript:
    """What the user of an application would notice of a turn; the same on both APIs, or something got lost.

    ``place``: the scenario's file and line. ``api``: ``assistants`` or ``responses``. ``texts`` have no markers of
    citations, which ``citations`` names by file. ``calls``: dicts with name, parsed arguments and output (None while it
    is awaited), or ``{"refused": code}`` for a request that was refused while calls waited. ``files``: dicts with name
    and sha256. ``searched``: ids of vector stores. ``ended``: the status, with the error's code or the reason behind a
    colon. ``carried``: on Responses the given assistant whose configuration the requests carry, as ``{"assistant",
    "parts", "missing"}``; else None. ``usage``: the tokens of the whole turn, None if it has none.
    """

    turn: str
    place: str | None
    api: str
    question: str
    texts: tuple[str, ...]
    refusal: str | None
    calls: tuple[dict[str, Any], ...]
    files: tuple[dict[str, Any], ...]
    citations: tuple[str, ...]
    searched: tuple[str, ...]
    ended: str
    carried: dict[str, Any] | None
    usage: dict[str, int] | None
    notes: tuple[str, ...]

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Transcript:
        values: dict[str, Any] = {key: tuple(one) if isinstance(one, list) else one for key, one in value.items()}
        return cls(**values)

    def as_json(self) -> dict[str, Any]:
        values = {key: getattr(self, key) for key in self.__slots__}
        return {key: list(one) if isinstance(one, tuple) else one for key, one in values.items()}
