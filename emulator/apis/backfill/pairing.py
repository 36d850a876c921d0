"""Finds the message of a conversation that each message of a thread has become."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Final

from emulator.apis.backfill.records import MessageRecord

#: Positions of messages of the thread, and of the conversation, that are not paired yet.
_Gap = tuple[list[int], list[int]]

#: How a changed message is found, the surest way first: with another role, with another text, by its place.
_CHANGED: Final[tuple[Callable[[MessageRecord], Hashable], ...]] = (
    lambda message: message.text,
    lambda message: message.role,
    lambda message: None,
)


def _unchanged(message: MessageRecord) -> Hashable:
    return message.role, message.text


@dataclass(slots=True)
class Pairing:
    """Positions (from 0) of messages that belong together, and of those that have no counterpart.

    ``is_reordered``: unchanged messages stand in another order.
    """

    pairs: list[tuple[int, int]] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    extra: list[int] = field(default_factory=list)
    is_reordered: bool = False


def pair(old: Sequence[MessageRecord], new: Sequence[MessageRecord]) -> Pairing:
    """Pairs messages with the same role and text first, in order and then out of order; then those that changed."""
    old_keys, new_keys = (list(map(_unchanged, messages)) for messages in (old, new))
    if old_keys == new_keys:
        return Pairing([(place, place) for place in range(len(old))])
    changes = SequenceMatcher(None, old_keys, new_keys, autojunk=False).get_opcodes()
    found = Pairing([(a + n, c + n) for kind, a, b, c, _ in changes if kind == "equal" for n in range(b - a)])
    gaps: list[_Gap] = [(list(range(a, b)), list(range(c, d))) for kind, a, b, c, d in changes if kind != "equal"]
    moved, rest = _matched(_joined(gaps), old, new, _unchanged)
    found.is_reordered = bool(moved)
    left = [set(places) for places in rest]
    gaps = [([one for one in a if one in left[0]], [one for one in b if one in left[1]]) for a, b in gaps]
    changed, gaps = _all_matched(gaps, old, new)
    far, ((found.missing, found.extra),) = _all_matched([_joined(gaps)], old, new)
    found.pairs = sorted([*found.pairs, *moved, *changed, *far])
    return found


def _joined(gaps: Iterable[_Gap]) -> _Gap:
    pairs = list(gaps)
    return [place for places, _ in pairs for place in places], [place for _, places in pairs for place in places]


def _all_matched(
    gaps: Iterable[_Gap], old: Sequence[MessageRecord], new: Sequence[MessageRecord]
) -> tuple[list[tuple[int, int]], list[_Gap]]:
    """Pairs the changed messages of each gap, and returns the gaps with what is left."""
    pairs: list[tuple[int, int]] = []
    left: list[_Gap] = []
    for gap in gaps:
        for key in _CHANGED:
            matched, gap = _matched(gap, old, new, key)
            pairs += matched
        left.append(gap)
    return pairs, left


def _matched(
    gap: _Gap,
    old: Sequence[MessageRecord],
    new: Sequence[MessageRecord],
    key: Callable[[MessageRecord], Hashable],
) -> tuple[list[tuple[int, int]], _Gap]:
    """Pairs messages with the same key, in their order, and returns the gap with what is left."""
    places: dict[Hashable, deque[int]] = defaultdict(deque)
    for place in gap[1]:
        places[key(new[place])].append(place)
    pairs = [(place, found.popleft()) for place in gap[0] if (found := places[key(old[place])])]
    taken = {place for place, _ in pairs}, {place for _, place in pairs}
    return pairs, ([one for one in gap[0] if one not in taken[0]], [one for one in gap[1] if one not in taken[1]])
