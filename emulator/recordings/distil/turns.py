"""Turns: scripted runs under the conditions that distinguish them.

The conditions are tested with the matcher that later selects the turn. A turn gets another condition only where it
would take a run that belongs to another turn.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import PurePath
from typing import Any, Final

import orjson

from emulator.base.json_types import Object
from emulator.recordings.distil.placeholders import has_placeholder, longest_piece, whole, without_placeholders
from emulator.recordings.distil.response_turns import ResponseTurn
from emulator.recordings.distil.run_ends import ScriptedRun
from emulator.recordings.distil.run_histories import RunHistory
from emulator.recordings.distil.schema_guess import either
from emulator.scenarios.conditions import Situation, first_mismatch

#: Keys beside a step that only some recordings show.
_DETAILS: Final = ("expect", "usage")
#: Characters of a message that a condition shows at most, and of a turn's name.
_PATTERN, _NAME = 160, 48
#: Characters of a piece of a message that can tell turns apart; if the first line has none, other lines are taken.
_TELLING: Final = 4


#: A run, or the responses of one turn.
Played = RunHistory | ResponseTurn


@dataclass(slots=True)
class TurnDraft:
    """A turn in the making, its runs, and the situations in which they were created."""

    script: ScriptedRun
    runs: list[Played]
    situations: list[Situation]
    when: Object = field(default_factory=dict)
    times: int | None = None
    name: str = ""

    @property
    def question(self) -> str:
        """The message of the user."""
        return self.situations[0].message if self.situations else ""

    @property
    def first_line(self) -> str:
        """The first line that is not blank."""
        return next((line.strip() for line in self.question.splitlines() if line.strip()), "")

    def as_data(self) -> Object:
        data: Object = {
            "name": self.name,
            "when": self.when,
            "times": self.times,
            "steps": self.script.steps,
            "usage": self.script.usage,
            "polls": self.script.polls,
            "cancel": self.script.cancel,
        }
        return {key: value for key, value in data.items() if value or key == "steps"}


def draft_turns(scripts: Sequence[tuple[Played, ScriptedRun]]) -> list[TurnDraft]:
    """Turns in the order of their first runs; runs with the same question and the same steps share a turn."""
    drafts: dict[Any, TurnDraft] = {}
    for key, (run_history, one) in zip(_keys(scripts), scripts, strict=True):
        if key in drafts:
            _join(drafts[key], run_history, one)
        else:
            drafts[key] = TurnDraft(one, [run_history], [run_history.situation] if run_history.situation else [])
    for draft in drafts.values():
        draft.when = _first_condition(draft)
    ordered = _ordered(list(drafts.values()))
    _distinguish(ordered)
    _give_names(ordered)
    return ordered


# ---- The same turn ----


def _keys(scripts: Sequence[tuple[Played, ScriptedRun]]) -> list[Any]:
    """A key for each run; runs with the same key share a turn.

    If all runs with one question have the same steps, the question is enough. If not, the assistant counts too, then
    the number of the run, then everything that a condition can test. Runs that are equal even then share a turn only
    if they follow each other: a run with other steps between them has to be played between them.
    """
    steps = [orjson.dumps(_without_details(one)) for _, one in scripts]
    levels = [_levels(run_history.situation) for run_history, _ in scripts]
    done: dict[Any, set[bytes]] = {}
    for level, step in ((level, step) for several, step in zip(levels, steps, strict=True) for level in several):
        done.setdefault(level, set()).add(step)
    latest: dict[Any, tuple[int, bytes]] = {}
    keys: list[Any] = []
    for several, step in zip(levels, steps, strict=True):
        level = next((level for level in several if len(done[level]) == 1), several[-1])
        number, before = latest.get(level, (0, step))
        latest[level] = (number + (before != step), step)
        keys.append((level, latest[level][0]))
    return keys


def _levels(situation: Situation | None) -> list[Any]:
    """Keys of a situation, from the most obvious difference to everything that a condition can test."""
    if situation is None:
        return [None]
    message = situation.message
    assistant = situation.assistant.get("name") or situation.instructions
    return [message, (message, assistant), (message, assistant, situation.run), _whole(situation)]


def _whole(situation: Situation) -> bytes:
    return orjson.dumps([
        situation.message, situation.run, situation.assistant.get("name"), situation.instructions, situation.model,
        sorted(set(situation.tools)), situation.metadata, situation.thread.get("metadata"),
    ], option=orjson.OPT_SORT_KEYS)  # fmt: skip


def _without_details(script: ScriptedRun) -> Any:
    """The steps without chunks and without the schemas of outputs."""
    return [script.cancel, *({kind: _uncut(kind, value) for kind, value in step.items() if kind not in _DETAILS}
                           for step in script.steps)]  # fmt: skip


def _uncut(kind: str, value: Any) -> Any:
    if kind == "code" and isinstance(value, list):
        return [_uncut(kind, one) for one in value]
    if kind not in ("say", "code") or not isinstance(value, dict):
        return value
    bare = {key: inner for key, inner in value.items() if key != "chunks"}
    return bare["text"] if set(bare) == {"text"} else bare


def _join(draft: TurnDraft, run_history: Played, script: ScriptedRun) -> None:
    """Adds a run to a turn. Details that only one run shows stay; a schema that both have becomes one for both."""
    draft.runs.append(run_history)
    draft.situations += [run_history.situation] if run_history.situation else []
    for number, (mine, other) in enumerate(zip(draft.script.steps, script.steps, strict=True)):
        expect = _both(mine.get("expect"), other.get("expect"))
        richer = max(mine, other, key=_detail)
        draft.script.steps[number] = {**richer, "expect": expect} if expect else richer
    draft.script.usage = draft.script.usage or script.usage
    polls = [one.polls["in_progress"] for one in (draft.script, script) if one.polls]
    draft.script.polls = {"in_progress": max(polls)} if polls else None


def _detail(step: Object) -> int:
    """The size of a step: the longer one has more details of the stream."""
    return len(orjson.dumps({key: value for key, value in step.items() if key != "expect"}))


def _both(mine: Object | None, other: Object | None) -> Object | None:
    if mine is None or other is None:
        return mine or other
    return {name: either(mine[name], other[name]) if name in mine and name in other else mine.get(name, other.get(name))
            for name in {**mine, **other}}  # fmt: skip


# ---- Conditions ----


def _first_condition(draft: TurnDraft) -> Object:
    """A condition on the first line of the question, short enough to read at a glance; none if it is unknown."""
    line = longest_piece(draft.first_line) if has_placeholder(draft.first_line) else draft.first_line
    if len(line) < _TELLING and has_placeholder(draft.question):
        line = max((longest_piece(one) for one in draft.question.splitlines()), key=len, default="")
    if not line:
        return {}
    return {"message": line if len(line) <= _PATTERN else line[:_PATTERN].rsplit(" ", 1)[0]}


def _ordered(drafts: list[TurnDraft]) -> list[TurnDraft]:
    """Of the turns with one question, the most specific come first: a condition can only test what exists.

    Turns come last whose question is not known, or nothing but a placeholder.
    """
    first: dict[str, int] = {}
    for number, draft in enumerate(drafts):
        first.setdefault(draft.question, number)
    specific = sorted(drafts, key=_specificity, reverse=True)
    return sorted(specific, key=lambda draft: (not draft.when, first[draft.question]))


def _specificity(draft: TurnDraft) -> tuple[bool, bool, int]:
    """How much a condition can test, the most important first."""
    if not draft.situations:
        return False, False, 0
    one = draft.situations[0]
    parts = len(set(one.tools)) + len(one.metadata) + len(one.thread.get("metadata") or {})
    return bool(one.assistant.get("name")), bool(one.instructions), parts


def _distinguish(drafts: list[TurnDraft]) -> None:
    """Adds conditions so that no turn takes a run of a later one: the first turn that fits is played."""
    nearby = _Nearby(drafts)
    unknown = max((n for n, draft in enumerate(drafts) if not draft.situations), default=-1)
    for number, draft in enumerate(drafts):
        for last, situation in nearby.of(draft):
            if last > number and first_mismatch(draft.when, situation) is None:
                _exclude(draft, situation)
        if number < unknown:  # a later turn has no known question: only a count can end this one
            draft.times = len(draft.runs)


class _Nearby:
    """Finds the situations whose message contains some words, by one search in the text of all messages.

    Situations that no condition distinguishes are in it once, with the number of their last draft.
    """

    def __init__(self, drafts: list[TurnDraft]) -> None:
        found = {_whole(one): (number, one) for number, draft in enumerate(drafts) for one in draft.situations}
        self._situations = list(found.values())
        folded = [situation.message.casefold() for _, situation in self._situations]
        self._text = "\0".join(folded)
        self._starts = list(accumulate((len(one) + 1 for one in folded), initial=0))[: len(folded)]

    def of(self, draft: TurnDraft) -> Iterator[tuple[int, Situation]]:
        """The situations that the draft's condition could fit, each with the number of its draft."""
        question = draft.when.get("message")
        if not isinstance(question, str):
            yield from self._situations
            return
        at, question = -1, question.casefold()
        while (at := self._text.find(question, at + 1)) >= 0:
            place = bisect_right(self._starts, at) - 1
            yield self._situations[place]
            if place + 1 == len(self._starts):
                return
            at = self._starts[place + 1] - 1


def _exclude(draft: TurnDraft, other: Situation) -> None:
    """Adds the first condition that all runs of the turn fit and the other does not; if there is none, a count."""
    for key, expected in _candidates(draft.situations[0]) if draft.situations else ():
        condition = {key: expected}
        if first_mismatch(condition, other) is not None and all(
            first_mismatch(condition, own) is None for own in draft.situations
        ):
            draft.when = {**draft.when, **condition}
            return
    draft.times = len(draft.runs)


def _candidates(own: Situation) -> Iterator[tuple[str, Any]]:
    """Conditions that fit a run, the most telling first."""
    if own.message:
        yield "message", whole(own.message)
    if own.assistant.get("name") and not has_placeholder(own.assistant["name"]):
        yield "assistant", own.assistant["name"]
    if own.tools and not has_placeholder(own.tools):
        yield "tools", own.tools
    yield "run", own.run
    if own.instructions:
        yield "instructions", whole(own.instructions)
    yield "model", {"equals": own.model}
    if metadata := without_placeholders(own.metadata):
        yield "metadata", metadata
    if metadata := without_placeholders(own.thread.get("metadata")):
        yield "thread", {"metadata": metadata}


class Conditions:
    """Finds the condition of the turn that a request belongs to, by its situation."""

    def __init__(self, drafts: list[TurnDraft]) -> None:
        self._known = [(folded(draft.when), draft.when) for draft in drafts if draft.when]

    def of(self, situation: Situation) -> Object:
        """The condition of the turn that would be played; the whole message where no turn fits."""
        question = situation.message.casefold()
        for part, when in self._known:
            if part in question and first_mismatch(when, situation) is None:
                return when
        return {"message": whole(situation.message)} if situation.message else {}


def folded(when: Object) -> str:
    """The folded words that a message has to contain."""
    question = when.get("message", "")
    return (question if isinstance(question, str) else question.get("equals", "")).casefold()


# ---- Names ----

_PLAIN: Final = " .,:;!?"


def _named_by(draft: TurnDraft) -> str:
    """The words after which a turn is named: the first line of its question, without placeholders."""
    return longest_piece(draft.first_line) if has_placeholder(draft.first_line) else draft.first_line


def _file_of(draft: TurnDraft) -> str:
    """The words of the name of the recording that the turn is from."""
    source = PurePath(draft.runs[0].created_by.exchange.source) if draft.runs else PurePath()
    return re.sub(r"[\W_]+", " ", source.name.partition(".")[0]).strip()[:_NAME]


def _give_names(drafts: list[TurnDraft]) -> None:
    """Names each turn after the first words of its question, with a number where they are taken."""
    taken: set[str] = set()
    counts: Counter[str] = Counter()
    files = [_file_of(draft) for draft in drafts]
    questions = Counter(_named_by(draft) for draft in drafts)
    for number, draft in enumerate(drafts):
        name = ""
        for word in _named_by(draft).split():
            if len(name) + len(word) >= _NAME:
                break
            name = f"{name} {word}".strip()
        if files[number] and len(set(files)) > 1 and (questions[_named_by(draft)] > 1 or not name):
            name = files[number]  # it tells more than a number
        draft.name = name = name.strip(_PLAIN) or f"run {number + 1}"
        while draft.name in taken:
            counts[name] += 1
            draft.name = f"{name} ({counts[name] + 1})"
        taken.add(draft.name)
