"""Compares the transcripts of two APIs: which turns a user of the application would notice to differ, and where.

Two transcripts are equal when all ``FIELDS`` are. What has no equivalent on the other API is no difference: it is said
once, with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from emulator.base.text import did_you_mean
from emulator.control.records import Transcript

ASSISTANTS: Final = "assistants"
RESPONSES: Final = "responses"
APIS: Final = (ASSISTANTS, RESPONSES)
#: In place of the one API that has something, if none has.
NEITHER: Final = "neither"

#: What is compared, by the name that reports and the marker's ``parity`` give it.
FIELDS: Final[dict[str, Callable[[Transcript], Any]]] = {
    "turn": lambda one: one.turn,
    "question": lambda one: one.question,
    "text": lambda one: list(one.texts),
    "refusal": lambda one: one.refusal,
    "calls": lambda one: list(one.calls),
    "files": lambda one: list(one.files),
    "citations": lambda one: list(one.citations),
    "searched": lambda one: list(one.searched),
    "ended": lambda one: one.ended,
}
_NO_EXPIRY: Final = "expire: a response does not expire"


class Difference(NamedTuple):
    """A field that differs. ``allowed``: the test says that it may."""

    field: str
    assistants: Any
    responses: Any
    allowed: bool = False


@dataclass(frozen=True, slots=True)
class ComparedTurn:
    """A turn on both APIs, or on one if the other transcript is None.

    ``no_equivalent``: why a part of it cannot be the same; empty if all can.
    """

    assistants: Transcript | None
    responses: Transcript | None
    differences: tuple[Difference, ...] = ()
    no_equivalent: str = ""

    @property
    def only(self) -> str:
        """The one API that has the turn; empty if both have."""
        return RESPONSES if self.assistants is None else ASSISTANTS if self.responses is None else ""

    @property
    def is_same(self) -> bool:
        return not self.only and all(one.allowed for one in self.differences)

    def without(self, field: str) -> ComparedTurn:
        """The same turn, where a field is of no account."""
        return replace(self, differences=tuple(one for one in self.differences if one.field != field))

    @property
    def known(self) -> Transcript:
        """The transcript that names the turn: the older API's, if it has one."""
        found = self.assistants or self.responses
        assert found is not None
        return found


def compare(
    assistants: Sequence[Transcript], responses: Sequence[Transcript], allowed: Collection[str] = ()
) -> list[ComparedTurn]:
    """The turns of both APIs side by side, in their order. ``allowed``: the fields that may differ.

    Turns are paired by their names in order; between two pairs, the others are paired by their positions.
    """
    return [
        ComparedTurn(old, new) if old is None or new is None else _compared(old, new, allowed)
        for old, new in _pairs(assistants, responses)
    ]


def allowed_fields(text: str) -> list[str]:
    """The names of fields in a text such as ``"text,calls"``. Raises ValueError for an unknown one."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in FIELDS:
            raise ValueError(
                f"there is no field {name!r}; the fields are: {', '.join(FIELDS)}{did_you_mean(name, FIELDS)}"
            )
    return names


def _pairs(
    assistants: Sequence[Transcript], responses: Sequence[Transcript]
) -> Iterator[tuple[Transcript | None, Transcript | None]]:
    old, new = ([one.turn for one in side] for side in (assistants, responses))
    for _, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield from zip_longest(assistants[first:last], responses[start:end])


def _compared(old: Transcript, new: Transcript, allowed: Collection[str]) -> ComparedTurn:
    expires = (old.ended == "expired") != (new.ended == "expired")
    differences = tuple(
        Difference(name, before, after, name in allowed)
        for name, read in FIELDS.items()
        if (before := read(old)) != (after := read(new)) and not (expires and _is_of_expiry(name, before, after))
    )
    return ComparedTurn(old, new, differences, _NO_EXPIRY if expires else "")


def _is_of_expiry(field: str, before: Any, after: Any) -> bool:
    """True for a difference that comes of a run that has expired, while the response in its place went on."""
    if field == "calls":
        after = [{**new, "output": old.get("output")} for old, new in zip(before, after, strict=False)]
    return field == "ended" or (isinstance(before, list) and before == after[: len(before)])
