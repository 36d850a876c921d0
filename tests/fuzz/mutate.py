"""Changes JSON as JSON: bytes that are flipped at random rarely get past a parser, and never far behind it.

An input is taken as a document, as lines of JSON, or as a first line and a document; strings in it that are JSON or
event streams are gone into as well. A change takes a value out, puts another in its place, or moves one.
"""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any, Final

JUNK: Final[list[Any]] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, 1.5, 1e300, "", "x", "\x00", "\ud83d", "é" * 40, "9" * 30, "a/b", "{{",
    "{%", "[", "queued", "completed", "requires_action", "run_1", "thread_1", "msg_1", "file-1", "asst_1", "function",
    "thread.run", [], {}, [None], [{}], [[]], {"a": 1}, {"id": "run_1", "object": "thread.run"}, {"type": "text"},
]  # fmt: skip
_DEPTH: Final = 60


def mutated(raw: bytes, random: Random) -> bytes | None:
    """The input with one value changed; None if there is no JSON in it."""
    text = raw.decode("utf-8", "replace")
    whole = _changed_text(text, random)
    if whole is not None:
        return whole.encode("utf-8", "replace")
    lines = text.split("\n")
    if len(lines) > 1 and (rest := _changed_text("\n".join(lines[1:]), random)) is not None:
        return f"{lines[0]}\n{rest}".encode("utf-8", "replace")
    for at in random.sample(range(len(lines)), min(len(lines), 8)):
        prefix = "data: " if lines[at].startswith("data: ") else ""
        changed = _changed_text(lines[at].removeprefix(prefix), random)
        if changed is not None:
            act = random.random()
            lines[at : at + 1] = [prefix + changed] if act < 0.9 else [] if act < 0.95 else [lines[at]] * 2
            return "\n".join(lines).encode("utf-8", "replace")
    return None


def _changed_text(text: str, random: Random, depth: int = 0) -> str | None:
    """JSON with one value changed; None for what is no JSON object or list."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        value = json.loads(text)
        places = _places(value)
    except (ValueError, RecursionError):
        return None
    if not places:
        return None
    for _ in range(random.choice([1, 1, 1, 2, 4])):
        _change(places, random, depth)
        places = _places(value)
        if not places:
            break
    return json.dumps(value, ensure_ascii=random.random() < 0.5)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every holder and key."""
    found: list[tuple[Any, Any]] = []
    waiting = [(value, 0)]
    while waiting:
        holder, depth = waiting.pop()
        keys = holder if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in keys:
            found.append((holder, key))
            if depth < _DEPTH:
                waiting.append((holder[key], depth + 1))
    return found


def _change(places: list[tuple[Any, Any]], random: Random, depth: int) -> None:
    holder, key = random.choice(places)
    old = holder[key]
    if isinstance(old, str) and depth < 3 and len(old) > 1:
        inner = _changed_text(old, random, depth + 1)
        if inner is None and "data: {" in old:
            stream = mutated(old.encode("utf-8", "replace"), random)
            inner = None if stream is None else stream.decode("utf-8", "replace")
        if inner is not None:
            holder[key] = inner
            return
    act = random.random()
    if act < 0.2:
        del holder[key]
    elif act < 0.55:
        holder[key] = copy.deepcopy(random.choice(JUNK))
    elif act < 0.75:  # something that stands elsewhere
        other, there = random.choice(places)
        holder[key] = copy.deepcopy(other[there])
    elif act < 0.85 and isinstance(holder, list):
        holder.insert(random.randrange(len(holder) + 1), copy.deepcopy(old))
    elif act < 0.95 and isinstance(holder, dict):
        other, there = random.choice(places)
        holder[there if isinstance(there, str) else "x"] = holder.pop(key)
    else:
        holder[key] = {"a": old} if random.random() < 0.5 else [old, old]
