"""The parity report: what was compared, what differs, and what has no equivalent; as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from emulator.base.json_types import Object
from emulator.base.text import plural
from emulator.parity.comparing import APIS, NEITHER, ComparedTurn, Difference
from emulator.parity.values import LABEL, shown_pair

#: Characters of the column of Assistants; a longer value takes a line of its own.
_COLUMN: Final = 27


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing that both APIs have run. ``name`` is that of a test, empty if the turn's is enough.

    ``only``: the one API that has it, or ``NEITHER``, for the reason ``why``; empty if both have.
    """

    turns: Sequence[ComparedTurn]
    name: str = ""
    only: str = ""
    why: str = ""

    @property
    def is_same(self) -> bool:
        return not self.only and all(turn.is_same for turn in self.turns)

    def lines(self) -> list[str]:
        """The turns that differ, a block for each; none if all are the same."""
        return [line for turn in self.turns if not turn.is_same for line in _turn_lines(self.name, turn)]

    @property
    def only_on(self) -> str:
        """As ``only``, and for a single turn without a name the one API that has played it."""
        return self.only or (self.turns[0].only if len(self.turns) == 1 and not self.name else "")

    def remarks(self) -> Iterator[tuple[str, str]]:
        """What is no difference, but to be said: a heading and a reason each."""
        if not (self.turns or self.only):
            yield "nothing to compare", "no turn was played"
        for turn in self.turns:
            if turn.no_equivalent:
                yield "no equivalent", turn.no_equivalent
            elif turn.responses:
                yield from (("in another form", note) for note in turn.responses.notes)
            if allowed := [difference.field for difference in turn.differences if difference.allowed]:
                yield "differs as allowed", ", ".join(allowed)

    def label(self) -> str:
        """The name, or that of its turn."""
        return self.name or (_turn_label(self.turns[0]) if self.turns else "")


@dataclass(frozen=True, slots=True)
class ParityReport:
    """All that was compared. ``noun``: what one comparison is about, ``test`` or ``turn``."""

    comparisons: Sequence[Comparison]
    noun: str = "turn"

    @property
    def is_same(self) -> bool:
        return all(one.is_same for one in self.comparisons)

    @property
    def _only(self) -> list[Comparison]:
        return [one for one in self.comparisons if one.only_on]

    @property
    def _different(self) -> list[Comparison]:
        return [one for one in self.comparisons if not one.is_same and not one.only_on]

    def __str__(self) -> str:
        """A line that counts, a block for each turn that differs, then what is said once."""
        lines = [self.headline(), *(f"  {line}" for one in self._different for line in one.lines())]
        for one in self._only:
            why = f" ({one.why})" if one.why else ""
            lines.append(f"{_on(one.only_on)}: {one.label()}{why}")
            lines += [f"  {line}" for line in one.lines()] if one.name else []
        for (heading, reason), where in self._said_once().items():
            lines.append(f"{heading}: {', '.join(where)} ({reason})")
        return "\n".join(lines)

    def headline(self) -> str:
        """``parity: 14 tests on both APIs: 11 the same, 2 differ, 1 on assistants only``."""
        different, same = len(self._different), sum(one.is_same for one in self.comparisons)
        counts = [f"{same} the same"]
        if different:
            counts.append(f"{different} {'differs' if different == 1 else 'differ'}")
        for api in (*APIS, NEITHER):
            if number := sum(one.only_on == api for one in self._only):
                counts.append(f"{number} {_on(api)}")
        return f"parity: {plural(len(self.comparisons), self.noun)} on both APIs: {', '.join(counts)}"

    def _said_once(self) -> dict[tuple[str, str], list[str]]:
        """What has no equivalent, what has another form and what may differ: heading and reason, with the names."""
        found: dict[tuple[str, str], dict[str, None]] = {}
        for one in self.comparisons:
            for said in one.remarks():
                found.setdefault(said, {})[one.label()] = None
        return {said: list(names) for said, names in found.items()}

    def as_json(self) -> Object:
        """The report without secrets."""
        from emulator.base.secrets.texts import redact_value

        return {
            "ok": self.is_same,
            "same": sum(one.is_same for one in self.comparisons),
            "different": len(self._different),
            "only": {api: sum(one.only_on == api for one in self._only) for api in (*APIS, NEITHER)},
            f"{self.noun}s": [redact_value(_as_json(one)) for one in self.comparisons],
        }


def _on(api: str) -> str:
    return f"on {api}" if api == NEITHER else f"on {api} only"


# ---- A turn ----


def _turn_label(turn: ComparedTurn) -> str:
    place = f" ({turn.known.place})" if turn.known.place else ""
    return f"turn {turn.known.turn!r}{place}"


def _turn_lines(name: str, turn: ComparedTurn) -> Iterator[str]:
    only = f"   on {turn.only} only" if turn.only else ""
    yield "   ".join(filter(None, [name, _turn_label(turn)])) + only
    if turn.assistants is None or turn.responses is None:
        return
    different = {one.field: one for one in turn.differences}
    if "text" not in different:
        yield f"  {'text':<{LABEL}}same"
    for one in different.values():
        yield from _difference_lines(one, turn)
    carried = turn.responses.carried
    if carried and carried["missing"]:
        parts, missing = ", ".join(carried["parts"]) or "nothing", f"not: {', '.join(carried['missing'])}"
        yield from _row("carried", parts, missing, names=("", ""))


def _difference_lines(one: Difference, turn: ComparedTurn) -> Iterator[str]:
    old, new = shown_pair(one.field, one.assistants, one.responses)
    reason = _reason(one, turn)
    yield from _row(one.field, old, f"{new}{f': {reason}' if reason else ''}", " (allowed)" if one.allowed else "")


def _row(
    field: str, old: str, new: str, end: str = "", names: tuple[str, str] = ("assistants  ", "responses   ")
) -> Iterator[str]:
    """A field with two values beside each other, or below each other behind these names."""
    if len(old) <= _COLUMN:
        yield f"  {field:<{LABEL}}{old:<{_COLUMN}} {new}{end}"
    else:
        yield f"  {field:<{LABEL}}{names[0]}{old}"
        yield f"  {'':<{LABEL}}{names[1]}{new}{end}"


#: The part of a configuration without which a field stays empty, and how a sentence calls it.
_NEEDED: Final = {
    "citations": ("tools.file_search", "file_search tool"),
    "searched": ("tools.file_search", "file_search tool"),
    "files": ("tools.code_interpreter", "code_interpreter tool"),
}


def _reason(one: Difference, turn: ComparedTurn) -> str:
    """Why Responses has nothing here, if the request lacked what it takes."""
    carried = turn.responses.carried if turn.responses else None
    if one.responses or not carried:
        return ""
    if one.field in _NEEDED:
        part, name = _NEEDED[one.field]
        return f"the request had no {name}" if part in carried["missing"] else ""
    called = [f"function {call.get('name')}" for call in one.assistants] if one.field == "calls" else []
    lacking = [part for part in dict.fromkeys(called) if part in carried["missing"]]
    return f"the request had no {', '.join(lacking)}" if lacking else ""


# ---- JSON ----


def _as_json(one: Comparison) -> Object:
    named: Object = {"name": one.name} if one.name else {}
    only: Object = {"only": one.only, "why": one.why} if one.only else {}
    if one.name:
        return {**named, "same": one.is_same, **only, "turns": [_turn_as_json(turn) for turn in one.turns]}
    return _turn_as_json(one.turns[0])


def _turn_as_json(turn: ComparedTurn) -> dict[str, Any]:
    return {
        "turn": turn.known.turn,
        "place": turn.known.place,
        "same": turn.is_same,
        "only": turn.only or None,
        "no_equivalent": turn.no_equivalent or None,
        "differences": [one._asdict() for one in turn.differences],
        "carried": turn.responses.carried if turn.responses else None,
    }
