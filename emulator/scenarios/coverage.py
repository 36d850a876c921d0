"""Which turns can never be played, because one before them fits whenever they do.

No turn is compared with all turns before it. A condition has signs, such as a part of a text, a tool or a pair of
metadata, and a turn can be hidden only by one all of whose signs it shows. So each turn is filed under its rarest sign,
and compared with those that are filed under a sign that it shows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any, Final

from emulator.base.json_types import Object

#: Conditions whose value is a pattern that is contained in a text.
_CONTAINED: Final = frozenset({"message", "instructions", "model"})
#: Characters of the parts by which a contained text is found; a shorter text is its own part.
_PART: Final = 6

#: The key of a condition, what kind of sign it is, and the sign itself.
_Sign = tuple[str, str, Hashable]
#: The sign that all conditions have and show.
_ANY: Final[_Sign] = ("", "", None)


def hidden_turns(turns: Sequence[Object]) -> Iterator[tuple[int, int]]:
    """The number of each turn that is never played, and of the first that is played in its place every time."""
    conditions = [turn.get("when") or {} for turn in turns]
    signs = {number: set(_signs(conditions[number])) for number, turn in enumerate(turns) if "times" not in turn}
    frequency = Counter(sign for found in signs.values() for sign in found)
    lengths = {len(str(part)) for _, kind, part in frequency if kind == "part"}
    filed: defaultdict[_Sign, list[int]] = defaultdict(list)
    for number, condition in enumerate(conditions):
        before = sorted({one for sign in _shown(condition, lengths) for one in filed.get(sign, ())})
        hiding = next((one for one in before if covers(conditions[one], condition)), None)
        if hiding is not None:  # which hides also all that this one would hide
            yield number, hiding
        elif number in signs:
            filed[min(signs[number], key=frequency.__getitem__)].append(number)


def covers(wide: Object, narrow: Object) -> bool:
    """True if a run that fits ``narrow`` certainly fits ``wide`` too."""
    return all(key in narrow and _is_covered(key, value, narrow[key]) for key, value in wide.items())


def _is_covered(key: str, wide: Any, narrow: Any) -> bool:
    if wide == narrow:
        return True
    if key == "tools":
        return set(_listed(wide)) <= set(_listed(narrow))
    if key in ("metadata", "thread") and isinstance(wide, dict) and isinstance(narrow, dict):
        return all(_pairs(narrow).get(name) == value for name, value in _pairs(wide).items())
    if key in _CONTAINED and isinstance(wide, str):
        text = _whole_text(narrow)
        return text is not None and wide.casefold() in text.casefold()
    return False


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _pairs(value: Object) -> Object:
    """The metadata of a condition on metadata, or on those of a thread."""
    metadata: Object = value.get("metadata", value)
    return metadata


def _whole_text(pattern: Any) -> str | None:
    """The text that one that fits has or is; None for a regular expression."""
    return pattern if isinstance(pattern, str) else pattern.get("equals")


# ---- Signs ----


def _signs(condition: Object) -> Iterator[_Sign]:
    """What each condition that this one covers shows."""
    yield _ANY
    for key, value in condition.items():
        yield key, "stands", None
        if key in _CONTAINED and isinstance(value, str):
            text = value.casefold()
            yield from _parts(key, text, min(len(text), _PART))
        else:
            members = _members(key, value)
            yield from [_equality(key, value)] if members is None else members


def _shown(condition: Object, lengths: Iterable[int]) -> Iterator[_Sign]:
    """The signs that a condition shows to those that may cover it, whose parts of texts have these lengths."""
    yield _ANY
    for key, value in condition.items():
        yield key, "stands", None
        yield _equality(key, value)
        yield from _members(key, value) or ()
        text = _whole_text(value) if key in _CONTAINED else None
        if text is not None:
            for length in lengths:
                yield from _parts(key, text.casefold(), length)


def _members(key: str, value: Any) -> list[_Sign] | None:
    """A sign for each tool, or for each pair of metadata; None for a condition that has neither."""
    if key == "tools":
        return [(key, "tool", tool) for tool in _listed(value)]
    if key in ("metadata", "thread") and isinstance(value, dict):
        return [(key, "pair", (name, _hashable(one))) for name, one in _pairs(value).items()]
    return None


def _equality(key: str, value: Any) -> _Sign:
    return key, "is", _hashable(value)


def _parts(key: str, text: str, length: int) -> Iterator[_Sign]:
    return ((key, "part", text[start : start + length]) for start in range(len(text) - length + 1))


def _hashable(value: Any) -> Hashable:
    """Equal where two values are equal."""
    if isinstance(value, dict):
        return frozenset((key, _hashable(inner)) for key, inner in value.items())
    return tuple(map(_hashable, value)) if isinstance(value, list) else value
