"""Every answer that the tests see is held to the published schema.

``Watch`` looks over the journal's shoulder: each request of the API that is noted there, in whatever test, is judged by
operation, status, shape and door. Responses that a fault has changed are left out.

The published schema is taken at its word, and tightened: an object has only the properties that the schema names. What
the emulator sends otherwise is in ``ALLOWANCES``, with its fact (docs/wire.md) and with the shapes it
is allowed in; ``test_answers`` fails for one that nothing needs. What concerns no answer outside faults is not among
them: §7 rows 7 (``error`` events), 9 and 19 (what is accepted), 11, 12, 14 and 20 (as it was once), and 17, where the
schema knows what was recorded.

How the document is read (it is OpenAPI 3.1, and not all of it is JSON Schema):

* ``nullable: true``, which 3.1 does not know any more, means what it meant in 3.0: null is a value, too.
* ``format: unixtime`` is a whole number from 0. Other formats are not judged.
* ``x-…``, ``deprecated``, ``example`` and the like say nothing about values.
* An event's data is judged by the one schema whose ``event`` has its name, instead of by a ``oneOf`` of all of them.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final, Literal
from weakref import WeakKeyDictionary, ref

import jsonschema_rs
import orjson
import pytest

from emulator.apis.http.flavours import FOUNDRY, base_of
from emulator.world.journal import Entry, Journal
from emulator.world.state.state import Shape
from emulator.world.world import World
from tests.conformance.of_foundry import as_openai
from tests.support import ASSISTANTS_OPERATIONS as ROUTES
from tests.support import SHARED

Schemas = dict[str, Any]
#: DESIGN.md 6: a stored object is seen through a JSON answer, an event, or the answer to modify.
Door = Literal["json", "event", "modify"]
Relax = Callable[[Schemas], None]

OPERATIONS: Final = frozenset(route.name for route in ROUTES)
#: A file's bytes are no JSON, whatever the published schema says.
_NO_JSON: Final = frozenset({"download_file"})
_BOTH: Final[frozenset[Shape]] = frozenset({"wire", "spec"})
_WIRE: Final[frozenset[Shape]] = frozenset({"wire"})
_ALL_DOORS: Final[frozenset[Door]] = frozenset({"json", "event", "modify"})


# ---- What is allowed beyond the published schema ----


@dataclass(frozen=True)
class Allowance:
    """A difference. ``fact``: the section of docs/wire.md and, for §7, its row.

    ``said``: a value that the request or the scenario chose, and that is sent as it was said, in ``spec`` shape too.
    Everything else that ``spec`` allows are properties beside those that are published, which the schema leaves open.
    """

    fact: str
    what: str
    relax: Relax
    shapes: frozenset[Shape] = _WIRE
    doors: frozenset[Door] = _ALL_DOORS
    said: bool = False


def _also(schema: str, **properties: Any) -> Relax:
    """Further properties."""

    def relax(schemas: Schemas) -> None:
        _object(schemas[schema])["properties"].update(properties)

    return relax


def _never(schema: str, *names: str) -> Relax:
    """Properties that are not there at all."""

    def relax(schemas: Schemas) -> None:
        found = _object(schemas[schema])
        found["required"] = [name for name in found["required"] if name not in names]
        for name in names:
            del found["properties"][name]

    return relax


def _null(schemas_named: str, *names: str) -> Relax:
    """Properties that can be null."""

    def relax(schemas: Schemas) -> None:
        for schema in schemas_named.split():
            properties = _object(schemas[schema])["properties"]
            for name in names:
                properties[name] = _or_null(properties[name])

    return relax


def _values(schema: str, path: str, *values: str) -> Relax:
    """Further values of an enumeration; none: any text."""

    def relax(schemas: Schemas) -> None:
        found = schemas[schema]
        for name in path.split("."):
            found = _object(found)["properties"][name]
        found["enum"] = [*found["enum"], *values]
        if not values:
            del found["enum"]

    return relax


def _at_least(schema: str, least: int, *names: str) -> Relax:
    """Another minimum."""

    def relax(schemas: Schemas) -> None:
        for name in names:
            found = schemas[schema]["properties"][name]
            next(one for one in found.get("anyOf", [found]) if "minimum" in one)["minimum"] = least

    return relax


def _all(*relaxations: Relax) -> Relax:
    def relax(schemas: Schemas) -> None:
        for one in relaxations:
            one(schemas)

    return relax


def _object(schema: Any) -> Any:
    """The object schema, also of one that allows null beside it."""
    return next(one for one in schema["anyOf"] if "properties" in one) if "anyOf" in schema else schema


def _counters(name: str) -> dict[str, Any]:
    integer = {"type": "integer", "minimum": 0}
    return {"type": "object", "properties": {name: integer}, "required": [name], "additionalProperties": False}


def _file_ids_for_attachments(schemas: Schemas) -> None:
    _never("MessageObject", "attachments")(schemas)
    schemas["MessageObject"]["properties"]["file_ids"] = {"const": []}
    schemas["MessageObject"]["required"].append("file_ids")


_EFFORT: Final = {"$ref": "#/components/schemas/ReasoningEffort"}
_TIME: Final = {"type": ["integer", "null"], "minimum": 0}
_DETAIL: Final = {
    "type": "object",
    "properties": {"message": {"type": "string"}, "code": {"type": ["string", "null"]}},
    "required": ["message", "code"],
    "additionalProperties": False,
}
_USAGE: Final = {
    "prompt_token_details": _counters("cached_tokens"),
    "completion_tokens_details": _counters("reasoning_tokens"),
}
_LISTS: Final = "Assistants Files Messages Runs RunSteps VectorStores VectorStoreFiles"
_JSON_DOORS: Final[frozenset[Door]] = frozenset({"json", "modify"})
_MODIFY: Final[frozenset[Door]] = frozenset({"modify"})

ALLOWANCES: Final = [
    Allowance(
        "§7, 1",
        "a message has its state in events alone",
        _never("MessageObject", "status", "incomplete_details", "incomplete_at", "completed_at"),
        doors=_JSON_DOORS,
    ),
    Allowance("§7, 2", "modify message: file_ids, not attachments", _file_ids_for_attachments, doors=_MODIFY),
    Allowance(
        "§7, 3",
        "a run step has neither expired_at nor metadata",
        _never("RunStepObject", "expired_at", "metadata"),
    ),
    Allowance("§7, 3", "a run step has expires_at", _also("RunStepObject", expires_at=_TIME), _BOTH),
    Allowance(
        "§7, 4",
        "a run has tool_resources",
        lambda schemas: _also("RunObject", tool_resources=schemas["ThreadObject"]["properties"]["tool_resources"])(
            schemas
        ),
        _BOTH,
    ),
    Allowance("§7, 4", "a run has reasoning_effort", _also("RunObject", reasoning_effort=_EFFORT), _BOTH),
    Allowance("§7, 5", "an assistant has reasoning_effort", _also("AssistantObject", reasoning_effort=_EFFORT), _BOTH),
    Allowance("§7, 6", "a run's usage has details", _also("RunCompletionUsage", **_USAGE), _BOTH),
    Allowance("§7, 6", "a run step's usage has details", _also("RunStepCompletionUsage", **_USAGE), _BOTH),
    Allowance(
        "§7, 8",
        "a run echoes token limits from 16 on (openai-node PR#1465), which were accepted",
        _at_least("RunObject", 16, "max_completion_tokens", "max_prompt_tokens"),
        _BOTH,
        said=True,
    ),
    Allowance(
        "§7, 10",
        "an empty list has null cursors",
        _null(" ".join(f"List{one}Response" for one in _LISTS.split()), "first_id", "last_id"),
    ),
    Allowance("§7, 13", "a vector store has a description", _also("VectorStoreObject", description={}), _BOTH),
    Allowance(
        "§7, 15",
        "a scripted last_error can have any code",
        _all(_values("RunObject", "last_error.code"), _values("RunStepObject", "last_error.code")),
        _BOTH,
        said=True,
    ),
    Allowance("§7, 16", "errors of files have a detail", _also("ErrorResponse", detail=_DETAIL), _BOTH),
    Allowance(
        "§7, 18",
        "file_search echoes hybrid_search",
        _also("FileSearchRankingOptions", hybrid_search={}),
        _BOTH,
    ),
    Allowance(
        "§2, file_search",
        "results have attributes",
        _also(
            "RunStepDetailsToolCallsFileSearchResultObject",
            attributes={"$ref": "#/components/schemas/VectorStoreFileAttributes"},
        ),
        _BOTH,
    ),
    Allowance(
        "§2, file_batch",
        "a batch is a vector_store.file_batch",
        lambda schemas: schemas["VectorStoreFileBatchObject"]["properties"].update(
            object={"const": "vector_store.file_batch"}
        ),
    ),
    Allowance("§2, file", "a file has null for what it has not", _null("OpenAIFile", "expires_at", "status_details")),
    Allowance("§2, vector_store", "so has a vector store", _null("VectorStoreObject", "name", "expires_after")),
    Allowance("§2, run", "and a run without instructions", _null("RunObject", "instructions")),
    Allowance(
        "§3, G",
        "content_filter makes a run incomplete",
        _values("RunObject", "incomplete_details.reason", "content_filter"),
        _BOTH,
        said=True,
    ),
    Allowance(
        "§4, bad file purpose", "files can be evals", _values("OpenAIFile", "purpose", "evals"), _BOTH, said=True
    ),
]


# ---- The published schema, made ready ----


@cache
def published() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SHARED / "spec" / "assistants-v2.openapi.json").read_bytes())
    return document


@cache
def readable() -> Schemas:
    """All schemas as JSON Schema has them."""
    return {name: _read(schema) for name, schema in published()["components"]["schemas"].items()}


def _read(node: Any) -> Any:
    """A schema, or a part of one."""
    if isinstance(node, list):
        return [_read(one) for one in node]
    if not isinstance(node, dict):
        return node
    read = {key: _read(value) for key, value in node.items() if key not in ("nullable", "format", "properties")}
    if "properties" in node:
        read["properties"] = {name: _read(value) for name, value in node["properties"].items()}
    if node.get("format") == "unixtime":
        read["minimum"] = 0
    if {} in read.get("allOf", []):  # allOf: [something, {nullable: true}]
        (part,) = [one for one in read["allOf"] if one]
        return _or_null(part)
    return _or_null(read) if node.get("nullable") is True and read else read


def _or_null(schema: Any) -> Any:
    return {"anyOf": [schema, {"type": "null"}]}


def _close(node: Any) -> None:
    """Objects have no other properties than those that are named."""
    if isinstance(node, list):
        for one in node:
            _close(one)
    elif isinstance(node, dict):
        if "properties" in node:
            node.setdefault("additionalProperties", False)
            _close(list(node["properties"].values()))
        _close([value for key, value in node.items() if key != "properties"])


def schemas_for(shape: Shape, door: Door, allowances: Iterable[Allowance], *, closed: bool) -> Schemas:
    """The published schemas, tightened if ``closed``, with what is allowed in that shape and at that door."""
    schemas = copy.deepcopy(readable())
    if closed:
        _close(list(schemas.values()))
    for allowance in allowances:
        if shape in allowance.shapes and door in allowance.doors:
            allowance.relax(schemas)
    return schemas


class Validators:
    """Validators for one shape and door, built when first asked for. ``schemas``: all that are referred to."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._built: dict[str, Any] = {}

    def errors(self, name: str, value: Any) -> list[str]:
        """Why a value does not fit the schema of that name."""
        validator = self._built.get(name)
        if validator is None:
            document = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": self._schemas}}
            validator = self._built[name] = jsonschema_rs.Draft202012Validator(document)
        if validator.is_valid(value):
            return []
        return [f"{'.'.join(map(str, one.instance_path))}: {one.message[:400]}" for one in validator.iter_errors(value)]


# ---- Which schema an answer has ----


@cache
def answer_schemas() -> dict[str, str]:
    """The schema of each operation's answer, by our name of the operation."""
    from tests.conformance.test_spec import snake

    return {
        snake(operation["operationId"]): operation["responses"]["200"]["content"]["application/json"]["schema"][
            "$ref"
        ].rpartition("/")[2]
        for methods in published()["paths"].values()
        for operation in methods.values()
        if snake(operation["operationId"]) not in _NO_JSON
    }


@cache
def event_schemas() -> dict[str, str]:
    """The schema of each event's data, by the event's name."""
    found: dict[str, str] = {}

    def visit(node: Any) -> None:
        for one in node.get("oneOf", []):
            visit(readable()[one["$ref"].rpartition("/")[2]] if "$ref" in one else one)
        if "event" in node.get("properties", {}) and "$ref" in node["properties"]["data"]:
            found[node["properties"]["event"]["enum"][0]] = node["properties"]["data"]["$ref"].rpartition("/")[2]

    visit(readable()["AssistantStreamEvent"])
    return found


@dataclass(frozen=True)
class Part:
    """Something that has a schema: a JSON answer, or one event of a stream."""

    schema: str
    door: Door
    value: Any


def parts_of(operation: str | None, status: int, answer: bytes) -> Iterator[Part]:
    """What of an answer is to be judged. Raises ValueError for what cannot be an answer of ours."""
    if answer.startswith(b"event: "):
        yield from _events(answer)
    elif status >= 400:
        yield Part("GatewayError" if _is_of_a_gateway(answer) else "ErrorResponse", "json", orjson.loads(answer))
    elif operation not in _NO_JSON:
        door: Door = "modify" if operation == "modify_message" else "json"
        yield Part(answer_schemas()[operation or ""], door, orjson.loads(answer))


def _events(answer: bytes) -> Iterator[Part]:
    for frame in answer.removesuffix(b"\n\n").split(b"\n\n"):
        name, _, data = frame.removeprefix(b"event: ").partition(b"\ndata: ")
        if name == b"done":
            if data != b"[DONE]":
                raise ValueError(f"done has the data {data!r}")
        else:
            yield Part(event_schemas()[name.decode()], "event", orjson.loads(data))


def _is_of_a_gateway(answer: bytes) -> bool:
    """Azure's gateway has an envelope of its own (docs/wire.md §6)."""
    return answer.startswith(b'{"error":{"code":')


_GATEWAY_ERROR: Final = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            "required": ["code", "message"],
            "additionalProperties": False,
        }
    },
    "required": ["error"],
    "additionalProperties": False,
}


class Judge:
    """Judges answers by the published schema and these allowances. ``closed``: no properties that it does not name."""

    def __init__(self, allowances: Iterable[Allowance] = ALLOWANCES, *, closed: bool = True) -> None:
        self._allowances, self._closed = list(allowances), closed
        self._validators: dict[tuple[Shape, Door], Validators] = {}

    def _of(self, shape: Shape, door: Door) -> Validators:
        found = self._validators.get((shape, door))
        if found is None:
            schemas = schemas_for(shape, door, self._allowances, closed=self._closed)
            found = self._validators[shape, door] = Validators({**schemas, "GatewayError": _GATEWAY_ERROR})
        return found

    def errors(self, shape: Shape, part: Part) -> list[str]:
        return self._of(shape, part.door).errors(part.schema, part.value)


# ---- Watching ----


@dataclass
class Watch:
    """What the tests have seen, and what of it was not as published."""

    judge: Judge = field(default_factory=Judge)
    seen: set[tuple[str, int]] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)
    #: A world holds its journal, so only a weak reference back lets both go after their test.
    _worlds: WeakKeyDictionary[Journal, ref[World]] = field(default_factory=WeakKeyDictionary)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, patch: pytest.MonkeyPatch) -> None:
        """From now on every journal that belongs to a world is watched."""
        make, add, answered = World.__init__, Journal.add, Journal.answered

        def watched_make(world: World, *arguments: Any, **more: Any) -> None:
            make(world, *arguments, **more)
            self._worlds[world.journal] = ref(world)

        def watched_add(journal: Journal, entry: Entry) -> None:
            add(journal, entry)
            self._observe(journal, entry, entry.answer)

        def watched_answered(journal: Journal, entry: Entry, answer: bytes) -> None:
            answered(journal, entry, answer)
            self._observe(journal, entry, answer)

        patch.setattr(World, "__init__", watched_make)
        patch.setattr(Journal, "add", watched_add)
        patch.setattr(Journal, "answered", watched_answered)

    def _observe(self, journal: Journal, entry: Entry, answer: bytes) -> None:
        """Runs in the emulator's thread: what is found is told at the end of the test."""
        known = self._worlds.get(journal)
        world = known() if known else None
        if world is None or entry.fault or entry.operation not in OPERATIONS:
            return
        with self._lock:
            self.seen.add((entry.operation, entry.status))
            if answer:
                self.violations += self._violations(world.shapes, entry, answer)

    def _violations(self, shape: Shape, entry: Entry, answer: bytes) -> list[str]:
        where = f"{entry.operation} {entry.status} in {shape} shape ({entry.method} {entry.path})"
        try:
            parts = list(parts_of(entry.operation, entry.status, answer))
        except (ValueError, KeyError) as error:
            return [f"{where}: {error!r}: {answer[:200]!r}"]
        if base_of(entry.path, entry.query).flavour in FOUNDRY:
            parts = [replace(part, value=as_openai(part.value)) for part in parts]
        return [f"{where}: {part.schema}: {why}" for part in parts for why in self.judge.errors(shape, part)]

    def take(self) -> list[str]:
        """The violations that nobody has been told of."""
        with self._lock:
            taken, self.violations = self.violations, []
        return taken
