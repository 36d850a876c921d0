"""Turns: the stories of runs under the conditions that tell them apart.

The conditions are tried out with the matcher that will choose among them: a turn gets more of them only where it would
take a run that another turn is for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final

import orjson

from emulator.base.json_types import Object
from emulator.recordings.distil.run_histories import Story
from emulator.recordings.distil.schema_guess import either
from emulator.recordings.distil.steps import Told
from emulator.scenarios.conditions import Situation, first_mismatch

#: Characters of a message that a condition shows at most, and of a turn's name.
_PATTERN, _NAME = 160, 48


@dataclass(slots=True)
class Draft:
    """A turn in the making, the runs that it is for, and the situations in which they were asked."""

    told: Told
    stories: list[Story]
    situations: list[Situation]
    when: Object = field(default_factory=dict)
    times: int | None = None
    name: str = ""

    @property
    def words(self) -> str:
        """What the user said."""
        return self.situations[0].message if self.situations else ""

    @property
    def first_line(self) -> str:
        """Of those with anything in them."""
        return next((line.strip() for line in self.words.splitlines() if line.strip()), "")

    def as_data(self) -> Object:
        said: Object = {
            "name": self.name,
            "when": self.when,
            "times": self.times,
            "steps": self.told.steps,
            "usage": self.told.usage,
            "polls": self.told.polls,
            "cancel": self.told.cancel,
        }
        return {key: value for key, value in said.items() if value or key == "steps"}


def drafts(told: list[tuple[Story, Told]]) -> list[Draft]:
    """Turns in the order of what was first asked; runs that were asked the same and did the same share one."""
    made: dict[Any, Draft] = {}
    for key, (story, one) in zip(_keys(told), told, strict=True):
        if key in made:
            _join(made[key], story, one)
        else:
            made[key] = Draft(one, [story], [story.situation] if story.situation else [])
    ordered = _ordered(list(made.values()))
    for draft in ordered:
        draft.when = _first_condition(draft)
    _tell_apart(ordered)
    _give_names(ordered)
    return ordered


# ---- The same turn ----


def _keys(told: list[tuple[Story, Told]]) -> list[Any]:
    """What runs have in common that share a turn.

    If all that were asked the same did the same, nothing else counts; else the assistant, then the run's number, then
    all that conditions can tell apart. Where even that is the same only those share one that followed each other: what
    came between them is to be played between them.
    """
    acts = [orjson.dumps(_bare(one)) for _, one in told]
    levels = [_levels(story.situation) for story, _ in told]
    done: dict[Any, set[bytes]] = {}
    for level, act in ((level, act) for several, act in zip(levels, acts, strict=True) for level in several):
        done.setdefault(level, set()).add(act)
    latest: dict[Any, tuple[int, bytes]] = {}
    keys: list[Any] = []
    for several, act in zip(levels, acts, strict=True):
        level = next((level for level in several if len(done[level]) == 1), several[-1])
        number, before = latest.get(level, (0, act))
        latest[level] = (number + (before != act), act)
        keys.append((level, latest[level][0]))
    return keys


def _levels(situation: Situation | None) -> list[Any]:
    """From what a person tells situations apart by to all that conditions can."""
    if situation is None:
        return [None]
    asked = situation.message
    assistant = situation.assistant.get("name") or situation.instructions
    return [asked, (asked, assistant), (asked, assistant, situation.run), _whole(situation)]


def _whole(situation: Situation) -> bytes:
    return orjson.dumps([
        situation.message, situation.run, situation.assistant.get("name"), situation.instructions, situation.model,
        sorted(set(situation.tools)), situation.metadata, situation.thread.get("metadata"),
    ], option=orjson.OPT_SORT_KEYS)  # fmt: skip


def _bare(told: Told) -> Any:
    """What was done, without how it was cut and what was expected of the client."""
    return [told.cancel, *({verb: _uncut(verb, value) for verb, value in act.items() if verb != "expect"}
                           for act in told.steps)]  # fmt: skip


def _uncut(verb: str, value: Any) -> Any:
    if verb == "code" and isinstance(value, list):
        return [_uncut(verb, one) for one in value]
    if verb not in ("say", "code") or not isinstance(value, dict):
        return value
    bare = {key: inner for key, inner in value.items() if key != "chunks"}
    return bare["text"] if set(bare) == {"text"} else bare


def _join(draft: Draft, story: Story, told: Told) -> None:
    """One more run of a turn. What only one of them shows stays, what both expect has to fit both."""
    draft.stories.append(story)
    draft.situations += [story.situation] if story.situation else []
    for number, (mine, other) in enumerate(zip(draft.told.steps, told.steps, strict=True)):
        expect = _both(mine.get("expect"), other.get("expect"))
        richer = max(mine, other, key=_detail)
        draft.told.steps[number] = {**richer, "expect": expect} if expect else richer
    draft.told.usage = draft.told.usage or told.usage
    looks = [one.polls["in_progress"] for one in (draft.told, told) if one.polls]
    draft.told.polls = {"in_progress": max(looks)} if looks else None


def _detail(act: Object) -> int:
    """How much a step tells of how it was cut."""
    return len(orjson.dumps({key: value for key, value in act.items() if key != "expect"}))


def _both(mine: Object | None, other: Object | None) -> Object | None:
    if mine is None or other is None:
        return mine or other
    return {name: either(mine[name], other[name]) if name in mine and name in other else mine.get(name, other.get(name))
            for name in {**mine, **other}}  # fmt: skip


# ---- Conditions ----


def _first_condition(draft: Draft) -> Object:
    """The user's words, if any are known: a part of them that can be read at a glance."""
    line = draft.first_line
    if not line:
        return {}
    return {"message": line if len(line) <= _PATTERN else line[:_PATTERN].rsplit(" ", 1)[0]}


def _ordered(made: list[Draft]) -> list[Draft]:
    """Of those that were asked the same, the most special first: a condition can only ask for what is there.

    Last are those of which nobody knows what was asked.
    """
    first: dict[str, int] = {}
    for number, draft in enumerate(made):
        first.setdefault(draft.words, number)
    special = sorted(made, key=_special, reverse=True)
    return sorted(special, key=lambda draft: (not draft.words, first[draft.words]))


def _special(draft: Draft) -> tuple[bool, bool, int]:
    """How much there is to ask for, what is asked first first."""
    if not draft.situations:
        return False, False, 0
    one = draft.situations[0]
    parts = len(set(one.tools)) + len(one.metadata) + len(one.thread.get("metadata") or {})
    return bool(one.assistant.get("name")), bool(one.instructions), parts


def _tell_apart(made: list[Draft]) -> None:
    """The first turn that fits is played: none may take a run that a later one is for."""
    nearby = _Nearby(made)
    unknown = max((n for n, draft in enumerate(made) if not draft.situations), default=-1)
    for number, draft in enumerate(made):
        for last, situation in nearby.of(draft):
            if last > number and first_mismatch(draft.when, situation) is None:
                _exclude(draft, situation)
        if number < unknown:  # nothing is known of a later one: only a count can end this turn
            draft.times = len(draft.stories)


class _Nearby:
    """Finds situations whose message has some words in it: one text of all of them, searched at once.

    Those that no condition tells apart are there once, with the number of the last draft that has them.
    """

    def __init__(self, made: list[Draft]) -> None:
        found = {_whole(one): (number, one) for number, draft in enumerate(made) for one in draft.situations}
        self._situations = list(found.values())
        folded = [situation.message.casefold() for _, situation in self._situations]
        self._text = "\0".join(folded)
        self._starts = list(accumulate((len(one) + 1 for one in folded), initial=0))[: len(folded)]

    def of(self, draft: Draft) -> Iterator[tuple[int, Situation]]:
        """Those that the draft's condition could fit."""
        words = draft.when.get("message")
        if not isinstance(words, str):
            yield from self._situations
            return
        at, words = -1, words.casefold()
        while (at := self._text.find(words, at + 1)) >= 0:
            place = bisect_right(self._starts, at) - 1
            yield self._situations[place]
            if place + 1 == len(self._starts):
                return
            at = self._starts[place + 1] - 1


def _exclude(draft: Draft, other: Situation) -> None:
    """Adds the first condition that the turn's own runs fit, and the other does not; else counts."""
    for key, expected in _candidates(draft.situations[0]) if draft.situations else ():
        condition = {key: expected}
        if first_mismatch(condition, other) is not None and all(
            first_mismatch(condition, own) is None for own in draft.situations
        ):
            draft.when = {**draft.when, **condition}
            return
    draft.times = len(draft.stories)


def _candidates(own: Situation) -> Iterator[tuple[str, Any]]:
    """Conditions that fit a run, those that say most first."""
    if own.message:
        yield "message", {"equals": own.message}
    if own.assistant.get("name"):
        yield "assistant", own.assistant["name"]
    if own.tools:
        yield "tools", own.tools
    yield "run", own.run
    if own.instructions:
        yield "instructions", {"equals": own.instructions}
    yield "model", {"equals": own.model}
    if own.metadata:
        yield "metadata", own.metadata
    if own.thread.get("metadata"):
        yield "thread", {"metadata": own.thread["metadata"]}


class Conditions:
    """Of which turn a request was, by its situation."""

    def __init__(self, made: list[Draft]) -> None:
        self._known = [(folded(draft.when), draft.when) for draft in made if draft.when]

    def of(self, situation: Situation) -> Object:
        """That of the turn that would be played; the words themselves where there is none."""
        words = situation.message.casefold()
        for part, when in self._known:
            if part in words and first_mismatch(when, situation) is None:
                return when
        return {"message": {"equals": situation.message}} if situation.message else {}


def folded(when: Object) -> str:
    """Words that a message has to have in it."""
    words = when.get("message", "")
    return (words if isinstance(words, str) else words["equals"]).casefold()


# ---- Names ----

_PLAIN: Final = " .,:;!?"


def _give_names(made: list[Draft]) -> None:
    """The first words of what was asked; a number where others have the same."""
    taken: set[str] = set()
    counts: Counter[str] = Counter()
    for number, draft in enumerate(made):
        name = ""
        for word in draft.first_line.split():
            if len(name) + len(word) >= _NAME:
                break
            name = f"{name} {word}".strip()
        draft.name = name = name.strip(_PLAIN) or f"run {number + 1}"
        while draft.name in taken:
            counts[name] += 1
            draft.name = f"{name} ({counts[name] + 1})"
        taken.add(draft.name)
