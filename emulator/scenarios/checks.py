"""Everything that can be wrong with a scenario, with its place: what the schema refuses, and what it cannot say."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from emulator.base.clock import OutOfRange, parse_instant
from emulator.base.json_types import Object
from emulator.base.limits import MAX_FILE_PROBLEMS
from emulator.base.operations import ALSO_CALLED, OF_A_TURN
from emulator.base.text import did_you_mean
from emulator.sandbox import patterns, templates
from emulator.sandbox.json_schema import Schema, decider
from emulator.scenarios.document import Path, path_in_words
from emulator.scenarios.explain import explain, shown
from emulator.scenarios.faults import KINDS
from emulator.scenarios.schema import OPTIONS, SCENARIO, WHEN, fault_schema
from emulator.scenarios.steps import STEP_KINDS
from emulator.scenarios.steps.tools import BASE64
from emulator.scenarios.stubs import why_no_path

__all__ = ["fault_problems", "local_files", "option_problems", "problems", "strings", "turn_name"]

Problem = tuple[Path, str]


def problems(data: Any, contents: Mapping[str, bytes]) -> Iterator[Problem]:
    """Everything that is wrong with a scenario: where, and why. Nothing if it is fine.

    ``contents`` of the local files that it names, by path.
    """
    found = [] if _fits_the_schema()(data) else list(islice(explain(SCENARIO, data), MAX_FILE_PROBLEMS + 1))
    yield from found
    #: Parts that are refused already; the others are looked into all the same.
    ill = {path[:2] for path, _ in found}
    if isinstance(data, dict):
        yield from _start_problems(data, ill)
        yield from _id_problems(data.get("given"))
        for number, fault in _sound("faults", data, ill):
            yield from ((("faults", number, *path), why) for path, why in fault_problems(fault))
        yield from _turn_problems(_sound("turns", data, ill))
        for number, stub in _sound("stubs", data, ill):
            yield from ((("stubs", number, *path), why) for path, why in _stub_problems(stub))
        yield from _file_problems(data, contents)


@functools.cache
def _fits_the_schema() -> Callable[[Any], bool]:
    return decider(SCENARIO)


def _sound(key: str, data: Object, ill: set[Path]) -> Iterator[tuple[int, Any]]:
    """The items of a list that the schema does not refuse."""
    if (key,) not in ill:
        yield from ((n, item) for n, item in enumerate(data.get(key, [])) if (key, n) not in ill)


def option_problems(options: Any) -> list[str]:
    """What is wrong with options that an argument, marker or request states."""
    found = list(islice(explain(OPTIONS, options), MAX_FILE_PROBLEMS))
    if not found and "start" in options and (why := _why_no_start(options["start"])):
        found = [(("start",), why)]
    return [f"{path_in_words(path) or 'options'}: {why}" for path, why in found]


def _start_problems(data: Object, ill: set[Path]) -> Iterator[Problem]:
    path: Path = ("settings", "start")
    if ("settings",) in ill or path in ill or "start" not in data.get("settings", {}):
        return
    if why := _why_no_start(data["settings"]["start"]):
        yield path, why


def _why_no_start(start: str) -> str | None:
    try:
        parse_instant(start)
    except ValueError as error:
        expected = "expected 'now' or a date and time as 2026-01-01T00:00:00Z"
        return f"{expected}{f', {error}' if isinstance(error, OutOfRange) else ''}; got {shown(start)}"
    return None


# ---- Given objects ----


def _id_problems(given: Any) -> Iterator[Problem]:
    """Ids that two given objects have."""
    seen: set[str] = set()
    for path, item in _given_objects(given):
        id = item.get("id")
        if isinstance(id, str) and id in seen:
            yield (*path, "id"), f"expected an id that no other given object has; got {shown(id)}"
        elif isinstance(id, str):
            seen.add(id)


def _given_objects(given: Any) -> Iterator[tuple[Path, Object]]:
    for kind in ("files", "vector_stores", "assistants", "threads", "conversations", "containers", "responses"):
        for path, item in _mappings(given, ("given",), kind):
            yield path, item
            yield from _mappings(item, path, "files")
            yield from _mappings(item, path, "messages")
            yield from _mappings(item, path, "runs")


def _mappings(holder: Any, path: Path, key: str) -> Iterator[tuple[Path, Object]]:
    """The mappings in the list that ``holder``, which may be anything, has under ``key``."""
    items = holder.get(key) if isinstance(holder, dict) else None
    for number, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, dict):
            yield (*path, key, number), item


# ---- Local files ----


def local_files(data: Any) -> Iterator[tuple[Path, Object]]:
    """The files that a document, which may be anything, gives or lets code make; they may name a local one."""
    given = data.get("given") if isinstance(data, dict) else None
    yield from _mappings(given, ("given",), "files")
    for path, container in _mappings(given, ("given",), "containers"):
        yield from _mappings(container, path, "files")
    for turn_path, turn in _mappings(data, (), "turns"):
        for path, step in _mappings(turn, turn_path, "steps"):
            one: list[tuple[Path, Any]] = [((*path, "code"), step.get("code"))]
            for code_path, code in [*one, *_mappings(step, path, "code")]:
                yield from _mappings(code, code_path, "images")
                yield from _mappings(code, code_path, "files")
                for output_path, output in _mappings(code, code_path, "outputs"):
                    if isinstance(output.get("image"), dict):
                        yield (*output_path, "image"), output["image"]


def _file_problems(data: Any, contents: Mapping[str, bytes]) -> Iterator[Problem]:
    """Local files that could not be read, and base64 that is none."""
    for path, item in local_files(data):
        local, encoded = item.get("path"), item.get("base64")
        if isinstance(local, str) and local not in contents:
            why = f"there is no file {local!r} beside or below the scenario (a server opens no path itself)"
            yield (*path, "path"), why
        if isinstance(encoded, str) and not BASE64.fullmatch(encoded):
            yield (*path, "base64"), "this is no base64"


# ---- Faults and conditions ----


def fault_problems(fault: Any) -> Iterator[Problem]:
    """Everything that is wrong with one fault."""
    kind = fault.get("kind") if isinstance(fault, dict) else None
    schema, fits = _fault_schema(kind if isinstance(kind, str) and kind in KINDS else "")
    found = [] if fits(fault) else list(explain(schema, fault))
    yield from found
    if found:
        return
    named = fault["operation"]
    names = [named] if isinstance(named, str) else named
    if fault.get("when") and not any(name == "*" or ALSO_CALLED.get(name, name) in OF_A_TURN for name in names):
        those = ", ".join(sorted(OF_A_TURN))
        yield ("when",), f"only requests about a run or a response have one to compare with: {those}"
    if (needed := KINDS[fault["kind"]].needs_one_of) and not any(key in fault for key in needed):
        yield (), f"expected at least one of {', '.join(needed)}"
    if fault.get("after") is not None and (why := KINDS[fault["kind"]].why_no_after):
        yield ("after",), why
    yield from _pattern_problems(("when",), WHEN, fault.get("when"))


@functools.cache
def _fault_schema(kind: str) -> tuple[Schema, Callable[[Any], bool]]:
    """The schema of a fault of that kind, or of any kind, and the check against it."""
    schema = fault_schema(kind)
    return schema, decider(schema)


def _pattern_problems(path: Path, schema: Schema, value: Any) -> Iterator[Problem]:
    """Regular expressions that cannot be read, wherever the schema has a pattern."""
    if not isinstance(value, dict):
        return
    if "matches" in schema.get("properties", {}):
        if why := patterns.why_not(value.get("matches", "")):
            yield (*path, "matches"), why
        return
    for key, inner in value.items():
        below = schema.get("properties", {}).get(key) or schema.get("additionalProperties")
        if isinstance(below, dict):
            yield from _pattern_problems((*path, key), below, inner)


def _stub_problems(stub: Object) -> Iterator[Problem]:
    """What the schema cannot say of a stub: names in its path, and its templates."""
    if why := why_no_path(stub["request"].partition(" ")[2]):
        yield ("request",), why
    yield from _template_problems(strings(stub.get("body"), ("body",)))


# ---- Turns and steps ----


def turn_name(turn: Object, number: int) -> str:
    """As it says, or the number of its place, from 1."""
    return turn.get("name") or f"turn {number + 1}"


def _turn_problems(turns: Iterator[tuple[int, Object]]) -> Iterator[Problem]:
    names: set[str] = set()
    for number, turn in turns:
        path: Path = ("turns", number)
        name = turn_name(turn, number)
        if name in names:
            yield (*path, *(["name"] if "name" in turn else [])), f"there is a turn {name!r} already"
        names.add(name)
        yield from _pattern_problems((*path, "when"), WHEN, turn.get("when"))
        for index, step in enumerate(turn["steps"]):
            yield from _step_problems((*path, "steps", index), step)
        yield from _followers((*path, "steps"), turn["steps"])


def _followers(path: Path, steps: list[Object]) -> Iterator[Problem]:
    """The first step behind one at which the run is at its end."""
    for index, step in enumerate(steps[:-1]):
        end = next((kind for kind in step if kind in STEP_KINDS and STEP_KINDS[kind].ends), None)
        if end is not None:
            yield (*path, index + 1), f"nothing may follow {end!r}: the run is at its end"
            return


def _step_problems(path: Path, step: Object) -> Iterator[Problem]:
    kinds = [key for key in step if key in STEP_KINDS]
    if len(kinds) != 1:
        yield path, _which_step(step, kinds)
        return
    kind = STEP_KINDS[kinds[0]]
    schema, fits = _step_schema(kind.name)
    found = [] if fits(step) else [((*path, *inner), message) for inner, message in explain(schema, step)]
    yield from found
    if found:
        return
    yield from _template_problems(strings(step[kind.name], (*path, kind.name), () if kind.name == "call" else _LITERAL))
    if kind.check is not None:
        yield from (((*path, *inner), why) for inner, why in kind.check(step))


@functools.cache
def _step_schema(kind: str) -> tuple[Schema, Callable[[Any], bool]]:
    """The schema of a step of that kind with the keys beside it, and the check against it."""
    known = STEP_KINDS[kind]
    schema = {"type": "object", "properties": {kind: known.value, **known.beside}, "additionalProperties": False}
    return schema, decider(schema)


def _which_step(step: Object, kinds: list[str]) -> str:
    known = f"the steps are: {', '.join(STEP_KINDS)}"
    if kinds:
        return f"a step does one thing, this one has {' and '.join(map(repr, kinds))}; {known}"
    if not step:
        return f"a step is missing here; {known}"
    word = next(iter(step))
    return f"there is no step {word!r}; {did_you_mean(word, STEP_KINDS, before='', after=' ')}{known}"


#: Keys in a step whose text is no template.
_LITERAL: Final = ("chunks", "path", "base64")


def _template_problems(texts: Iterator[tuple[Path, str]]) -> Iterator[Problem]:
    """Templates that cannot be read."""
    for where, text in texts:
        try:
            templates.check(text)
        except templates.TemplateError as error:
            yield where, str(error)


def strings(value: Any, path: Path, literal: tuple[str, ...] = ()) -> Iterator[tuple[Path, str]]:
    """All texts in a value with their paths, except those below the keys ``literal``."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in literal:
                yield from strings(inner, (*path, key), () if key == "json" else literal)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from strings(inner, (*path, index), literal)
