"""Chooses the turn of a run, and explains the turns that were not chosen.

A condition is one registered function: given what the scenario expects and the situation of the run, it returns None
when they fit, else what it compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from emulator.base.json_types import Object
from emulator.base.text import shorten
from emulator.sandbox import patterns
from emulator.sandbox.json_schema import TEXT, Schema
from emulator.sandbox.patterns import TooSlow

PATTERN: Final[Schema] = {
    "type": ["string", "object"],
    "properties": {"equals": TEXT, "matches": TEXT},
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
    "description": "text that is contained (case ignored), {equals: text} or {matches: regular expression}",
}
_WHOLE: Final[Schema] = {
    **PATTERN,
    "description": "the whole text, {equals: text} or {matches: regular expression}",
}
_METADATA: Final[Schema] = {"type": "object", "additionalProperties": _WHOLE}


class Configured(NamedTuple):
    """An assistant whose configuration is in force, or would be but for what is ``missing`` of its ``parts``."""

    id: str | None
    name: str | None
    missing: Sequence[str] = ()
    parts: Sequence[str] = ()


class Situation(NamedTuple):
    """What conditions compare: a run, or a response, when it is created."""

    message: str
    instructions: str
    model: str
    tools: list[str]
    assistant: Mapping[str, Any]
    thread: Mapping[str, Any]
    metadata: Mapping[str, Any]
    run: int
    #: Where no assistant is named: those whose configuration the request carries, wholly or in part.
    carried: Sequence[Configured] = ()
    #: Ids of threads that a conversation says it was, before the application left the Assistants API.
    former_threads: Sequence[str] = ()


class Mismatch(NamedTuple):
    """The first condition of a turn that did not fit. ``fitted``: how many before it did."""

    condition: str
    expected: Any
    came: Any
    fitted: int = 0
    #: Why they were not compared.
    why: str = ""

    def __str__(self) -> str:
        if self.why:
            return f"{self.condition}: {self.why}"
        return f"{self.condition}: expected {_show(self.expected)}, got {_show(self.came)}"


Compare = Callable[[Any, Situation], Any]


class Condition(NamedTuple):
    """A key of ``when``. ``compare`` returns None when it fits, else the value that did not."""

    name: str
    schema: Schema
    summary: str
    compare: Compare


CONDITIONS: Final[dict[str, Condition]] = {}


def condition(name: str, schema: Schema, summary: str) -> Callable[[Compare], Compare]:
    """Registers a key of ``when``. Raises ValueError for a name that is taken."""

    def register(compare: Compare) -> Compare:
        if name in CONDITIONS:
            raise ValueError(f"there is a condition {name!r} already")
        CONDITIONS[name] = Condition(name, schema, summary, compare)
        return compare

    return register


def fits(pattern: str | Object, text: str) -> bool:
    """True if a text fits a pattern. Raises TooSlow for an expression that takes too long."""
    if isinstance(pattern, str):
        return pattern.casefold() in text.casefold()
    if "equals" in pattern:
        return bool(pattern["equals"] == text)
    return patterns.found(pattern["matches"], text)


@condition("message", PATTERN, "all text of the thread's last user message")
def _message(expected: Any, situation: Situation) -> Any:
    return None if fits(expected, situation.message) else situation.message


@condition("instructions", PATTERN, "the instructions in force for the run")
def _instructions(expected: Any, situation: Situation) -> Any:
    return None if fits(expected, situation.instructions) else situation.instructions


@condition("model", PATTERN, "the model in force for the run")
def _model(expected: Any, situation: Situation) -> Any:
    return None if fits(expected, situation.model) else situation.model


@condition(
    "tools",
    {"type": ["string", "array"], "items": TEXT, "description": "a tool's name, or a list of them"},
    "all of these are among the run's tools; functions by name",
)
def _tools(expected: Any, situation: Situation) -> Any:
    wanted = [expected] if isinstance(expected, str) else expected
    return None if set(wanted) <= set(situation.tools) else situation.tools


@condition("assistant", _WHOLE, "the assistant's id or name")
def _assistant(expected: Any, situation: Situation) -> Any:
    pattern = {"equals": expected} if isinstance(expected, str) else expected
    lacking = ""
    assistants = situation.carried or [Configured(situation.assistant["id"], situation.assistant["name"])]
    for one in assistants:
        if any(fits(pattern, name) for name in (one.id, one.name) if name is not None):
            if not one.missing:
                return None
            lacking = lacking or f"a request that lacks {', '.join(one.missing)}"
    names = [name for one in assistants if not one.missing for name in (one.id, one.name) if name is not None]
    return lacking or " / ".join(names)


@condition(
    "thread",
    {
        "type": ["string", "object"],
        "properties": {"metadata": _METADATA},
        "required": ["metadata"],
        "additionalProperties": False,
        "description": "the thread's id, or {metadata: {…}}",
    },
    "the thread's id, or a part of its metadata",
)
def _thread(expected: Any, situation: Situation) -> Any:
    if isinstance(expected, str):
        fits = expected == situation.thread["id"] or expected in situation.former_threads
        return None if fits else situation.thread["id"]
    return _part_of(expected["metadata"], situation.thread["metadata"])


@condition("metadata", _METADATA, "a part of the run's metadata")
def _metadata(expected: Any, situation: Situation) -> Any:
    return _part_of(expected, situation.metadata)


@condition("run", {"type": "integer", "minimum": 1}, "1 for the first run on its thread, 2 for the second, …")
def _run(expected: Any, situation: Situation) -> Any:
    return None if expected == situation.run else situation.run


def _part_of(expected: Object, metadata: Mapping[str, Any]) -> Any:
    """Metadata values are compared whole unless a pattern says otherwise."""
    for key, pattern in expected.items():
        whole = {"equals": pattern} if isinstance(pattern, str) else pattern
        if key not in metadata or not fits(whole, metadata[key]):
            return metadata
    return None


def first_mismatch(when: Object, situation: Situation) -> Mismatch | None:
    """None if all conditions of a turn fit."""
    for number, (name, expected) in enumerate(when.items()):
        try:
            came = CONDITIONS[name].compare(expected, situation)
        except TooSlow as error:
            return Mismatch(name, expected, None, number, str(error))
        if came is not None:
            return Mismatch(name, expected, came, number)
    return None


def _show(value: Any) -> str:
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in ("equals", "matches"):
        ((how, text),) = value.items()
        return f"{'exactly' if how == 'equals' else 'a match of'} {text!r}"
    return shorten(repr(value), 200)
