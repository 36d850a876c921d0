"""Which turns can never be played, because one before them fits whenever they do."""

from __future__ import annotations

from typing import Any

from emulator.base.json_types import Object

#: Conditions whose value is a pattern that is contained in a text.
_CONTAINED = frozenset({"message", "instructions", "model"})


def hiding_turn(turns: list[Object], number: int) -> int | None:
    """The number of the first turn that is played in place of that one every time; None if there is none."""
    later = turns[number].get("when") or {}
    for before, turn in enumerate(turns[:number]):
        if "times" not in turn and covers(turn.get("when") or {}, later):
            return before
    return None


def covers(wide: Object, narrow: Object) -> bool:
    """True if a run that fits ``narrow`` certainly fits ``wide`` too."""
    return all(key in narrow and _is_covered(key, value, narrow[key]) for key, value in wide.items())


def _is_covered(key: str, wide: Any, narrow: Any) -> bool:
    if wide == narrow:
        return True
    if key == "tools":
        return set(_listed(wide)) <= set(_listed(narrow))
    if key in ("metadata", "thread") and isinstance(wide, dict) and isinstance(narrow, dict):
        wide, narrow = (one.get("metadata", one) if key == "thread" else one for one in (wide, narrow))
        return all(narrow.get(name) == value for name, value in wide.items())
    if key in _CONTAINED and isinstance(wide, str):
        text = narrow if isinstance(narrow, str) else narrow.get("equals")
        return isinstance(text, str) and wide.casefold() in text.casefold()
    return False


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
