"""What a proof found: the responses that are the same, those that differ, and the requests that it could not replay."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from emulator.base.json_types import Object
from emulator.base.text import plural
from emulator.recordings.proof.comparing import ACCOUNT, CONTENT, ERROR, EVENTS, STATUS, Difference

#: The kind of a gap that ``--allow`` accepts besides those of differences.
UNPLAYED: Final = "unplayed"
#: Kinds of differences that make the response another one.
_OTHER: Final = frozenset({STATUS, ERROR, EVENTS, CONTENT})
#: Differences of one response that its line shows.
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Compared:
    """A request that was replayed, in words, and how its response differs from the recorded one."""

    request: str
    differences: tuple[Difference, ...] = ()

    def __str__(self) -> str:
        shown = "; ".join(map(str, self.differences[:_SHOWN]))
        more = len(self.differences) - _SHOWN
        return f"{self.request}: {shown}" + (f"; and {plural(more, 'more difference')}" if more > 0 else "")


class Unplayed(NamedTuple):
    """A request that could not be replayed, in words, and why."""

    request: str
    why: str

    def __str__(self) -> str:
        return f"{self.request}: not played, as {self.why}"


@dataclass(slots=True)
class Proof:
    """What a replay of the recorded requests showed.

    ``allowed``: kinds of differences that the user accepts; ``unplayed`` is a kind of them too.
    """

    compared: list[Compared] = field(default_factory=list)
    unplayed: list[Unplayed] = field(default_factory=list)
    allowed: frozenset[str] = frozenset()

    @property
    def played(self) -> int:
        return len(self.compared)

    @property
    def alike(self) -> int:
        """How many responses are the same."""
        return sum(not one.differences for one in self.compared)

    @property
    def alike_but_for_the_account(self) -> int:
        """How many responses differ only where the service chose by the account or the model."""
        return sum(bool(one.differences) and not _own(one) for one in self.compared)

    @property
    def but_for(self) -> list[Compared]:
        """The responses that are the same but for some fields of their own."""
        return [one for one in self.compared if (own := _own(one)) and not _OTHER & {each.kind for each in own}]

    @property
    def differences(self) -> list[str]:
        """The differences in words, without those of allowed kinds."""
        left = (Compared(one.request, tuple(each for each in _own(one) if each.kind not in self.allowed))
                for one in self.compared)  # fmt: skip
        return [str(one) for one in left if one.differences]

    @property
    def holds(self) -> bool:
        """True if every request was played, and every response was the same but for what is allowed."""
        return not self.differences and (not self.unplayed or UNPLAYED in self.allowed)

    @property
    def fields(self) -> list[str]:
        """The kinds of the differences, the most frequent first."""
        kinds = Counter(kind for one in self.but_for for kind in dict.fromkeys(each.kind for each in _own(one)))
        return [kind for kind, _ in kinds.most_common()]

    def summary(self) -> str:
        """``proof: 5 of 7 responses are the same; 1 is the same but for metadata; 1 differs; 2 requests not played``"""
        if not self.played:
            words = ["no request can be replayed"]
        else:
            words = [
                f"{self.alike} of {plural(self.played, 'response')} {'is' if self.played == 1 else 'are'} the same"
            ]
        nearly = len(self.but_for)
        if by_account := self.alike_but_for_the_account:
            words.append(f"{by_account} {'is' if by_account == 1 else 'are'} the same but for {ACCOUNT}")
        if nearly:
            verb = "is" if nearly == 1 else "are"
            words.append(f"{nearly} {verb} the same but for {', '.join(self.fields)}")
        if other := self.played - self.alike - by_account - nearly:
            words.append(f"{other} {'differs' if other == 1 else 'differ'}")
        if self.unplayed:
            words.append(f"{plural(len(self.unplayed), 'request')} not played")
        return f"proof: {'; '.join(words)}"

    def as_json(self) -> Object:
        return {
            "played": self.played,
            "alike": self.alike,
            "holds": self.holds,
            "differences": [
                {"request": one.request, **each._asdict(), "allowed": each.kind in (*self.allowed, ACCOUNT)}
                for one in self.compared
                for each in one.differences
            ],
            "unplayed": [one._asdict() for one in self.unplayed],
        }


def _own(compared: Compared) -> tuple[Difference, ...]:
    """The differences that are not of the account's settings."""
    return tuple(one for one in compared.differences if one.kind != ACCOUNT)
